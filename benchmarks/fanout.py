"""One change shown in 1,000 open pages, beside bare Starlette with a shared frame: ``python -m benchmarks.fanout``."""

from __future__ import annotations

import asyncio
import html
import re
import resource
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import quantiles
from urllib.parse import quote

import uvloop

from .report import Table
from .server import Server
from .streams import Publisher, Streams

__all__ = ["measure"]

PATH = "/counter/lobby/increment"
JSON = {"Content-Type": "application/json"}
QUIET = 0.02
WARM = 20


@dataclass
class Contender:
    """One server with its open streams."""

    name: str
    server: Server
    live: str
    headers: dict[str, str] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: float = 0.0
    bytes_each: float = 0.0

    async def open(self, number: int) -> None:
        """Open the streams and take the memory they cost, after a few were opened and told of a change."""
        self.streams = Streams(self.server.port)
        self.publisher = await Publisher.connect(self.server.port, PATH, {**JSON, **self.headers}, b'{"amount":1}')
        await self.streams.open(WARM, self.live, self.headers)
        await self.streams.arrivals(self.publisher)
        before = self.server.resident_bytes
        await self.streams.open(number - WARM, self.live, self.headers)
        await self.streams.arrivals(self.publisher)
        self.bytes_each = (self.server.resident_bytes - before) / (number - WARM)

    async def update(self, times: int) -> None:
        """Change the counter *times* times, each after the one before has reached every page."""
        before = self.server.cpu_seconds
        for _ in range(times):
            self.seconds += await self.streams.arrivals(self.publisher)
            await asyncio.sleep(QUIET)
        self.cpu_seconds += self.server.cpu_seconds - before

    def close(self) -> None:
        self.streams.close()
        self.publisher.close()

    @property
    def figures(self) -> tuple[float, float, float, float]:
        """The median and 99th percentile in milliseconds, CPU microseconds per delivery, kilobytes per stream."""
        cuts = quantiles(self.seconds, n=100)
        return cuts[49] * 1e3, cuts[98] * 1e3, self.cpu_seconds / len(self.seconds) * 1e6, self.bytes_each / 1024


def measure(streams: int = 1000, rounds: int = 6, updates: int = 10) -> Table:
    """Open *streams* on both servers, then let them take turns of *updates* changes each."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with ExitStack() as running:
        control = running.enter_context(Server("benchmarks.contenders.shared_frame:app"))
        ours = running.enter_context(Server("benchmarks.contenders.counter:app"))
        contenders = [
            Contender("Starlette, one shared frame (control)", control, "/live"),
            Contender("StarModel", ours, *_live_of(ours)),
        ]
        uvloop.run(_take_turns(contenders, streams, rounds, updates))
    return _table(contenders, streams)


def _live_of(server: Server) -> tuple[str, dict[str, str]]:
    """Read the page as a browser does; return the address of its stream and the visitor's headers."""
    headers, page = server.request("GET", "/")
    url, after = re.search(r'data-url="([^"]+)"', page), re.search(r'data-after="([^"]+)"', page)
    if url is None or after is None:
        raise RuntimeError("the page is not live")
    live = f"{html.unescape(url[1])}&after={quote(html.unescape(after[1]))}"
    return live, {"Cookie": (headers["set-cookie"] or "").partition(";")[0], "StarModel-Request": "1"}


async def _take_turns(contenders: list[Contender], streams: int, rounds: int, updates: int) -> None:
    for contender in contenders:
        await contender.open(streams)
    for turn in range(rounds):
        for contender in contenders if turn % 2 else reversed(contenders):
            await contender.update(updates)
    for contender in contenders:
        contender.close()


def _table(contenders: list[Contender], streams: int) -> Table:
    control = contenders[0].figures
    rows = []
    for contender in contenders:
        p50, p99, cpu, memory = contender.figures
        ratios = f"{p99 / control[1]:.2f}", f"{cpu / control[2]:.2f}"
        rows.append([contender.name, f"{p50:.1f}", f"{p99:.1f}", ratios[0], f"{cpu:.1f}", ratios[1], f"{memory:.1f}"])
    columns = ["contender", "p50 ms", "p99 ms", "p99 to control", "CPU µs/delivery", "CPU to control", "KB/stream"]
    return Table(f"One change shown in {streams:,} open pages", columns, rows)


if __name__ == "__main__":
    print(measure())
