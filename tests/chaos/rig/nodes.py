"""Server processes of one application on one database, which can be killed and started again."""

from __future__ import annotations

import http.client
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from .forks import Fork, fork

__all__ = ["Cluster", "Node", "free_port"]

HERE = Path(__file__).parent
APP = HERE.parent / "apps" / "bank.py"
SECRET = "one secret for every node of the rig, long enough"


def free_port() -> int:
    """Return a port that nobody listens on at this moment, below those that the system gives to whoever connects.

    One of its own choice might be somebody's by the time a server wants it, or while it is started again.
    """
    while True:
        port = 15000 + secrets.randbelow(15000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@dataclass
class Node:
    """One server process; it keeps its port when it is started again."""

    app: Path
    log: Path
    environment: dict[str, str]
    port: int = field(default_factory=free_port)
    process: Fork | None = None
    kills: int = 0
    options: tuple[str, ...] = ()

    def start(self) -> None:
        arguments = ("run", str(self.app), "--no-reload", "--port", str(self.port), *self.options)
        self.process = fork(*arguments, folder=self.log.parent, log=self.log, environment=self.environment)

    def kill(self) -> None:
        """End it as the machine would: at once, with nothing said to anybody."""
        self.end()
        self.kills += 1

    def stop(self, seconds: float = 20) -> float:
        """Ask it to end, as whoever rolls out a new version does; return how many seconds it took."""
        assert self.process is not None
        began, process, self.process = time.monotonic(), self.process, None
        process.send_signal(signal.SIGTERM)
        process.wait(seconds)
        return time.monotonic() - began

    def signal(self, number: int) -> None:
        """Send it a signal such as SIGSTOP, which it cannot refuse."""
        assert self.process is not None
        self.process.send_signal(number)

    def end(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

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

    def __init__(
        self,
        url: str,
        folder: Path,
        *,
        nodes: int = 3,
        fault: str = "",
        app: Path = APP,
        clocks: Sequence[float] = (),
        **settings: str,
    ) -> None:
        self.url, self.folder = url, folder
        self.told = folder / "told.jsonl"
        ours = {"DATABASE_URL": url, "RIG_TOLD": str(self.told), "RIG_FAULT": fault}
        environment = {**os.environ, "STARMODEL_SECRET": SECRET, "STARMODEL_ENV": "development", **ours, **settings}
        ahead = [*clocks, *[0.0] * nodes]
        self.nodes = [
            Node(app, folder / f"node{number}.log", {**environment, "RIG_CLOCK": str(ahead[number])})
            for number in range(nodes)
        ]

    def __enter__(self) -> Self:
        for node in self.nodes:  # all at once on a fresh database
            node.start()
        for node in self.nodes:
            node.wait_until_up()
        return self

    def __exit__(self, *_: object) -> None:
        for node in self.nodes:
            node.end()

    @property
    def kills(self) -> int:
        return sum(node.kills for node in self.nodes)
