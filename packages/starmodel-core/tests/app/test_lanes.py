"""Commands for one entity at the same time: each begins on what the last one made, and none is wronged by that."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.app import Application
from starmodel.core import Entity, event
from starmodel.core.errors import ConflictError, RefusedError, StaleError, StoreError
from starmodel.testing import PlainCodec
from starmodel.testing.store.base import changed, changeset

THOUGHT = asyncio.Event()


class Shelf(Entity):
    left: int = 0
    notes: str = ""

    @event
    async def ponder(self) -> None:
        await THOUGHT.wait()
        self.left += 100

    @event
    def put(self, n: int = 1) -> None:
        self.left += n

    @event
    def take(self) -> int:
        if not self.left:
            raise RefusedError("none left")
        self.left -= 1
        return self.left

    @event
    def look(self) -> int:
        return self.left


class Slow(MemoryRepo):
    """Stores one thing after the other, in order, and takes its time, as a disk does."""

    instant = False
    in_order = True

    def __init__(self):
        super().__init__()
        self.line = asyncio.Lock()
        self.waiting = self.most = self.refused = 0
        self.faults = []
        self.meanwhile = None

    async def commit(self, changeset, /):
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        try:
            async with self.line:
                await asyncio.sleep(0.001)
                if self.meanwhile is not None:
                    await self.meanwhile()
                if changeset.command.id in self.faults:
                    raise StoreError("the disk is full")  # noqa: TRY301  (as a disk has it)
                await self.check_base(changeset)
                return await super().commit(changeset)
        except Exception:
            self.refused += 1
            raise
        finally:
            self.waiting -= 1

    async def check_base(self, changeset):
        if changeset.built_on is not None:
            base, wanted = await self.commit_of(changeset.built_on), changeset.target.expected
            if base is None or wanted not in [change.version for change in base.changes]:
                raise ConflictError("Shelf s", wanted, wanted - 1)


@pytest.fixture
async def store():
    return Slow()


@pytest.fixture
async def app(store, application):
    app = await application(store)
    await app.dispatch(Shelf.create().on("s"))
    return app


@pytest.fixture
async def application():
    """Make applications; they are closed afterwards."""
    made = []

    async def application(store):
        app = Application([Shelf], codec=PlainCodec(), stores={"memory": store})
        made.append(await app.__aenter__())
        return app

    yield application
    for app in made:
        await app.__aexit__(None, None, None)


def named(command, id):
    return replace(command, id=id)


async def at_once(app, *commands):
    """Send commands at the same time, and return what became of each."""
    return await asyncio.gather(*[app.dispatch(command) for command in commands], return_exceptions=True)


async def left(app):
    return (await app.load(Shelf, "s")).entity.left


async def test_the_next_begins_before_the_last_is_stored(app, store):
    results = await at_once(app, *[Shelf.put().on("s") for _ in range(40)])
    assert [result.commit.changes[0].after["left"] for result in results] == list(range(1, 41))
    assert (store.most, store.refused, await left(app)) == (40, 0, 40)


async def test_of_a_store_without_an_order_one_waits_for_the_other(app, store):
    store.in_order = False
    crowd = [asyncio.create_task(app.dispatch(Shelf.put().on("s"))) for _ in range(20)]
    await asyncio.wait(crowd[:5])
    store.most = 0
    await asyncio.gather(*crowd)
    assert (store.most, await left(app)) == (1, 20)


async def test_who_comes_when_a_turn_ends_joins_the_line(app, store):
    async def visit():
        for _ in range(20):
            await app.dispatch(Shelf.put().on("s"))

    await asyncio.gather(*[visit() for _ in range(8)])
    assert (store.refused, await left(app)) == (0, 160)


async def test_whoever_takes_long_keeps_nobody_waiting(app):
    slow = asyncio.create_task(app.dispatch(Shelf.ponder().on("s")))
    await asyncio.wait_for(app.dispatch(Shelf.put().on("s")), 5)
    THOUGHT.set()
    await slow
    assert await left(app) == 101


async def test_what_was_built_on_a_failure_is_built_again(app, store):
    store.faults = ["bad"]
    commands = [Shelf.put(10).on("s"), named(Shelf.put(100).on("s"), "bad"), *[Shelf.put().on("s") for _ in range(5)]]
    first, bad, *others = await at_once(app, *commands)
    assert isinstance(bad, StoreError)
    assert [result.entity is not None for result in (first, *others)] == [True] * 6
    assert await left(app) == 15


async def test_nobody_is_refused_for_what_was_never_stored(app, store):
    await app.dispatch(Shelf.put().on("s"))
    store.faults = ["bad"]
    bad, good = await at_once(app, named(Shelf.take().on("s"), "bad"), Shelf.take().on("s"))
    assert isinstance(bad, StoreError)
    assert good.returned == 0
    assert await left(app) == 0


async def test_nobody_is_told_what_was_never_stored(app, store):
    store.faults = ["bad"]
    bad, look = await at_once(app, named(Shelf.put(7).on("s"), "bad"), Shelf.look().on("s"))
    assert isinstance(bad, StoreError)
    assert look.returned == 0


async def test_a_refusal_that_is_true_stands(app, store):
    await app.dispatch(Shelf.put().on("s"))
    taken = await at_once(app, *[Shelf.take().on("s") for _ in range(4)])
    assert sorted(type(one).__name__ for one in taken) == ["RefusedError"] * 3 + ["Result"]
    assert await left(app) == 0


async def test_a_change_of_one_version_only_looks_at_what_is_stored(app, store):
    version = (await app.load(Shelf, "s")).version
    put = asyncio.create_task(app.dispatch(Shelf.put().on("s")))
    with pytest.raises(StaleError):
        await app.dispatch(Shelf.take().on("s"), only_at=version + 100)
    await put
    assert await left(app) == 1


async def test_a_command_that_is_sent_twice_at_once_has_one_effect(app, store):
    results = await at_once(app, *[named(Shelf.put().on("s"), "same")] * 5, *[Shelf.put(10).on("s")] * 5)
    assert await left(app) == 51
    assert sum(result.replayed for result in results) == 4


async def test_whoever_goes_away_leaves_the_line_to_the_others(app, store):
    many = [asyncio.create_task(app.dispatch(Shelf.put().on("s"))) for _ in range(10)]
    await asyncio.sleep(0.002)
    for task in many[::2]:
        task.cancel()
    done = await asyncio.gather(*many, return_exceptions=True)
    await app.dispatch(Shelf.put().on("s"))
    assert sum(isinstance(one, BaseException) for one in done) in range(6)
    assert await left(app) == len(await store.history(Shelf, "s")) - 1


async def test_two_processes_that_want_the_same_both_get_there(app, store, application):
    other = await application(store)
    await asyncio.gather(*[at_once(one, *[Shelf.put().on("s") for _ in range(15)]) for one in (app, other)])
    assert await left(app) == 30


async def test_where_others_interfere_nothing_is_built_ahead(app, store):
    async def interfere():
        store.meanwhile = None
        stored = await store.get(Shelf, "s")
        await MemoryRepo.commit(store, changeset(changed(stored, notes="mine")))

    store.meanwhile = interfere
    many = [asyncio.create_task(app.dispatch(Shelf.put().on("s"))) for _ in range(12)]
    await asyncio.wait(many[:4])
    store.most = 0
    await asyncio.gather(*many)
    assert (store.most, await left(app)) == (1, 12)
    assert (await app.load(Shelf, "s")).entity.notes == "mine"
