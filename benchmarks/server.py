"""A contender in a process of its own, and what the kernel says about it."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Server"]

ROOT = Path(__file__).parents[1]
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


class Server:
    """Serves one ASGI application, ``module:name``, while the block lasts; *environment* is added to our own."""

    def __init__(self, target: str, environment: Mapping[str, str] | None = None) -> None:
        self.target, self._environment = target, {**os.environ, **(environment or {})}

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "benchmarks.serve", self.target]
        self._process = subprocess.Popen(command, cwd=ROOT, env=self._environment, stdout=subprocess.PIPE, text=True)
        self.pid = self._process.pid
        try:
            self._wait_until_it_answers()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _wait_until_it_answers(self) -> None:
        line = self._process.stdout.readline() if self._process.stdout else ""
        self.port = int(line or 0)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                self.request("GET", "/")
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"{self.target} does not answer; if it did not start, its own message is above")

    def request(
        self, method: str, path: str, body: str | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[http.client.HTTPMessage, str]:
        """Send one request and return the headers and the body of its answer; RuntimeError for a refusal."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path} of {self.target} was answered {answer.status}: {text[:300]}")
        return answer.headers, text

    @property
    def cpu_seconds(self) -> float:
        """The processor time it has used, in steps of a hundredth of a second."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    @property
    def resident_bytes(self) -> int:
        """The memory it holds."""
        return int(Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1]) * PAGE
