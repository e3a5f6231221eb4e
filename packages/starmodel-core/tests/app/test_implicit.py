"""Entities that are there without having been created: each visitor's own, and shared ones."""

from __future__ import annotations

import asyncio

import pytest

from starmodel.app import Implicit
from starmodel.core import Actor, Entity, NotFoundError, event
from starmodel.core.errors import DefinitionError


class Counter(Entity):
    count: int = 0

    @event
    def add(self, n: int = 1) -> None:
        self.count += n

    @event(method="get")
    def value(self) -> int:
        return self.count

    @event
    async def slowly(self) -> None:
        before = self.count
        await asyncio.sleep(0)
        self.count = before + 1

    @event
    def leave(self) -> None:
        self.delete()


class Named(Entity):
    name: str


ADA = Actor("ada", visitor="visitor-ada")


@pytest.fixture
async def app(start):
    app = await start(Counter)
    app.implicit.per_visitor(Counter)
    app.implicit.shared(Counter, "lobby")
    return app


def test_only_the_ids_that_were_announced_begin_as_something():
    implicit = Implicit()
    implicit.per_visitor(Counter)
    implicit.shared(Counter, "lobby")
    assert implicit.fresh(Counter, "lobby") == Counter(id="lobby")
    assert implicit.fresh(Counter, "visitor-x").count == 0
    assert implicit.fresh(Counter, "other") is None
    assert Implicit().fresh(Counter, "visitor-x") is None


@pytest.mark.parametrize("announce", [lambda i: i.per_visitor(Named), lambda i: i.shared(Named, "x")])
def test_an_entity_that_cannot_be_made_from_defaults_is_refused(announce):
    with pytest.raises(DefinitionError, match="give name a default, or load one by its id"):
        announce(Implicit())


async def test_the_first_change_stores_it(app):
    result = await app.dispatch(Counter.add(2).on("lobby"))
    assert result.commit.changes[0].before is None
    assert (await app.load(Counter, "lobby")).entity.count == 2


async def test_an_event_that_changes_nothing_stores_nothing(app):
    result = await app.dispatch(Counter.add(0).on("lobby"))
    assert result.commit.changes == ()
    assert await app.count(Counter) == 0


async def test_it_can_be_read_without_being_stored(app):
    assert (await app.dispatch(Counter.value().on("lobby"))).returned == 0
    assert await app.count(Counter) == 0


async def test_a_visitor_has_one_and_nobody_else_sees_it(app):
    await app.dispatch(Counter.add().on("visitor-ada"), actor=ADA)
    with pytest.raises(NotFoundError):
        await app.dispatch(Counter.add().on("visitor-ada"), actor=Actor("eve", visitor="visitor-eve"))
    with pytest.raises(NotFoundError):
        await app.dispatch(Counter.add().on("visitor-ada"), actor=Actor("anonymous"))


async def test_two_first_changes_at_once_both_count(app):
    await asyncio.gather(*(app.dispatch(Counter.slowly().on("lobby")) for _ in range(20)))
    assert (await app.load(Counter, "lobby")).entity.count == 20


async def test_deleting_one_that_is_not_stored_stores_nothing(app):
    assert (await app.dispatch(Counter.leave().on("lobby"))).commit.changes == ()
