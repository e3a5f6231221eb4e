"""Tabs on several nodes while counters change and something is done to connections or nodes; then the checks."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from starmodel.core.changes import Commit

from .browsers import browsed
from .checks import Verdict, verdict
from .clients import Client, Order, run_clients
from .ledger import Ledger
from .nodes import Cluster
from .proxy import Proxy
from .storm import looked_at
from .tabs import Tabs, Watched, watched

__all__ = ["Seen", "Watching"]

Harm = Callable[[Cluster, Proxy], AbstractContextManager[object]]


@dataclass(frozen=True)
class Seen:
    """What came of it."""

    watched: Watched
    browsed: Watched
    verdict: Verdict
    ledger: Ledger
    cuts: int


@dataclass(frozen=True)
class Watching:
    """So many *changes* of so many *counters*, which as many *tabs* watch through one proxy before three nodes."""

    changes: int
    tabs: int = 95
    browsers: int = 0
    """How many tabs of Chromium watch besides."""
    counters: int = 10
    clients: int = 10
    seconds: float = 200
    nodes: int = 3

    def run(self, url: str, folder: Path, harm: Harm | None = None) -> Seen:
        """Let them watch; *harm* is given the cluster and the proxy, and does what it does while its block lasts."""
        ledger = Ledger(folder / "ledger.jsonl")
        with Cluster(url, folder, nodes=self.nodes) as cluster, Proxy([node.port for node in cluster.nodes]) as proxy:
            made = _made(proxy, self.counters)
            paths = [f"/watch/{made[number % len(made)]}" for number in range(self.tabs)]
            shown = paths[: self.browsers]
            with browsed(proxy.port, shown) if shown else nullcontext([]) as real, Tabs(proxy.port, paths) as tabs:
                with nullcontext() if harm is None else harm(cluster, proxy):
                    run_clients([proxy], self._orders(made), ledger, clients=self.clients, seconds=self.seconds)
                with ThreadPoolExecutor(1) as elsewhere:  # Playwright has a loop in this thread
                    log = elsewhere.submit(asyncio.run, looked_at(url)).result()[0]
                stored = _stored(ledger, log)
                tabs.wait_until_shown({path: len(stored[path]) for path in paths})
            ledger.close()
            told = verdict(ledger, log, {"increment"})
            return Seen(watched(tabs.all, stored), watched(real, stored), told, ledger, proxy.cuts)

    def _orders(self, made: Sequence[str]) -> Iterator[Order]:
        chance = random.Random(3)
        return iter([(f"/counter/{chance.choice(made)}/increment", {}) for _ in range(self.changes)])


def _made(proxy: Proxy, number: int) -> list[str]:
    """Make counters and return their ids."""
    client = Client(0, [proxy])
    client.begin()
    ids = [client.ask(0, "POST", "/counter/create", {"count": 0})[1]["id"] for _ in range(number)]
    client.close()
    return ids


def _stored(ledger: Ledger, log: Sequence[Commit]) -> Mapping[str, list[float]]:
    """Return when each count of each path was acknowledged, in order."""
    told = {one.command: ledger.sent[key] + one.seconds for key, one in ledger.acknowledged.items()}
    found: dict[str, list[float]] = {}
    for commit in log:
        path = f"/watch/{commit.command.entity_id}"
        if commit.command.event == "increment":
            found.setdefault(path, []).append(told.get(commit.command.id, 0.0))
    return found
