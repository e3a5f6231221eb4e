"""One change shown in 1,000 open pages, beside bare Starlette with a shared frame: ``python -m benchmarks.fanout``."""

from __future__ import annotations

import asyncio
import html
import re
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain, cycle
from statistics import quantiles
from typing import TYPE_CHECKING
from urllib.parse import quote

import uvloop

from .report import Table
from .server import Server
from .streams import Publisher, Streams, allow_open_files, arrivals

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Contender", "Node", "live_node", "measure", "take_turns"]

PATH = "/counter/lobby/increment"
JSON = {"Content-Type": "application/json"}
QUIET = 0.02
WARM = 20
SPARE_FILES = 100


@dataclass
class Node:
    """One server with its open streams."""

    server: Server
    live: str = "/live"
    headers: dict[str, str] = field(default_factory=dict)

    async def begin(self) -> None:
        """Open a few streams, and a connection for commands."""
        self.streams = Streams(self.server.port)
        self.publisher = await Publisher.connect(self.server.port, PATH, {**JSON, **self.headers}, b'{"amount":1}')
        await self.streams.open(WARM, self.live, self.headers)

    async def open(self, number: int) -> None:
        await self.streams.open(number, self.live, self.headers)

    def close(self) -> None:
        self.streams.close()
        self.publisher.close()


@dataclass
class Contender:
    """One or several nodes that show the same page, and what was measured of them."""

    name: str
    nodes: Sequence[Node]
    seconds: list[float] = field(default_factory=list)
    """Of each patch, after its command was sent."""
    elsewhere: list[float] = field(default_factory=list)
    """Of the first patch on a node that was not sent the command, for each change; nothing where there is one node."""
    cpu_seconds: float = 0.0
    bytes_each: float = 0.0

    async def open(self, number: int) -> None:
        """Open *number* streams on each node; note the memory they cost, after a few were told of a change."""
        self._turns = cycle(self.nodes)
        for node in self.nodes:
            await node.begin()
        await self._change()
        before = self._resident_bytes
        for node in self.nodes:
            await node.open(number - WARM)
        await self._change()
        self.bytes_each = (self._resident_bytes - before) / (number - WARM) / len(self.nodes)

    async def _change(self) -> tuple[Node, list[list[float]]]:
        """Change the counter on the node whose turn it is; return it, and the arrivals on each node."""
        node = next(self._turns)
        return node, await arrivals(node.publisher, [one.streams for one in self.nodes])

    async def update(self, times: int) -> None:
        """Change the counter *times* times, each after the one before has reached every page."""
        before = self._cpu_seconds
        for _ in range(times):
            changed, found = await self._change()
            self.seconds += chain.from_iterable(found)
            firsts = [times[0] for node, times in zip(self.nodes, found, strict=True) if node is not changed]
            self.elsewhere += [min(firsts)] if firsts else []
            await asyncio.sleep(QUIET)
        self.cpu_seconds += self._cpu_seconds - before

    @property
    def _cpu_seconds(self) -> float:
        return sum(node.server.cpu_seconds for node in self.nodes)

    @property
    def _resident_bytes(self) -> int:
        return sum(node.server.resident_bytes for node in self.nodes)

    def close(self) -> None:
        for node in self.nodes:
            node.close()

    @property
    def figures(self) -> tuple[float, float, float, float]:
        """The median and 99th percentile in milliseconds, CPU microseconds per delivery, kilobytes per stream."""
        cuts = quantiles(self.seconds, n=100)
        return cuts[49] * 1e3, cuts[98] * 1e3, self.cpu_seconds / len(self.seconds) * 1e6, self.bytes_each / 1024


def measure(streams: int = 1000, rounds: int = 6, updates: int = 10) -> Table:
    """Open *streams* on both servers, then let them take turns of *updates* changes each."""
    allow_open_files(2 * streams + SPARE_FILES)
    with ExitStack() as running:
        control = running.enter_context(Server("benchmarks.contenders.shared_frame:app"))
        ours = running.enter_context(Server("benchmarks.contenders.counter:app"))
        contenders = [
            Contender("Starlette, one shared frame (control)", [Node(control)]),
            Contender("StarModel", [live_node(ours)]),
        ]
        uvloop.run(take_turns(contenders, streams, rounds, updates))
    return _table(contenders, streams)


def live_node(server: Server) -> Node:
    """Read the page as a browser does; return the node with the address of its stream and the visitor's headers."""
    headers, page = server.request("GET", "/")
    url, after = re.search(r'data-url="([^"]+)"', page), re.search(r'data-after="([^"]+)"', page)
    if url is None or after is None:
        raise RuntimeError("the page is not live")
    live = f"{html.unescape(url[1])}&after={quote(html.unescape(after[1]))}"
    cookie = (headers["set-cookie"] or "").partition(";")[0]
    return Node(server, live, {"Cookie": cookie, "StarModel-Request": "1"})


async def take_turns(contenders: Sequence[Contender], streams: int, rounds: int, updates: int) -> None:
    """Open *streams* on each node of all, then let them make *updates* changes each, *rounds* times."""
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
