"""Servers that go, come back, refuse, and answer too late: nothing is lost, and nothing is guessed."""

from __future__ import annotations

import asyncio
import random

import pytest

from rig.redis import Redis
from starmodel.adapters.persistence.redis import RedisRepo, UncertainError, server
from starmodel.core.errors import ConflictError, StoreError
from starmodel.testing.store.base import changed, changeset, created, found, put
from starmodel.testing.store.samples import Item

LOADING = b"-LOADING Redis is loading the dataset in memory\r\n"


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(server, "PATIENCE", 0.3)


async def test_a_script_that_the_server_forgot_is_sent_again(store, redis_server):
    await put(store, Item(id="a"))
    redis_server.ask("SCRIPT", "FLUSH")
    await store.commit(changeset(changed(await found(store, Item(id="a")), rank=1)))
    assert (await found(store, Item(id="a"))).entity.rank == 1


async def test_connections_that_the_server_closed_are_made_anew(store, redis_server):
    await put(store, Item(id="a"))
    for _ in range(3):
        redis_server.ask("CLIENT", "KILL", "TYPE", "normal")
        await store.commit(changeset(changed(await found(store, Item(id="a")), rank=1)))


async def test_a_commit_whose_answer_was_lost_took_effect_once_and_is_no_repetition(wire):
    async with wire() as cut:
        store = RedisRepo(cut.url)
        await store.open()
        await put(store, Item(id="a"))
        wanted = changeset(changed(await found(store, Item(id="a")), rank=1), id="once")
        cut.swallow = 2
        commit = await store.commit(wanted)
        assert (cut.lost, commit.replayed) == (2, False)
        assert (await store.commit(wanted)).replayed is True
        assert [one.command.id for one in await store.history(Item, "a")][1:] == ["once"]
        assert (await found(store, Item(id="a"))).version == commit.changes[0].version
        await store.close()


async def test_a_commit_of_which_nothing_is_known_says_so_and_may_be_sent_again(wire, impatient):
    async with wire() as cut:
        store = RedisRepo(cut.url)
        await store.open()
        wanted = changeset(created(Item(id="a")), id="once", answer=7)
        cut.swallow = 1000
        with pytest.raises(UncertainError, match="'once' took effect is not known: send it again"):
            await store.commit(wanted)
        cut.swallow = 0
        again = await store.commit(wanted)
        assert (again.replayed, again.answer) == (True, 7)
        await store.close()


async def test_a_commit_that_was_never_sent_is_not_called_uncertain(impatient):
    with Redis() as redis:
        store = RedisRepo(redis.url)
        await store.open()
        redis.kill()
        await asyncio.sleep(0.05)  # that the connection has ended has to be noticed: what was sent is uncertain
        with pytest.raises(StoreError, match="start the server") as failure:
            await put(store, Item())
        assert not isinstance(failure.value, UncertainError)
        await store.close()


async def test_a_server_that_still_loads_its_data_is_waited_for(wire, store):
    await put(store, Item(id="a"))
    async with wire() as cut:
        cut.refuse = [LOADING] * 3
        late = RedisRepo(cut.url)
        await late.open()
        assert (await found(late, Item(id="a"))).entity == Item(id="a")
        await late.close()


async def test_a_server_that_loads_for_long_is_told_of(wire, impatient):
    async with wire() as cut:
        cut.refuse = [LOADING] * 100
        with pytest.raises(StoreError, match="try again in a moment"):
            await RedisRepo(cut.url).open()


async def test_a_replica_takes_no_changes_until_it_is_the_primary(store, redis_server, impatient):
    await put(store, Item(id="a"))
    stored = await found(store, Item(id="a"))
    redis_server.ask("REPLICAOF", "127.0.0.1", "1")
    try:
        with pytest.raises(StoreError, match="let REDIS_URL name the primary"):
            await store.commit(changeset(changed(stored, rank=1)))
        with pytest.raises(StoreError, match="let REDIS_URL name the primary"):
            await RedisRepo(redis_server.url).open()
        waiting = asyncio.ensure_future(store.commit(changeset(changed(stored, rank=2))))
        await asyncio.sleep(0.05)
    finally:
        redis_server.ask("REPLICAOF", "NO", "ONE")
    await waiting
    assert (await found(store, Item(id="a"))).entity.rank == 2


async def test_a_server_that_is_killed_under_load_loses_nothing_and_no_command_takes_effect_twice():
    with Redis(appendfsync="always") as redis:
        store = RedisRepo(redis.url)
        await store.open()
        start = await store.position()
        await put(store, Item(id="a"))
        writers = [asyncio.ensure_future(_count(store, 25)) for _ in range(4)]
        for _ in range(2):
            await asyncio.sleep(0.03)
            await asyncio.to_thread(redis.kill)
            await asyncio.to_thread(redis.start)
        await asyncio.gather(*writers)
        assert (await found(store, Item(id="a"))).entity.rank == 100
        told = await store.changes(start)
        assert (len(told.commits), told.gap) == (101, False)
        await store.close()


async def _count(store, times):
    for _ in range(times):
        while True:
            stored = await found(store, Item(id="a"))
            try:
                commit = await store.commit(changeset(changed(stored, rank=stored.entity.rank + 1)))
            except ConflictError:
                continue
            assert commit.replayed is False
            break


async def test_an_answer_never_reaches_another_call(store):
    items = [Item(id=f"i{n}", rank=n) for n in range(20)]
    await put(store, *items)
    chance = random.Random(7)

    async def read(item):
        stored = await store.get(Item, item.id)
        assert stored is not None
        assert stored.entity == item

    for _ in range(60):
        calls = [asyncio.ensure_future(read(chance.choice(items))) for _ in range(8)]
        for _ in range(chance.randrange(12)):
            await asyncio.sleep(0)
        for call in chance.sample(calls, 4):
            call.cancel()
        for outcome in await asyncio.gather(*calls, return_exceptions=True):
            assert outcome is None or isinstance(outcome, asyncio.CancelledError)
    assert 0 < len(store._server._free) <= server.CONNECTIONS


async def test_a_closed_store_says_that_it_is_closed(store):
    await store.close()
    with pytest.raises(StoreError, match="not open"):
        await store.get(Item, "a")
    await store.open()
    assert await store.get(Item, "a") is None


async def test_a_refusal_costs_no_connection(store):
    await put(store, Item(id="a"))
    [link] = store._server._free
    for _ in range(3):
        with pytest.raises(ConflictError):
            await put(store, Item(id="a"))
        with pytest.raises(StoreError):
            await store._server.call(lambda link: link.ask("INCR", "starmodel.head"))
    assert store._server._free == [link]


async def test_an_answer_that_was_not_awaited_costs_its_connection(store):
    await put(store, Item(id="a"))
    [link] = store._server._free
    waiting = asyncio.ensure_future(store.wait(await store.position(), seconds=5))
    await asyncio.sleep(0.02)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert link not in store._server._free
    assert await store.get(Item, "a") is not None
