"""A store that may commit at once does so only when that overtakes nobody."""

from __future__ import annotations

import asyncio

import pytest

from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.core import Entity


class Item(Entity):
    pass


class Prompt(MemoryRepo):
    """Has a thread that stores, and whose answers take a moment; once it has stored it is free again."""

    instant = False
    in_order = True

    def __init__(self):
        super().__init__()
        self.prompt, self.at_once = True, []

    async def commit(self, changeset, /):
        self.prompt = False
        commit = await super().commit(changeset)
        self.prompt = True
        await asyncio.sleep(0.01)
        return commit

    def commit_at_once(self, changeset, /):
        storing = super().commit(changeset)
        try:
            storing.send(None)
        except StopIteration as done:
            self.at_once.append(done.value.position.number)
            return done.value
        raise AssertionError("it waited")


@pytest.fixture
def store():
    return Prompt()


@pytest.fixture
async def app(start, store):
    return await start(Item, stores={"memory": store})


async def test_one_that_is_alone_is_committed_at_once(app, store):
    for _ in range(3):
        await app.dispatch(Item.create())
    assert store.at_once == [1, 2, 3]


async def test_nobody_overtakes_a_commit_that_is_stored_and_not_told_of_yet(app, store):
    mailbox = app.bus.subscribe()
    both = asyncio.gather(app.dispatch(Item.create()), app.dispatch(Item.create()))
    await asyncio.sleep(0.005)
    await app.dispatch(Item.create())
    await both
    assert [(await anext(mailbox)).position.number for _ in range(3)] == [1, 2, 3]


async def test_after_that_it_is_prompt_again(app, store):
    await asyncio.gather(app.dispatch(Item.create()), app.dispatch(Item.create()))
    await app.dispatch(Item.create())
    assert store.at_once == [3]
