"""One change shown in 1,000 open pages on each of three nodes that Redis joins: ``python -m benchmarks.nodes``.

Needs ``redis-server`` and the folder ``tests/chaos`` on ``PYTHONPATH``, which starts one.
"""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from statistics import median
from typing import TYPE_CHECKING

import uvloop

from rig.redis import Redis

from .fanout import SPARE_FILES, Contender, Node, live_node, take_turns
from .report import Table
from .server import Server
from .streams import allow_open_files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["measure"]

NODES = 3
CONTROL, OURS = "benchmarks.contenders.shared_frame_nodes:app", "benchmarks.contenders.counter:app"


def measure(streams: int = 1000, rounds: int = 4, updates: int = 6) -> Table:
    """Open *streams* on each node of all contenders, then let them take turns of *updates* changes each.

    Each contender has a database of its own, in a Redis that writes each second to its disk.
    """
    kinds = [(CONTROL, {}), (OURS, {"STARMODEL_BUS": "log"}), (OURS, {"STARMODEL_BUS": "redis"})]
    allow_open_files(len(kinds) * NODES * streams + SPARE_FILES)
    with Redis(databases=str(len(kinds))) as redis, ExitStack() as running:
        address = f"redis://127.0.0.1:{redis.port}"
        servers = [
            [Server(target, {**settings, **_shared(f"{address}/{database}")}) for _ in range(NODES)]
            for database, (target, settings) in enumerate(kinds)
        ]
        with ThreadPoolExecutor() as starting:
            list(starting.map(running.enter_context, [server for nodes in servers for server in nodes]))
        control, by_log, by_bus = servers
        contenders = [
            Contender("Starlette, one shared frame, a Redis channel (control)", [Node(server) for server in control]),
            Contender("StarModel, the log as bus", [live_node(server) for server in by_log]),
            Contender("StarModel, the Redis bus", [live_node(server) for server in by_bus]),
        ]
        uvloop.run(take_turns(contenders, streams, rounds, updates))
    return _table(contenders, streams)


def _shared(url: str) -> Mapping[str, str]:
    """Return what the nodes of one contender have in common."""
    return {"REDIS_URL": url, "STARMODEL_STORE": "redis", "STARMODEL_SECRET": secrets.token_urlsafe(48)}


def _table(contenders: Sequence[Contender], streams: int) -> Table:
    control = contenders[0].figures
    rows = []
    for contender in contenders:
        p50, p99, cpu, memory = contender.figures
        first = median(contender.elsewhere) * 1e3
        times = [f"{first:.1f}", f"{p50:.1f}", f"{p99:.1f}", f"{p99 / control[1]:.2f}"]
        rows.append([contender.name, *times, f"{cpu:.1f}", f"{cpu / control[2]:.2f}", f"{memory:.1f}"])
    columns = ["contender", "first elsewhere ms", "p50 ms", "p99 ms", "p99 to control"]
    columns += ["CPU µs/delivery", "CPU to control", "KB/stream"]
    return Table(f"One change shown in {NODES * streams:,} open pages on {NODES} nodes", columns, rows)


if __name__ == "__main__":
    print(measure())
