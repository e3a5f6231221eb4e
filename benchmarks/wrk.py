"""Load over HTTP by wrk: one thread, 32 connections, a few seconds."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .server import Server

__all__ = ["Load", "load"]

CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class Load:
    """What came of one run: requests answered, how long it took, and the processor time of the server."""

    requests: int
    seconds: float
    cpu_seconds: float

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds

    @property
    def cpu_microseconds(self) -> float:
        """Processor time of the server per request."""
        return self.cpu_seconds / self.requests * 1e6


def load(server: Server, path: str, seconds: int, script: list[str] | None = None) -> Load:
    """Put *server* under load; RuntimeError if any answer is not a success."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s"]
    command += ["-s", script[0], f"http://127.0.0.1:{server.port}{path}", "--", *script[1:]] if script else []
    command += [] if script else [f"http://127.0.0.1:{server.port}{path}"]
    before = server.cpu_seconds
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    used = server.cpu_seconds - before
    found = re.search(r"(\d+) requests in ([\d.]+)(ms|s|m),", text)
    if found is None or "Non-2xx" in text or "Socket errors" in text:
        raise RuntimeError(f"the load on {server.target} went wrong:\n{text}")
    unit = {"ms": 1e-3, "s": 1.0, "m": 60.0}[found[3]]
    return Load(int(found[1]), float(found[2]) * unit, used)
