"""One run of the rig: increments and transfers by many clients, reads of every account, kills, and then the checks."""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import redis.asyncio

from starmodel.adapters.persistence.redis import RedisRepo
from starmodel.adapters.persistence.sqlmodel import SQLRepo
from starmodel.core.changes import Commit

from .checks import Delivery, Verdict, delivery, log_of, verdict
from .clients import Client, Order, Readings, read_balances, run_clients
from .ledger import Ledger
from .nemesis import kills, outages
from .nodes import Cluster
from .postgres import Postgres
from .redis import Redis

__all__ = ["Outcome", "Storm", "Wreck", "looked_at"]

Wreck: TypeAlias = "Callable[[Cluster], AbstractContextManager[list[float] | None]]"
"""What is done to a cluster while a block lasts; it may give seconds after which all served again."""

ACCOUNTS, OPENING_BALANCE = 100, 1000
TOTAL = ACCOUNTS * OPENING_BALANCE


@dataclass(frozen=True)
class Storm:
    """What is sent, and what is done to those who serve it."""

    increments: int = 0
    transfers: int = 0
    clients: int = 20
    nodes: int = 3
    every: float | None = 1.0
    """Seconds between two kills; ``None`` for none."""
    all_each: int = 4
    """Each so manieth time all nodes are killed at once."""
    fault: str = ""
    seconds: float = 60
    """When to give up; what is not acknowledged then is stuck."""

    again: float = 0.0
    """The part of the commands that is sent once more after its acknowledgement."""
    clocks: tuple[float, ...] = ()
    """Seconds that the clocks of the first nodes are ahead."""

    def run(
        self, url: str, folder: Path, database: Postgres | Redis | None = None, wreck: Wreck | None = None
    ) -> Outcome:
        """Let it rage on a fresh database at *url*; with *database* that is killed, and no node.

        *wreck* is given the cluster, and does what it does to it while its block lasts, instead of all that.
        """
        ledger = Ledger(folder / "ledger.jsonl")
        with Cluster(url, folder, nodes=self.nodes, fault=self.fault, clocks=self.clocks) as cluster:
            counter = _prepared(cluster)
            began = time.monotonic()
            harm = self._nemesis(cluster, database) if wreck is None else wreck(cluster)
            readings, recoveries = self._rage(cluster, ledger, counter, harm)
            took = time.monotonic() - began
            ledger.close()
            for node in cluster.nodes:
                node.wait_until_up()
            log, count = asyncio.run(looked_at(url))
            heard = _until_told(log, cluster.told)
            kills = cluster.kills + len(recoveries)
            return Outcome(self, ledger, took, kills, log, count, readings, heard, recoveries)

    def _rage(
        self, cluster: Cluster, ledger: Ledger, counter: str, harm: AbstractContextManager[list[float] | None]
    ) -> tuple[Readings, list[float]]:
        over, found = threading.Event(), Readings()
        reader = threading.Thread(target=lambda: read_balances(cluster.nodes, over.is_set, found))
        if self.transfers:
            reader.start()
        try:
            with harm as recoveries:
                orders = self._orders(counter)
                run_clients(cluster.nodes, orders, ledger, clients=self.clients, seconds=self.seconds, again=self.again)
        finally:
            over.set()
            if self.transfers:
                reader.join()
        return found, recoveries or []

    def _nemesis(
        self, cluster: Cluster, database: Postgres | Redis | None
    ) -> AbstractContextManager[list[float] | None]:
        if self.every is None:
            return nullcontext()
        if database is not None:
            return outages(database, cluster.nodes, every=self.every)
        return kills(cluster.nodes, every=self.every, all_each=self.all_each)

    def _orders(self, counter: str) -> Iterator[Order]:
        chance = random.Random(7)
        increment: Order = (f"/counter/{counter}/increment", {})
        orders = [increment] * self.increments
        for _ in range(self.transfers):
            giver, taker = chance.sample(range(ACCOUNTS), 2)
            orders.append((f"/account/{giver}/send", {"to": f"{taker}", "amount": chance.randint(1, 50)}))
        chance.shuffle(orders)
        return iter(orders)


@dataclass(frozen=True)
class Outcome:
    """What came of a storm."""

    storm: Storm
    ledger: Ledger
    seconds: float
    kills: int
    log: list[Commit] = field(repr=False)
    count: int
    readings: Readings
    heard: Delivery
    recoveries: list[float]
    """Seconds after which every node served again, once the database did."""

    @property
    def verdict(self) -> Verdict:
        """What the ledger and the database say about each other."""
        return verdict(self.ledger, self.log, {"increment", "send"})

    @property
    def increments(self) -> int:
        """How many increments are in the log."""
        return sum(commit.command.event == "increment" for commit in self.log)

    @property
    def sums(self) -> set[int]:
        """Every sum of all accounts that anybody read."""
        return set(self.readings.sums)


def _prepared(cluster: Cluster) -> str:
    """Open the accounts and make the counter; return its id."""
    client = Client(0, cluster.nodes)
    client.begin()
    status, answer = client.ask(0, "POST", "/account/open_all", {})
    assert status == 200, answer
    status, answer = client.ask(1, "POST", "/counter/create", {"count": 0})
    assert status == 200, answer
    client.close()
    made: str = answer["id"]
    return made


async def looked_at(url: str) -> tuple[list[Commit], int]:
    """Return the log, and what all counters count together."""
    store = RedisRepo(url) if url.startswith("redis://") else SQLRepo(url)
    await store.open()
    try:
        return await log_of(store), await _count_in(store, url)
    finally:
        await store.close()


async def _count_in(store: RedisRepo | SQLRepo, url: str) -> int:
    """Return what all counters count together, as another program finds it."""
    if isinstance(store, SQLRepo):
        return int(
            await store.database.read(lambda on: on.exec_driver_sql("SELECT sum(count) FROM counter").scalar_one())
        )
    async with redis.asyncio.from_url(url) as plain:
        found = [await plain.get(key) for key in await plain.keys("starmodel:Counter:*")]
        return sum(json.loads(document)["count"] for document in found)


def _until_told(log: list[Commit], told: Path, seconds: float = 15) -> Delivery:
    """Wait until handlers have been told everything: one of a dead process's is told by another after its lease."""
    end = time.monotonic() + seconds
    while True:
        heard = delivery(log, told)
        if not heard.missing or time.monotonic() > end:
            return heard
        time.sleep(0.1)
