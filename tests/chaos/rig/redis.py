"""A private Redis on a free port of this machine, which can be killed and started again."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

from .nodes import free_port

__all__ = ["Redis", "RedisMissingError"]


class RedisMissingError(RuntimeError):
    """Its program is not installed."""


class Redis:
    """A server with its data in a folder that goes when the block ends; *settings* are those of ``redis.conf``.

    By default it is one that does not lose what it acknowledged when its process dies, as far as the machine lives.
    """

    def __init__(self, **settings: str) -> None:
        program = shutil.which("redis-server")
        if program is None:
            raise RedisMissingError("Redis is not installed: apt-get install redis-server")
        self._program = program
        self.settings = {"appendonly": "yes", "appendfsync": "everysec", "save": "", **settings}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address of its first database."""
        return f"redis://127.0.0.1:{self.port}/0"

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="starmodel-redis-"))
        self.port = free_port()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start it and wait until it answers."""
        fixed = {"bind": "127.0.0.1", "port": str(self.port), "dir": str(self.folder), "daemonize": "no"}
        options = [part for name, value in {**fixed, **self.settings}.items() for part in (f"--{name}", value)]
        self._process = subprocess.Popen(
            [self._program, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder
        )
        end = time.monotonic() + 10
        while not self._answers():
            if time.monotonic() > end or self._process.poll() is not None:
                raise RuntimeError(f"redis-server did not start with {self.settings}")
            time.sleep(0.005)

    def _answers(self) -> bool:
        try:
            return self.ask("PING") != b""
        except OSError:
            return False

    def ask(self, *command: str) -> bytes:
        """Return what it says to *command*, in its own protocol, up to 64 KB."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(" ".join(f'"{part}"' for part in command).encode() + b"\r\n")
            return connection.recv(65536)

    def kill(self) -> None:
        """End it at once, by SIGKILL, as when the machine takes it away."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(timeout=20)
            self._process = None

    def empty(self) -> None:
        """Delete everything in it."""
        self.ask("FLUSHALL")
