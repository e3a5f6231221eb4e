"""Handlers and a store that processes share: one process at a time tells them, and none is missed when it dies."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from starmodel.app import Application, relay
from starmodel.core import DomainEvent, Entity, event
from starmodel.core.errors import ConfigurationError, StoreError
from starmodel.testing import PlainCodec


@dataclass(frozen=True, kw_only=True)
class Counted(DomainEvent):
    count: int


class Counter(Entity):
    count: int = 0
    model_config = {"store": "shared"}

    @event
    def increment(self) -> None:
        self.count += 1
        self.record(Counted(count=self.count))

    @event
    def quietly(self) -> None:
        self.count += 1


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(relay, "LEASE", 0.3)
    monkeypatch.setattr(relay, "_RENEW", 0.1)
    monkeypatch.setattr(relay, "_PAUSE", 0.05)
    monkeypatch.setattr(relay, "_GLANCE", 0.02)


@pytest.fixture
def store(make_shared):
    return make_shared()


@pytest.fixture
def told():
    return []


@pytest.fixture
def make(store, told):
    def make(name, **options):
        app = Application([Counter], codec=PlainCodec(), stores={"shared": store}, **options)

        @app.on(Counted)
        async def note(recorded):
            told.append((name, recorded.event.count))

        return app

    return make


async def until(condition, seconds=5.0):
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  (what is waited for tells nobody)
            await asyncio.sleep(0.005)


async def count_to(app, id, number):
    for _ in range(number):
        await app.dispatch(Counter.increment().on(id))


async def test_each_event_is_told_once_by_one_of_them(make, told):
    async with make("one") as one, make("two") as two:
        made = await one.dispatch(Counter.create())
        await count_to(one, made.entity.id, 3)
        await count_to(two, made.entity.id, 3)
        await until(lambda: len(told) >= 6)
        await asyncio.sleep(0.2)
    assert told == [("one", n) for n in range(1, 7)]


async def test_when_one_dies_another_goes_on_where_it_was(make, told):
    async with make("two") as two:
        one = make("one")
        holder = two.subscribers._relays
        assert holder
        await one.open()
        made = await two.dispatch(Counter.create())
        await count_to(two, made.entity.id, 2)
        await until(lambda: len(told) == 2)
        for running in two.subscribers._relays.values():  # as if it were killed: nothing is laid down
            running._task.cancel()
            await asyncio.wait([running._task])
        await count_to(one, made.entity.id, 2)
        await until(lambda: len(told) == 4)
        assert told == [("two", 1), ("two", 2), ("one", 3), ("one", 4)]
        await one.close()


async def test_what_was_told_and_not_noted_is_told_again_with_the_same_id(store, told):
    ids = []
    app = Application([Counter], codec=PlainCodec(), stores={"shared": store})

    @app.on(Counted)
    async def note(recorded):
        ids.append(recorded.id)
        if len(ids) == 1:  # another takes over while this one is at it
            number, _, until = store.tasks[relay.TASK]
            store.tasks[relay.TASK] = (number, "another", until)

    async with app:
        made = await app.dispatch(Counter.create())
        await count_to(app, made.entity.id, 1)
        await until(lambda: len(ids) == 2)
    assert len(set(ids)) == 1


async def test_a_slow_handler_keeps_its_turn(store, told):
    running, most = 0, 0
    apps = []
    for _ in range(2):
        app = Application([Counter], codec=PlainCodec(), stores={"shared": store})

        @app.on(Counted)
        async def note(recorded):
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.8)
            told.append(recorded.event.count)
            running -= 1

        apps.append(app)
    async with apps[0], apps[1]:
        made = await apps[0].dispatch(Counter.create())
        await count_to(apps[0], made.entity.id, 2)
        await until(lambda: len(told) == 2)
        await asyncio.sleep(0.1)
    assert (told, most) == ([1, 2], 1)


async def test_what_is_recorded_is_told_before_the_end(make, told):
    async with make("one") as one:
        made = await one.dispatch(Counter.create())
        await count_to(one, made.entity.id, 5)
    assert [count for _, count in told] == [1, 2, 3, 4, 5]


async def test_what_nobody_was_there_to_hear_is_told_later(make, told):
    async with make("one") as one:
        made = await one.dispatch(Counter.create())
    silent = Application([Counter], codec=PlainCodec(), stores=one.persistence.stores)
    async with silent:  # a script without handlers
        await count_to(silent, made.entity.id, 2)
    assert told == []
    async with make("two"):
        await until(lambda: len(told) == 2)
    assert told == [("two", 1), ("two", 2)]


async def test_what_recorded_nothing_is_not_read_again(make, store):
    async with make("one") as one:
        made = await one.dispatch(Counter.create())
        for _ in range(3):
            await one.dispatch(Counter.quietly().on(made.entity.id))
        newest = await store.position()
        await until(lambda: store.tasks[relay.TASK][0] == newest.number)


async def test_a_log_that_cannot_be_read_for_a_while_is_read_later(make, store, told, caplog):
    async with make("one") as one:
        store.broken = StoreError("gone for lunch")
        made = await one.dispatch(Counter.create())
        await count_to(one, made.entity.id, 1)
        await asyncio.sleep(0.2)
        assert told == []
        store.broken = None
        await until(lambda: told)
    assert "could not tell handlers" in caplog.text


async def test_a_log_that_does_not_reach_back_says_so(make_shared, caplog):
    store, told = make_shared(keep=2), []
    app = Application([Counter], codec=PlainCodec(), stores={"shared": store})
    app.on(Counted)(lambda recorded: told.append(recorded.event.count))
    async with app:
        made = await app.dispatch(Counter.create())
    silent = Application([Counter], codec=PlainCodec(), stores={"shared": store})
    async with silent:
        await count_to(silent, made.entity.id, 5)
    async with app:
        await until(lambda: "does not reach back" in caplog.text)
        await count_to(app, made.entity.id, 1)
        await until(lambda: told == [6])


async def test_a_handler_that_comes_too_late_says_when_to_come(store):
    app = Application([Counter], codec=PlainCodec(), stores={"shared": store})
    async with app:
        with pytest.raises(ConfigurationError, match="before the application is opened"):
            app.on(Counted)(print)
    app.on(Counted)(print)


async def test_a_second_handler_may_come_later(make, told):
    async with make("one") as one:
        app_told = []
        one.on(Counted)(app_told.append)
        made = await one.dispatch(Counter.create())
        await count_to(one, made.entity.id, 1)
        await until(lambda: app_told)


async def test_a_store_that_is_gone_at_the_end_keeps_nothing_from_ending(make, store, caplog):
    app = make("one")
    await app.open()

    async def gone(*_, **__):
        raise StoreError("gone for good")

    store.lease = gone
    await app.subscribers.close()
    assert app.subscribers._task is None
    assert "could not give up the right to tell handlers" in caplog.text


async def test_a_handler_that_never_ends_is_left_to_others(store, monkeypatch, caplog):
    monkeypatch.setattr("starmodel.app.subscribers.PATIENCE", 0.1)
    app = Application([Counter], codec=PlainCodec(), stores={"shared": store})

    @app.on(Counted)
    async def forever(recorded):
        await asyncio.sleep(60)

    async with app:
        made = await app.dispatch(Counter.create())
        await count_to(app, made.entity.id, 1)
        await asyncio.sleep(0.1)
    assert "another process will go on" in caplog.text
    number, *_ = store.tasks[relay.TASK]
    assert number < (await store.position()).number


async def test_a_log_that_begins_anew_is_told_on_from_where_the_store_has_noted(make, store, told):
    one, two = make("one"), make("two")
    async with one, two:
        made = await one.dispatch(Counter.create())
        await one.dispatch(Counter.increment().on(made.entity.id))
        await until(lambda: [count for _, count in told] == [1])
        store.begin_anew()
        for _ in range(2):
            await two.dispatch(Counter.increment().on(made.entity.id))
        await until(lambda: len(told) >= 3)
        await asyncio.sleep(0.1)
    assert [count for _, count in told] == [1, 2, 3]
