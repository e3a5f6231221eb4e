"""Server processes of one application on one database, which can be killed and started again."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

__all__ = ["Cluster", "Node", "free_port"]

HERE = Path(__file__).parent
APP = HERE.parent / "apps" / "bank.py"
SECRET = "one secret for every node of the rig, long enough"


def free_port() -> int:
    """Return a port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Nursery:
    """The process that forks the servers; see :mod:`rig.nursery`."""

    def __init__(self, app: Path, folder: Path, environment: dict[str, str]) -> None:
        command = [sys.executable, "-m", "rig.nursery", str(app)]
        ours = {"PYTHONPATH": str(HERE.parent), "STARMODEL_SECRET": SECRET, "STARMODEL_ENV": "development"}
        env = {**os.environ, **ours, **environment}
        pipe = subprocess.PIPE
        with (folder / "nursery.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=folder, env=env, stdin=pipe, stdout=pipe, stderr=log, text=True
            )
        self._lock = threading.Lock()
        self._answer()

    def ask(self, *words: object) -> str:
        assert self._process.stdin is not None
        with self._lock:
            self._process.stdin.write(" ".join(map(str, words)) + "\n")
            self._process.stdin.flush()
            return self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        answer = self._process.stdout.readline().strip()
        assert answer, "the nursery ended; nursery.log says why"
        return answer

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=20)
        if self._process.stdout is not None:
            self._process.stdout.close()


@dataclass
class Node:
    """One server process; it keeps its port when it is started again."""

    nursery: Nursery
    log: Path
    port: int = field(default_factory=free_port)
    pid: int | None = None
    kills: int = 0

    def start(self) -> None:
        self.pid = int(self.nursery.ask("start", self.port, self.log))

    def signal(self, number: int) -> None:
        self.nursery.ask("kill", self.pid, int(number))

    def kill(self) -> None:
        """End it as the machine would: at once, with nothing said to anybody."""
        self.signal(signal.SIGKILL)
        self.pid = None
        self.kills += 1

    def wait_until_up(self, seconds: float = 20, over: threading.Event | None = None) -> None:
        """Return when it answers, or *over* is set; AssertionError when it does not."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if over is not None and over.is_set():
                return
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
            try:
                connection.request("GET", "/_starmodel/health")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                time.sleep(0.02)
            finally:
                connection.close()
        raise AssertionError(f"a node does not answer:\n{self.log.read_text()[-3000:]}")


class Cluster:
    """Some nodes on the database at *url*, running while the block lasts."""

    def __init__(self, url: str, folder: Path, *, nodes: int = 3, fault: str = "", app: Path = APP) -> None:
        self.url, self.folder = url, folder
        self.told = folder / "told.jsonl"
        environment = {"DATABASE_URL": url, "RIG_TOLD": str(self.told), "RIG_FAULT": fault}
        self._nursery = Nursery(app, folder, environment)
        self.nodes = [Node(self._nursery, folder / f"node{number}.log") for number in range(nodes)]

    def __enter__(self) -> Self:
        for node in self.nodes:  # all at once on a fresh database
            node.start()
        for node in self.nodes:
            node.wait_until_up()
        return self

    def __exit__(self, *_: object) -> None:
        self._nursery.close()

    @property
    def kills(self) -> int:
        return sum(node.kills for node in self.nodes)
