"""A command sent again takes effect once and gets the first answer; its id cannot be used for anything else."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.app.intake import fingerprint_of
from starmodel.core import Command, Entity, InvalidError, Secret, event
from starmodel.core.errors import CommandReusedError
from starmodel.testing import FakeClock, RecordingBus

RUNS = []


class Counter(Entity):
    count: int = 0
    pin: Secret[str] = ""

    @event
    def add(self, n: int = 1) -> int:
        RUNS.append(n)
        self.count += n
        return self.count

    @event
    async def add_slowly(self) -> None:
        RUNS.append(1)
        await asyncio.sleep(0.001)
        self.count += 1

    @event
    def describe(self) -> dict[str, object]:
        self.count += 1
        return {"me": self, "all": [self], "n": self.count}

    @event
    def odd(self) -> object:
        self.count += 1
        return object()

    @event
    @classmethod
    def pair(cls) -> list[Counter]:
        return [cls(id="one", pin="geheim"), cls(id="two")]


@pytest.fixture
def bus():
    return RecordingBus()


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
async def app(start, bus, clock):
    RUNS.clear()
    app = await start(Counter, bus=bus, clock=clock, stores={"memory": MemoryRepo(clock=clock)})
    await app.dispatch(Counter.create().on("a"))
    return app


ADD = replace(Counter.add(5).on("a"), id="c1")


async def count(app):
    return (await app.load(Counter, "a")).entity.count


async def test_a_repeated_command_gets_the_first_answer_and_is_not_run_again(app, bus):
    first = await app.dispatch(ADD)
    await app.dispatch(Counter.add().on("a"))
    again = await app.dispatch(ADD)
    assert (first.returned, again.returned) == (5, 5)
    assert (first.replayed, again.replayed) == (False, True)
    assert again.commit.position == first.commit.position
    assert RUNS == [5, 1]
    assert await count(app) == 6
    assert bus.events == ["Counter.create", "Counter.add", "Counter.add"]


async def test_a_repeated_creation_gives_the_same_entity(app):
    command = replace(Counter.create(count=3), id="c1")
    first, again = await app.dispatch(command), await app.dispatch(command)
    assert first.entity.id == again.entity.id == again.returned
    assert await app.count(Counter) == 2


@pytest.mark.parametrize(
    "other",
    [
        replace(ADD, args={"n": 6}),
        replace(ADD, args={}),
        replace(ADD, entity_id="b"),
        replace(ADD, event="describe", args={}),
    ],
)
async def test_the_same_id_with_another_body_is_refused(app, other):
    await app.dispatch(Counter.create().on("b"))
    await app.dispatch(ADD)
    with pytest.raises(CommandReusedError, match="Idempotency-Key, was already used with another body; send it"):
        await app.dispatch(other)
    assert await count(app) == 5


async def test_the_order_of_arguments_and_who_notes_the_time_make_no_other_body(app):
    command = replace(Counter.update(count=1, pin="x").on("a"), id="c1")
    await app.dispatch(command)
    assert (await app.dispatch(replace(command, args=dict(reversed(command.args.items())), base_version=99))).replayed


async def test_many_at_once_take_effect_once(app, bus):
    command = replace(Counter.add_slowly().on("a"), id="c1")
    results = await asyncio.gather(*(app.dispatch(command) for _ in range(20)))
    assert await count(app) == 1
    assert sum(result.replayed for result in results) == 19
    assert bus.events.count("Counter.add_slowly") == 1


async def test_after_a_day_the_id_is_forgotten(app, clock):
    await app.dispatch(ADD)
    clock.advance(24 * 60 * 60 - 1)
    assert (await app.dispatch(ADD)).replayed
    clock.advance(2)
    assert not (await app.dispatch(ADD)).replayed
    assert await count(app) == 10


async def test_a_command_that_failed_may_be_sent_again(app):
    broken = replace(ADD, args={"n": "x"})
    with pytest.raises(InvalidError):
        await app.dispatch(broken)
    assert not (await app.dispatch(ADD)).replayed


async def test_a_command_without_an_id_is_new_every_time(app):
    for _ in range(2):
        await app.dispatch(Counter.add(5).on("a"))
    assert await count(app) == 10


async def test_entities_in_an_answer_are_kept_as_their_ids(app):
    command = replace(Counter.describe().on("a"), id="c1")
    await app.dispatch(command)
    assert (await app.dispatch(command)).returned == {"me": "a", "all": ["a"], "n": 1}
    pair = await app.dispatch(replace(Counter.pair(), id="c2"))
    assert pair.commit.answer == ["one", "two"]
    assert "geheim" not in repr(pair.commit)


async def test_an_answer_that_json_cannot_hold_is_not_kept(app):
    command = replace(Counter.odd().on("a"), id="c1")
    assert type((await app.dispatch(command)).returned) is object
    assert (await app.dispatch(command)).returned is None


@pytest.mark.parametrize("id", ["x" * 201, "a\nb", "\ud800", "a\x00"])
async def test_an_id_that_does_not_fit_a_header_is_refused(app, id):
    with pytest.raises(InvalidError, match="1 to 200 printable"):
        await app.dispatch(replace(ADD, id=id))


DEEP = []
for _ in range(5000):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), object(), {1: {2: object()}}, 10**5000, DEEP],
    ids=["nan", "inf", "object", "nested object", "huge", "deep"],
)
async def test_arguments_that_json_cannot_hold_are_invalid(app, value):
    for args in ({"n": value}, {"n": [value]}):
        with pytest.raises(InvalidError):
            await app.dispatch(Command(entity="Counter", event="add", entity_id="a", args=args))
    assert await count(app) == 0


def test_the_body_of_a_command_is_json_and_nothing_more():
    with pytest.raises(InvalidError, match="cannot be written as JSON"):
        fingerprint_of(Command(entity="T", event="e", args={"n": float("nan")}))
    assert fingerprint_of(Command(entity="T", event="e", args={"n": "\ud800"}))
