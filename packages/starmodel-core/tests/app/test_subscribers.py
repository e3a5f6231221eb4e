"""Handlers of domain events: told in order after the change is stored, again when they fail, and never in the way."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

import pytest

from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.app import InProcessBus, Subscribers, subscribers, telling
from starmodel.core import DomainEvent, Entity, event
from starmodel.testing import FaultyStore


@dataclass(frozen=True, kw_only=True)
class Counted(DomainEvent):
    n: int


@dataclass(frozen=True, kw_only=True)
class Rounded(Counted):
    pass


class Counter(Entity):
    count: int = 0

    @event
    def add(self) -> None:
        self.count += 1
        self.record(Rounded(n=self.count) if self.count % 10 == 0 else Counted(n=self.count))


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    monkeypatch.setattr(telling, "PAUSE", 0.0001)


@pytest.fixture
async def app(start):
    app = await start(Counter)
    await app.dispatch(Counter.create().on("a"))
    return app


async def add(app, times=1):
    for _ in range(times):
        await app.dispatch(Counter.add().on("a"))


async def test_every_handler_is_told_in_order(app):
    plain, waiting = [], []
    app.on(Counted)(lambda recorded: plain.append(recorded.event.n))

    @app.on(Counted)
    async def wait(recorded):
        await asyncio.sleep(0)
        waiting.append((recorded.entity_id, recorded.event.n))

    await add(app, 100)
    await app.close()
    assert plain == list(range(1, 101))
    assert waiting == [("a", n) for n in range(1, 101)]


async def test_a_handler_of_a_class_hears_of_its_subclasses_and_of_nothing_else(app):
    rounded, everything = [], []
    app.on(Rounded)(lambda recorded: rounded.append(recorded.event.n))
    app.on(DomainEvent)(lambda recorded: everything.append(recorded.event.n))
    await add(app, 20)
    await app.close()
    assert rounded == [10, 20]
    assert len(everything) == 20


async def test_the_decorator_gives_the_function_back(app):
    def handler(recorded): ...

    assert app.on(Counted)(handler) is handler


async def test_a_handler_that_fails_is_told_again_with_the_same_id(app, caplog):
    told = []

    @app.on(Counted)
    def fragile(recorded):
        told.append(recorded.id)
        if len(told) < 3:
            raise RuntimeError("not yet")

    with caplog.at_level(logging.ERROR, "starmodel.subscribers"):
        await add(app)
        await app.close()
    assert len(told) == 3
    assert len(set(told)) == 1
    assert "attempt 2 of 5" in caplog.text


async def test_one_that_keeps_failing_stops_nobody(app, caplog):
    failing, other = [], []

    @app.on(Counted)
    def broken(recorded):
        failing.append(recorded.event.n)
        raise RuntimeError("never")

    app.on(Counted)(lambda recorded: other.append(recorded.event.n))
    with caplog.at_level(logging.ERROR, "starmodel.subscribers"):
        await add(app, 2)
        await app.close()
    assert failing == [1] * 5
    assert other == [1, 2]
    assert "could not be told (RuntimeError: never)" in caplog.text


async def test_one_that_waits_for_something_cancelled_fails_and_stops_nobody(app, caplog):
    told = []

    @app.on(Counted)
    async def wait(recorded):
        told.append(recorded.event.n)
        if recorded.event.n == 1:
            gone = asyncio.ensure_future(asyncio.sleep(9))
            gone.cancel()
            await gone

    with caplog.at_level(logging.CRITICAL):
        await add(app, times=2)
        await app.close()
    assert told == [1] * telling.ATTEMPTS


async def test_one_that_is_plain_and_gets_no_answer_in_time_is_parked_and_stops_nobody(app):
    told = []

    @app.on(Counted)
    def send(recorded):
        told.append(recorded.event.n)
        raise TimeoutError("the mail server does not answer")

    other = []
    app.on(Counted)(lambda recorded: other.append(recorded.event.n))
    await add(app, times=2)
    await app.close()
    assert (told, other) == ([1] * telling.ATTEMPTS, [1, 2])
    assert "mail server" in (await app.parking.list())[0][1].error


async def test_a_command_does_not_wait_for_handlers(app):
    gate = asyncio.Event()

    @app.on(Counted)
    async def slow(recorded):
        await gate.wait()

    await asyncio.wait_for(add(app, 3), timeout=2)
    gate.set()


async def test_a_handler_may_send_commands(app):
    @app.on(Counted)
    async def chain(recorded):
        if recorded.event.n < 5:
            await app.dispatch(Counter.add().on("a"))

    await add(app)
    for _ in range(50):
        await asyncio.sleep(0)
    assert (await app.load(Counter, "a")).entity.count == 5


async def test_a_full_mailbox_loses_nothing(start):
    app = await start(Counter, bus=InProcessBus(capacity=2))
    await app.dispatch(Counter.create().on("a"))
    told = []
    app.on(Counted)(lambda recorded: told.append(recorded.event.n))
    await add(app, 50)
    await app.close()
    assert told == list(range(1, 51))


async def test_a_store_that_cannot_be_read_for_a_while_does_not_end_the_telling(start, caplog, monkeypatch):
    store, bus = FaultyStore(MemoryRepo()), InProcessBus()
    app = await start(Counter, bus=bus, stores={"memory": store})
    await app.dispatch(Counter.create().on("a"))
    told = []
    app.on(Counted)(lambda recorded: told.append(recorded.event.n))
    store.fail("changes")
    with monkeypatch.context() as dropped:
        dropped.setattr(bus, "publish", lambda commit: asyncio.sleep(0))
        await add(app, 4)
    with caplog.at_level(logging.ERROR, "starmodel.subscribers"):
        await add(app, 1)
        await asyncio.sleep(0.02)
        await add(app, 1)
        await app.close()
    assert told == [1, 2, 3, 4, 5, 6]
    assert "could not follow" in caplog.text


async def test_one_that_hangs_is_stopped_at_the_end(app, caplog, monkeypatch):
    monkeypatch.setattr(subscribers, "PATIENCE", 0.01)

    @app.on(Counted)
    async def hang(recorded):
        await asyncio.Event().wait()

    await add(app)
    with caplog.at_level(logging.WARNING, "starmodel.subscribers"):
        await app.close()
    assert "did not finish within 0.01 s" in caplog.text


async def test_closing_what_was_never_opened_is_nothing():
    await Subscribers().close()
