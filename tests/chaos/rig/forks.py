"""Servers that are forked by a process which has imported everything: what starts ``starmodel`` when that is no matter.

A server that starts as a program spends a second on imports, and the suite starts scores of them.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["Fork", "fork"]

RIG = Path(__file__).parents[1]


class Nursery:
    """The process that forks; see :mod:`rig.nursery`."""

    def __init__(self) -> None:
        command, pipe = [sys.executable, "-m", "rig.nursery"], subprocess.PIPE
        env = {**os.environ, "PYTHONPATH": str(RIG)}
        self._process = subprocess.Popen(command, env=env, stdin=pipe, stdout=pipe, text=True, start_new_session=True)
        self._lock = threading.Lock()
        self._answer()

    def ask(self, *words: object) -> Any:
        assert self._process.stdin is not None
        with self._lock:
            self._process.stdin.write(json.dumps(words) + "\n")
            self._process.stdin.flush()
            return json.loads(self._answer())

    def _answer(self) -> str:
        assert self._process.stdout is not None
        answer = self._process.stdout.readline()
        assert answer, "the nursery ended; standard error says why"
        return answer

    def close(self) -> None:
        with self._process:  # closes its input: it ends what it started, and then itself
            pass


@functools.cache
def nursery() -> Nursery:
    """Return the one of this process; it ends with it, however it ends."""
    made = Nursery()
    atexit.register(made.close)
    return made


class Fork:
    """A server process; it is asked like a :class:`subprocess.Popen`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        ended: int | None = nursery().ask("poll", self.pid)
        return ended

    def send_signal(self, number: int) -> None:
        nursery().ask("signal", self.pid, int(number))

    def wait(self, timeout: float = 20) -> int:
        end = time.monotonic() + timeout
        while (status := self.poll()) is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
            time.sleep(0.005)
        return status


def fork(*arguments: str, folder: Path, log: Path, environment: Mapping[str, str]) -> Fork:
    """Run ``starmodel`` with the *arguments* in *folder*, with nothing in its environment but *environment*."""
    return Fork(nursery().ask("start", arguments, str(folder), str(log), dict(environment)))
