"""One run of the rig on two stores: commands that change both, servers and relays that are killed, and the checks."""

from __future__ import annotations

import asyncio
import json
import os
import random
import threading
import time
from collections import Counter as Tally
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import redis.asyncio

from starmodel.adapters.persistence.redis import RedisRepo
from starmodel.adapters.persistence.sqlmodel import SQLRepo
from starmodel.core.changes import Commit
from starmodel.core.errors import StoreError
from starmodel.core.owed import Debt, origin_of

from .checks import Delivery, delivery, log_of
from .clients import Client, Order, run_clients
from .ledger import Ledger
from .nemesis import kills
from .nodes import HERE, SECRET, Node

__all__ = ["HybridOutcome", "HybridStorm", "HybridVerdict", "Victim"]

APP = HERE.parent / "apps" / "tills.py"
MANY = 40


@dataclass
class Victim(Node):
    """A process that knows when it was killed last."""

    killed_at: float = 0.0

    def kill(self) -> None:
        super().kill()
        self.killed_at = time.monotonic()


@dataclass(frozen=True)
class HybridVerdict:
    """What the ledger and the two logs say about each other; zeros are right."""

    stuck: int
    """Not acknowledged in the end."""
    lost: int
    """Acknowledged, and not in the log of its primary."""
    duplicated: int
    """In the log of its primary more than once."""
    unfollowed: int
    """In the log of its primary, and not in that of the other store."""
    phantom: int
    """In the log of the other store, and not in that of its primary."""
    followed_twice: int
    disordered: int
    """Followed after a later one of the same entity."""
    miscounted: int
    """Tills and books whose counts, receipts and purses do not say the same."""
    waiting: int
    parked: int


@dataclass(frozen=True)
class HybridOutcome:
    """What came of a storm."""

    ledger: Ledger
    seconds: float
    kills: int
    relay_kills: int
    drained: float
    """Seconds from the last fault until somebody saw that nothing was owed any more."""
    lags: Sequence[float]
    """For how many seconds the oldest part had waited, each time somebody looked."""
    verdict: HybridVerdict
    heard: Delivery


@dataclass(frozen=True)
class HybridStorm:
    """What is sent, half of it to either store first, and what is done to those who serve it."""

    commands: int
    clients: int = 20
    nodes: int = 3
    every: float = 1.0
    relay_every: float = 2.0
    all_each: int = 4
    fault: str = ""
    seconds: float = 240
    """When to give up; what is not acknowledged then is stuck."""
    patience: float = 20
    """How long to wait for what follows."""
    hearing: float = 20
    """How long to wait for handlers: those of a dead process's are told by another after its lease."""

    def run(self, redis_url: str, sql_url: str, folder: Path) -> HybridOutcome:
        """Let it rage on two fresh databases."""
        ledger = Ledger(folder / "ledger.jsonl")
        with self._processes(redis_url, sql_url, folder) as (nodes, relay):
            _prepare(nodes)
            began, lags = time.monotonic(), list[float]()
            with ExitStack() as faults:
                faults.enter_context(_watched(redis_url, sql_url, lags))
                faults.enter_context(kills(nodes, every=self.every, all_each=self.all_each))
                faults.enter_context(kills([relay], every=self.relay_every, all_each=0))
                run_clients(nodes, self._orders(), ledger, clients=self.clients, seconds=self.seconds)
                took = time.monotonic() - began
            ledger.close()
            asyncio.run(_until_settled(redis_url, sql_url, self.patience))
            drained = time.monotonic() - max(node.killed_at for node in [*nodes, relay])
            verdict, log = asyncio.run(_judged(redis_url, sql_url, ledger))
            heard = _until_told(log, folder / "told.jsonl", self.hearing)
            return HybridOutcome(
                ledger, took, sum(node.kills for node in nodes), relay.kills, drained, lags, verdict, heard
            )

    @contextmanager
    def _processes(self, redis_url: str, sql_url: str, folder: Path) -> Iterator[tuple[list[Victim], Victim]]:
        """Run the servers, and one more process that nobody asks anything: it only carries."""
        ours = {"REDIS_URL": redis_url, "DATABASE_URL": sql_url, "RIG_TOLD": str(folder / "told.jsonl")}
        fixed = {"STARMODEL_SECRET": SECRET, "STARMODEL_ENV": "development", "RIG_FAULT": self.fault}
        environment = {**os.environ, **fixed, **ours}
        nodes = [Victim(APP, folder / f"node{number}.log", environment) for number in range(self.nodes)]
        everybody = [*nodes, Victim(APP, folder / "relay.log", environment)]
        try:
            for node in everybody:
                node.start()
            for node in everybody:
                node.wait_until_up()
            yield nodes, everybody[-1]
        finally:
            for node in everybody:
                node.end()

    def _orders(self) -> Iterator[Order]:
        chance = random.Random(7)
        for number in range(self.commands):
            which = chance.randrange(MANY)
            yield (f"/till/{which}/sell", {}) if number % 2 else (f"/book/{which}/enter", {})


def _prepare(nodes: Sequence[Node]) -> None:
    client = Client(0, nodes)
    client.begin()
    for kind in ("till", "purse", "book"):
        status, answer = client.ask(0, "POST", f"/{kind}/open_all", {})
        assert status == 200, answer
    client.close()


