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
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


@dataclass(frozen=True, slots=True)
class Load:
    """What came of one run: requests answered, how long it took, and the processor time of the server."""

    requests: int
    seconds: float
    cpu_seconds: float
    failed: int = 0
    p99: float = 0.0
    """Milliseconds that 99 of 100 answers take at the most, with all the connections at once."""

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds

    @property
    def cpu_microseconds(self) -> float:
        """Processor time of the server per request."""
        return self.cpu_seconds / self.requests * 1e6


def load(
    server: Server,
    path: str,
    seconds: int,
    script: list[str] | None = None,
    *,
    cookie: str = "",
    may_fail: bool = False,
) -> Load:
    """Put *server* under load; RuntimeError if any answer is not a success, unless it *may_fail*: then they count."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "15s", "--latency"]
    command += ["-H", f"Cookie: {cookie}"] if cookie else []
    command += ["-s", script[0], f"http://127.0.0.1:{server.port}{path}", "--", *script[1:]] if script else []
    command += [] if script else [f"http://127.0.0.1:{server.port}{path}"]
    before = server.cpu_seconds
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    used = server.cpu_seconds - before
    found = re.search(r"(\d+) requests in ([\d.]+)(ms|s|m),", text)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    if found is None or ((refused or "Socket errors" in text) and not may_fail):
        raise RuntimeError(f"the load on {server.target} went wrong:\n{text}")
    failed = int(refused[1]) if refused else 0
    slowest = re.search(r"99%\s+([\d.]+)(us|ms|s|m)", text)
    p99 = float(slowest[1]) * UNITS[slowest[2]] * 1e3 if slowest else 0.0
    return Load(int(found[1]) - failed, float(found[2]) * UNITS[found[3]], used, failed, p99)
