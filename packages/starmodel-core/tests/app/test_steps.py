"""What a generator event yields counts like what another event returns: it is kept, or refused, and never lost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from starmodel.core import Entity, Unit, event
from starmodel.core.errors import EventError


class Lamp(Entity):
    level: int = 0
    note: str = ""
    colours: list[str] = []

    @event
    def brighten(self, to: int = 3) -> Iterator[Any]:
        for level in range(1, to + 1):
            yield self.evolve(level=level, colours=[*self.colours, str(level)])

    @event
    async def brighten_later(self, to: int = 3) -> AsyncIterator[Any]:
        for level in range(1, to + 1):
            yield self.evolve(level=level, colours=[*self.colours, str(level)])

    @event(blocking=True)
    def brighten_in_a_thread(self, to: int = 3) -> Iterator[Any]:
        for level in range(1, to + 1):
            yield self.evolve(level=level, colours=[*self.colours, str(level)])

    @event
    def mix_styles(self) -> Iterator[Any]:
        yield self.evolve(level=1)
        self.note = f"was {self.level}"
        yield
        yield self.evolve(level=self.level + 1)
        return self.evolve(colours=["red"])

    @event
    def brighten_within(self) -> Iterator[Any]:
        yield from self.brighten(2)
        self.note = "both"

    @event
    async def brighten_within_later(self) -> AsyncIterator[Any]:
        async for step in self.brighten_later(2):
            yield step
        self.note = "both"

    @event
    def forget(self) -> Iterator[Any]:
        older = self.evolve(level=1)
        self.note = "later"
        yield older

    @event
    def replace(self) -> Iterator[Any]:
        yield Lamp(level=9)

    @event
    def break_off(self) -> Iterator[Any]:
        yield self.evolve(level=99)
        raise RuntimeError("broke off")

    @event
    def buy(self) -> Iterator[Any]:
        yield Bulb(watts=5)
        self.note = "bought"

    @event
    @classmethod
    def make(cls) -> Iterator[Any]:
        first = cls(level=1)
        yield first
        yield first.evolve(note="brighter")
        yield [cls(level=2), cls(level=3)]

    @event
    @classmethod
    async def make_later(cls) -> AsyncIterator[Any]:
        yield cls(level=1)
        yield "text"

    @event
    @classmethod
    async def dim_all(cls) -> AsyncIterator[Any]:
        for lamp in await Unit.current().find(cls, order=("level",)):
            yield lamp.evolve(level=0)

    @event
    @classmethod
    async def dim(cls, id: str) -> Lamp:
        return (await Unit.current().get(cls, id)).evolve(level=0)

    @event
    @classmethod
    def keep_what_was_added(cls) -> Lamp:
        made = cls(level=1)
        Unit.current().add(made).note = "changed after it was made"
        return made

    @event
    @classmethod
    async def take_away(cls, id: str) -> Lamp:
        lamp = await Unit.current().get(cls, id)
        Unit.current().delete(lamp)
        return lamp.evolve(note="gone")

    @event
    @classmethod
    async def forget_one(cls, id: str) -> AsyncIterator[Any]:
        lamp = await Unit.current().get(cls, id)
        older = lamp.evolve(level=0)
        lamp.note = "later"
        yield older


class Bulb(Entity):
    watts: int


@pytest.fixture
async def app(start):
    return await start(Lamp, Bulb)


@pytest.fixture
async def lamp(app):
    return (await app.dispatch(Lamp.create())).entity


async def levels(app):
    return [item.entity.level for item in (await app.find(Lamp, order=("level",))).items]


class TestOfAnInstance:
    @pytest.mark.parametrize("name", ["brighten", "brighten_later", "brighten_in_a_thread"])
    async def test_a_yielded_snapshot_is_shown_and_the_last_one_is_stored(self, app, lamp, name):
        shown = []

        async def on_step(value, snapshot):
            shown.append((value.level, snapshot.level, snapshot.colours))

        result = await app.dispatch(getattr(Lamp, name)(2).on(lamp.id), on_step=on_step)
        assert shown == [(1, 1, ["1"]), (2, 2, ["1", "2"])]
        stored = (await app.load(Lamp, lamp.id)).entity
        assert (result.entity, stored.level, stored.colours) == (stored, 2, ["1", "2"])

    async def test_both_styles_mix_in_one_event(self, app, lamp):
        await app.dispatch(Lamp.mix_styles().on(lamp.id))
        stored = (await app.load(Lamp, lamp.id)).entity
        assert (stored.level, stored.note, stored.colours) == (2, "was 1", ["red"])

    @pytest.mark.parametrize("name", ["brighten_within", "brighten_within_later"])
    async def test_steps_of_an_event_within_an_event_are_kept(self, app, lamp, name):
        await app.dispatch(getattr(Lamp, name)().on(lamp.id))
        stored = (await app.load(Lamp, lamp.id)).entity
        assert (stored.level, stored.note) == (2, "both")

    async def test_a_change_that_a_yielded_snapshot_would_lose_is_refused(self, app, lamp):
        with pytest.raises(EventError, match=r"note changed on self but not in the yielded snapshot"):
            await app.dispatch(Lamp.forget().on(lamp.id))

    async def test_another_entity_cannot_be_yielded_in_its_place(self, app, lamp):
        with pytest.raises(EventError, match=r"yielded Lamp .*yield self.evolve\(...\)"):
            await app.dispatch(Lamp.replace().on(lamp.id))

    async def test_steps_of_an_event_that_fails_are_not_stored(self, app, lamp):
        with pytest.raises(RuntimeError):
            await app.dispatch(Lamp.break_off().on(lamp.id))
        assert await levels(app) == [0]

    async def test_a_new_entity_of_another_class_is_stored_as_if_it_were_returned(self, app, lamp):
        result = await app.dispatch(Lamp.buy().on(lamp.id))
        assert sorted(change.entity for change in result.commit.changes) == ["Bulb", "Lamp"]


class TestOfTheClass:
    async def test_what_is_made_and_yielded_is_stored(self, app):
        await app.dispatch(Lamp.make())
        assert await levels(app) == [1, 2, 3]
        assert await app.count(Lamp, {"note": "brighter", "level": 1}) == 1

    async def test_what_is_made_and_yielded_later_is_stored(self, app):
        await app.dispatch(Lamp.make_later())
        assert await levels(app) == [1]

    async def test_the_next_snapshot_of_what_is_in_use_is_stored(self, app):
        await app.dispatch(Lamp.make())
        await app.dispatch(Lamp.dim_all())
        assert await levels(app) == [0, 0, 0]

    async def test_so_it_is_when_it_is_returned(self, app):
        made = (await app.dispatch(Lamp.create(level=5))).entity
        await app.dispatch(Lamp.dim(made.id))
        assert await levels(app) == [0]

    async def test_returning_what_was_added_keeps_what_was_done_to_it(self, app):
        await app.dispatch(Lamp.keep_what_was_added())
        assert await app.count(Lamp, {"note": "changed after it was made"}) == 1

    async def test_what_was_deleted_stays_deleted(self, app, lamp):
        await app.dispatch(Lamp.take_away(lamp.id))
        assert await levels(app) == []

    async def test_a_change_that_would_be_lost_is_refused(self, app, lamp):
        with pytest.raises(EventError, match="note changed on self"):
            await app.dispatch(Lamp.forget_one(lamp.id))


class TestCalledWithoutAnApplication:
    def test_each_yielded_snapshot_is_a_step_and_the_last_one_the_end(self):
        assert [step.level for step in Lamp().brighten(2)] == [1, 2, 2]
        *_, last = Lamp().brighten_within()
        assert (last.level, last.note) == (2, "both")

    async def test_so_it_is_later(self):
        assert [step.level async for step in Lamp().brighten_later(2)] == [1, 2, 2]

    def test_what_would_be_lost_is_refused(self):
        with pytest.raises(EventError, match="note changed on self"):
            list(Lamp().forget())
        with pytest.raises(EventError, match="yielded Lamp"):
            list(Lamp().replace())