@contextmanager
def _watched(redis_url: str, sql_url: str, lags: list[float]) -> Iterator[None]:
    """Look again and again how long the oldest part has been waiting."""
    over = threading.Event()

    async def look() -> None:
        async with _stores(redis_url, sql_url) as stores:
            while not over.is_set():
                debts = await _debts(stores)
                now = datetime.now(UTC)
                lags.append(max([0.0, *[(now - debt.oldest).total_seconds() for debt in debts if debt.oldest]]))
                await asyncio.sleep(0.1)

    thread = threading.Thread(target=lambda: asyncio.run(look()), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@asynccontextmanager
async def _stores(redis_url: str, sql_url: str) -> AsyncIterator[tuple[RedisRepo, SQLRepo]]:
    """Open both stores, as another program has them."""
    stores = RedisRepo(redis_url), SQLRepo(sql_url, schema="trust")
    async with AsyncExitStack() as closing:
        for store in stores:
            await store.open()
            closing.push_async_callback(store.close)
        yield stores


async def _debts(stores: tuple[RedisRepo, SQLRepo]) -> list[Debt]:
    try:
        return [debt for store in stores for debt in (await store.debts()).values()]
    except StoreError:
        return []


async def _until_settled(redis_url: str, sql_url: str, seconds: float) -> None:
    end = time.monotonic() + seconds
    async with _stores(redis_url, sql_url) as stores:
        while any(debt.waiting for debt in await _debts(stores)) and time.monotonic() < end:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def _judged(redis_url: str, sql_url: str, ledger: Ledger) -> tuple[HybridVerdict, list[Commit]]:
    """Return the verdict, and the commits by which the receipts followed."""
    async with _stores(redis_url, sql_url) as stores:
        in_redis, in_sql = [await log_of(store) for store in stores]
        debts = await _debts(stores)
        firsts = [_firsts(in_redis, "sell"), _firsts(in_sql, "enter")]
        parts = [_parts(in_sql, "sell"), _parts(in_redis, "enter")]
        miscounted = await _miscounted(redis_url, stores[1])
    done = Tally(commit.command.id for log in firsts for commit in log)
    followed = Tally(origin_of(commit.command.id) for log in parts for commit in log)
    told = {one.command for one in ledger.acknowledged.values()}
    verdict = HybridVerdict(
        stuck=len(ledger.sent.keys() - ledger.acknowledged.keys()),
        lost=len(told - done.keys()),
        duplicated=sum(number - 1 for number in done.values()),
        unfollowed=len(done.keys() - followed.keys()),
        phantom=len(followed.keys() - done.keys()),
        followed_twice=sum(number - 1 for number in followed.values()),
        disordered=sum(_disordered(first, part) for first, part in zip(firsts, parts, strict=True)),
        miscounted=miscounted,
        waiting=sum(debt.waiting for debt in debts),
        parked=sum(debt.parked for debt in debts),
    )
    return verdict, parts[0]


def _firsts(log: Sequence[Commit], event: str) -> list[Commit]:
    return [one for one in log if one.command.event == event and origin_of(one.command.id) is None]


def _parts(log: Sequence[Commit], event: str) -> list[Commit]:
    return [one for one in log if one.command.event == event and origin_of(one.command.id) is not None]


def _disordered(firsts: Sequence[Commit], parts: Sequence[Commit]) -> int:
    """Count the parts that stand after a part of a later command on the same entity."""
    place = {commit.command.id: number for number, commit in enumerate(firsts)}
    newest: dict[str | None, int] = {}
    wrong = 0
    for part in parts:
        of, number = part.command.entity_id, place.get(origin_of(part.command.id) or "", -1)
        wrong += number < newest.get(of, -1)
        newest[of] = max(number, newest.get(of, -1))
    return wrong


async def _miscounted(redis_url: str, sql: SQLRepo) -> int:
    """Count the tills without a receipt for each number, and the books whose purse has other coins."""
    rows = await sql.database.read(lambda on: on.exec_driver_sql("SELECT till, number FROM receipt").all())
    entered = await sql.database.read(lambda on: on.exec_driver_sql("SELECT id, count FROM book").all())
    books = {row.id: row.count for row in entered}
    receipts = {f"{n}": sorted(row.number for row in rows if row.till == f"{n}") for n in range(MANY)}
    async with redis.asyncio.from_url(redis_url) as plain:
        tills = {id: await _count(plain, "Till", id, "count") for id in receipts}
        purses = {id: await _count(plain, "Purse", id, "coins") for id in books}
    wrong = sum(receipts[id] != list(range(1, count + 1)) for id, count in tills.items())
    return wrong + sum(purses[id] != count for id, count in books.items())


async def _count(plain: redis.asyncio.Redis, kind: str, id: str, name: str) -> int:
    return int(json.loads(await plain.get(f"starmodel:{kind}:{id}"))[name])


def _until_told(log: list[Commit], told: Path, seconds: float) -> Delivery:
    """Wait until handlers have been told everything."""
    end = time.monotonic() + seconds
    while (heard := delivery(log, told)).missing and time.monotonic() < end:
        time.sleep(0.05)
    return heard
