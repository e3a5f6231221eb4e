"""Real servers that load, follow, take over and promise less: what was promised is kept, or refused in words."""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager

import pytest

from rig.redis import Redis
from starmodel.adapters.persistence.redis import RedisRepo, server
from starmodel.core.errors import StoreError
from starmodel.core.ports import Durability
from starmodel.core.query import Query
from starmodel.testing.store.base import changed, changeset, found, put
from starmodel.testing.store.samples import Account, Item

QUICK = {"repl-diskless-sync-delay": "0", "repl-ping-replica-period": "1"}


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(server, "PATIENCE", 0.3)


async def test_a_server_that_reads_a_long_file_is_waited_for():
    with Redis() as redis:
        store = RedisRepo(redis.url)
        await store.open([Account])
        await put(store, *(Account(id=f"a{n}", rank=n) for n in range(200)))
        await asyncio.to_thread(redis.kill)
        redis.settings |= {"key-load-delay": "100", "loading-process-events-interval-bytes": "1024"}
        await asyncio.to_thread(redis.start)
        assert b"LOADING" in redis.ask("GET", "x")
        assert (await found(store, Account(id="a7"))).entity.rank == 7
        assert [one.entity.id for one in (await store.query(Account, _of_rank(150))).items] == ["a150"]
        await store.close()


def _of_rank(rank):
    return Query(where={"rank": rank})


async def test_a_replica_that_has_lost_its_primary_is_waited_for_until_it_takes_over(impatient):
    with Redis(**{"replica-serve-stale-data": "no"}) as redis:
        store = RedisRepo(redis.url)
        await store.open()
        await put(store, Item(id="a"))
        redis.ask("REPLICAOF", "127.0.0.1", "1")
        assert b"MASTERDOWN" in redis.ask("GET", "x")
        with pytest.raises(StoreError, match="this is a replica"):
            await store.get(Item, "a")
        waiting = asyncio.ensure_future(store.get(Item, "a"))
        await asyncio.sleep(0.05)
        redis.ask("REPLICAOF", "NO", "ONE")
        assert (await waiting).entity == Item(id="a")
        await store.close()


@asynccontextmanager
async def pair(wire, **settings):
    """A primary, a replica of it that is in step, and an address that leads to the first until it is turned."""
    with Redis(**QUICK) as primary, Redis(**QUICK, **settings, replicaof=f"127.0.0.1 {primary.port}") as replica:
        async with wire() as address:
            address.turn(primary.port)
            while b"state=online" not in primary.ask("INFO", "replication"):  # noqa: ASYNC110  (it tells nobody)
                await asyncio.sleep(0.01)
            yield primary, replica, address


async def _in_step(primary, replica):
    while _offset(primary) != _offset(replica):  # noqa: ASYNC110  (as above)
        await asyncio.sleep(0.01)


def _offset(redis):
    said = redis.ask("INFO", "replication").decode()
    name = "slave_repl_offset:" if "role:slave" in said else "master_repl_offset:"
    return said.split(name)[1].split("\r")[0]


def take_over(primary, replica, address):
    primary.kill()
    replica.ask("REPLICAOF", "NO", "ONE")
    address.turn(replica.port)


async def test_one_that_takes_over_in_step_goes_on_with_the_same_log(wire):
    async with pair(wire) as (primary, replica, address):
        store = RedisRepo(f"{address.url}?durability=process")
        await store.open([Account])
        before = await put(store, Account(id="a", email="x", rank=1))
        await _in_step(primary, replica)
        await asyncio.to_thread(take_over, primary, replica, address)
        stored = await found(store, Account(id="a"))
        after = await store.commit(changeset(changed(stored, rank=2)))
        assert after.position == (before.position.epoch, before.position.number + 1)
        assert [one.entity.id for one in (await store.query(Account, _of_rank(2))).items] == ["a"]
        await store.close()


async def test_one_that_lacks_something_begins_a_new_log_and_gives_no_version_twice(wire):
    async with pair(wire) as (primary, replica, address):
        store = RedisRepo(address.url)
        await store.open()
        await put(store, Item(id="a"))
        await _in_step(primary, replica)
        replica.ask("REPLICAOF", "NO", "ONE")
        lost = await store.commit(changeset(changed(await found(store, Item(id="a")), rank=1)))
        await asyncio.to_thread(take_over, primary, replica, address)
        assert (await found(store, Item(id="a"))).entity.rank == 0
        assert (await store.changes(lost.position)).gap is True
        after = await put(store, Item(id="b"))
        assert after.position.epoch != lost.position.epoch
        assert after.position.number > lost.position.number
        await store.close()


async def test_one_that_promises_less_is_refused_and_one_that_is_asked_for_nothing_says_so(wire, impatient, caplog):
    async with pair(wire, appendonly="no") as (primary, replica, address):
        strict, lenient = RedisRepo(f"{address.url}?durability=process"), RedisRepo(address.url)
        for store in (strict, lenient):
            await store.open()
        await put(lenient, Item(id="a"))
        await _in_step(primary, replica)
        await asyncio.to_thread(take_over, primary, replica, address)
        with pytest.raises(StoreError, match="asks for durability=process, and the server gives ephemeral"):
            await strict.get(Item, "a")
        assert await lenient.get(Item, "a") is not None
        assert lenient.durability is Durability.EPHEMERAL
        assert "promises ephemeral now: appendonly is no" in caplog.text
        for store in (strict, lenient):
            await store.close()


async def test_calls_that_are_given_up_while_their_answer_is_under_way_leave_it_to_nobody(wire):
    chance = random.Random(11)
    async with wire() as slow:
        store = RedisRepo(slow.url)
        await store.open()
        items = [Item(id=f"i{n}", rank=n) for n in range(10)]
        await put(store, *items)
        slow.delay = lambda: chance.uniform(0, 0.004)

        async def read(item):
            stored = await store.get(Item, item.id)
            assert stored is not None
            assert stored.entity == item

        for _ in range(30):
            calls = [asyncio.ensure_future(read(chance.choice(items))) for _ in range(6)]
            await asyncio.sleep(chance.uniform(0, 0.004))
            for call in chance.sample(calls, 3):
                call.cancel()
            for outcome in await asyncio.gather(*calls, return_exceptions=True):
                assert outcome is None or isinstance(outcome, asyncio.CancelledError)
        assert slow.connections > 20, "no answer was under way when its call was given up"
        assert all(link.is_clean for link in store._server._free)
        await store.close()
