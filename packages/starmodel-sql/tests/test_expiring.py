"""What expires is freed, without a trace in the log and without keeping its id."""

from __future__ import annotations

import asyncio
from typing import Annotated

import pytest

from starmodel.adapters.persistence.sqlmodel import SQLRepo
from starmodel.core import Entity, Reference
from starmodel.testing import FakeClock
from starmodel.testing.store.base import put


class Cart(Entity):
    items: list[str] = []
    model_config = {"store": "sql", "ttl": 10}


class Order(Entity):
    cart_id: Annotated[str | None, Reference(Cart)] = None
    model_config = {"store": "sql"}


@pytest.fixture(params=["sqlite", "postgres"])
async def store(request, clock):
    store = SQLRepo(request.getfixturevalue(f"{request.param}_url"), clock=clock, sweep=0.05)
    await store.open([Cart, Order])
    yield store
    await store.close()


@pytest.fixture
def clock():
    return FakeClock()


async def rows(store):
    return await store.database.read(lambda on: on.exec_driver_sql("SELECT count(*) FROM cart").scalar())


async def test_what_has_expired_is_freed_by_itself_and_leaves_no_commit(store, clock):
    await put(store, Cart(id="a"), Cart(id="b"))
    clock.advance(6)
    await put(store, Cart(id="c"))
    start = await store.position()
    clock.advance(5)
    async with asyncio.timeout(5):
        while await rows(store) > 1:  # noqa: ASYNC110  (what is waited for tells nobody)
            await asyncio.sleep(0.02)
    await store.wait(start, seconds=0.2)
    assert await store.position() == start
    assert await store.get(Cart, "c") is not None
    assert await store.free_expired() == 0


async def test_an_id_that_is_used_again_begins_a_new_life(store, clock):
    first = await put(store, Cart(id="a", items=["x"]))
    clock.advance(11)
    second = await put(store, Cart(id="a"))
    assert second.changes[0].version > first.changes[0].version
    assert [commit.position for commit in await store.history(Cart, "a")] == [first.position, second.position]


async def test_what_is_referred_to_keeps_its_row_and_nobody_else_from_being_freed(store, clock):
    await put(store, Cart(id="a"), Cart(id="b"), Order(id="o", cart_id="a"))
    clock.advance(11)
    async with asyncio.timeout(5):
        while await rows(store) > 1:  # noqa: ASYNC110  (as above)
            await asyncio.sleep(0.02)
    assert await store.get(Cart, "a") is None
    await put(store, Cart(id="a", items=["x"]))
