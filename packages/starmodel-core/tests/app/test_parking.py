"""What a handler cannot be told is parked: nothing overtakes it, nobody else waits, and it is told again or dropped."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from starmodel.app import Application, relay, telling
from starmodel.core import DomainEvent, Entity, event
from starmodel.core.errors import NotFoundError
from starmodel.testing import PlainCodec


@dataclass(frozen=True, kw_only=True)
class Counted(DomainEvent):
    n: int


class Counter(Entity):
    count: int = 0

    @event
    def add(self) -> None:
        self.count += 1
        self.record(Counted(n=self.count))


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    monkeypatch.setattr(telling, "PAUSE", 0.0001)
    monkeypatch.setattr(relay, "_VISIT", 0.02)
    monkeypatch.setattr(relay, "_GLANCE", 0.01)
    monkeypatch.setattr(relay, "_PAUSE", 0.02)


class Mail:
    """A handler that does not work for some entities."""

    def __init__(self):
        self.told, self.tries, self.poison = [], 0, {"a"}

    def send(self, recorded):
        self.tries += 1
        if recorded.entity_id in self.poison:
            raise RuntimeError("no such mailbox")
        self.told.append((recorded.entity_id, recorded.event.n))


@pytest.fixture
def mail():
    return Mail()


@pytest.fixture(params=["memory", "shared"])
async def app(request, mail, start, make_shared):
    store = make_shared() if request.param == "shared" else None
    application = Application([Counter], codec=PlainCodec(), stores={"memory": store} if store else {})
    application.on(Counted)(mail.send)
    async with application:
        for id in ("a", "b"):
            await application.dispatch(Counter.create().on(id))
        yield application


async def add(app, *ids):
    for id in ids:
        await app.dispatch(Counter.add().on(id))


async def until(condition):
    async with asyncio.timeout(5):
        while not await condition():  # noqa: ASYNC110  (what is waited for tells nobody)
            await asyncio.sleep(0.002)


async def waits(app, count):
    async def holds():
        return await app.parking.count() == {"memory": count}

    await until(holds)


async def test_what_fails_is_parked_with_what_comes_after_and_others_go_on(app, mail):
    await add(app, "a", "a", "b", "a")
    await waits(app, 3)
    assert mail.told == [("b", 1)]
    assert mail.tries == 5 + 1
    first, *rest = [one for _, one in await app.parking.list()]
    assert (first.handler, first.fact.event, first.tries) == (f"{__name__}.Mail.send", Counted(n=1), 5)
    assert first.error == "RuntimeError: no such mailbox"
    assert [(one.fact.event.n, one.tries) for one in rest] == [(2, 0), (3, 0)]


async def test_what_is_asked_for_again_is_told_in_order_with_what_waited_behind_it(app, mail):
    await add(app, "a", "a", "a")
    await waits(app, 3)
    mail.poison.clear()
    (store, first), *_ = await app.parking.list()
    await app.parking.retry(store, first.number)
    await waits(app, 0)
    await add(app, "a")
    await until(lambda: _has(mail, 4))
    assert mail.told == [("a", 1), ("a", 2), ("a", 3), ("a", 4)]


async def test_a_handler_may_ask_for_it_itself(app, mail):
    @app.on(Counted)
    async def repair(recorded):
        if recorded.entity_id == "b":
            mail.poison.clear()
            for store, one in await app.parking.list():
                await app.parking.retry(store, one.number)

    await add(app, "a")
    await waits(app, 1)
    await add(app, "b")
    await waits(app, 0)
    assert sorted(mail.told) == [("a", 1), ("b", 1)]


async def test_what_fails_again_stays_and_counts_its_tries(app, mail):
    await add(app, "a", "a")
    await waits(app, 2)
    (store, first), (_, second) = await app.parking.list()
    await app.parking.retry(store, second.number)  # which waits behind the first

    async def tried_again():
        return (await app.parking.list())[0][1].tries == 10

    await until(tried_again)
    assert [(one.number, one.wish) for _, one in await app.parking.list()] == [(first.number, ""), (second.number, "")]
    assert mail.told == []


async def test_what_is_dropped_is_never_told_and_lets_the_others_pass(app, mail):
    await add(app, "a", "a")
    await waits(app, 2)
    mail.poison.clear()
    (store, first), _ = await app.parking.list()
    await app.parking.drop(store, first.number)
    await waits(app, 0)
    assert mail.told == [("a", 2)]


async def test_one_of_those_behind_can_be_dropped(app, mail):
    await add(app, "a", "a", "a")
    await waits(app, 3)
    (store, first), (_, second), _ = await app.parking.list()
    await app.parking.drop(store, second.number)
    await waits(app, 2)
    mail.poison.clear()
    await app.parking.retry(store, first.number)
    await waits(app, 0)
    assert mail.told == [("a", 1), ("a", 3)]


async def test_what_is_not_parked_cannot_be_asked_for(app):
    for store, number in (("memory", 7), ("nowhere", 1)):
        with pytest.raises(NotFoundError, match=f"parked event.*{store}/{number}"):
            await app.parking.retry(store, number)


async def test_a_handler_that_hangs_is_given_up_and_its_event_parked(app, monkeypatch):
    monkeypatch.setattr(telling, "LIMIT", 0.02)

    @app.on(Counted)
    async def hang(recorded):
        await asyncio.Event().wait()

    await add(app, "b")
    await waits(app, 1)
    [(_, parked)] = await app.parking.list()
    assert (parked.tries, parked.error) == (1, "it took more than 0.02 seconds")


def count_to(store, mail, **options):
    application = Application([Counter], codec=PlainCodec(), stores={"memory": store}, **options)
    application.on(Counted)(mail.send)
    return application


async def test_another_process_goes_on_where_one_has_parked(make_shared, mail):
    store = make_shared()
    async with count_to(store, mail) as one:
        await one.dispatch(Counter.create().on("a"))
        await add(one, "a", "a")
        await waits(one, 2)
    mail.poison.clear()
    async with count_to(store, mail) as two:
        await add(two, "a")
        await waits(two, 3)
        assert mail.told == []
        (name, first), *_ = await two.parking.list()
        await two.parking.retry(name, first.number)
        await waits(two, 0)
    assert mail.told == [("a", 1), ("a", 2), ("a", 3)]


async def test_what_is_wished_for_is_done_before_the_end(make_shared, mail, monkeypatch):
    monkeypatch.setattr(relay, "_VISIT", 1000)
    store = make_shared()
    async with count_to(store, mail) as app:
        await app.dispatch(Counter.create().on("a"))
        await add(app, "a")
        await waits(app, 1)
        mail.poison.clear()
        [(name, parked)] = await app.parking.list()
        await app.parking.retry(name, parked.number)
    assert mail.told == [("a", 1)]


async def test_a_handler_that_is_gone_keeps_what_is_parked_for_it(make_shared, mail, caplog):
    store = make_shared()
    async with count_to(store, mail) as app:
        await app.dispatch(Counter.create().on("a"))
        await add(app, "a")
        await waits(app, 1)
    async with Application([Counter], codec=PlainCodec(), stores={"memory": store}) as app:
        app.subscribers._handlers.clear()
    later = Application([Counter], codec=PlainCodec(), stores={"memory": store})
    later.on(Counted)(lambda _: None)
    async with later:
        [(name, parked)] = await later.parking.list()
        await later.parking.retry(name, parked.number)

        async def is_noted():
            return "there is no such handler" in caplog.text

        await until(is_noted)
        await waits(later, 1)


async def test_handlers_of_one_name_are_told_apart(start):
    app = await start(Counter)
    for _ in range(2):
        app.on(Counted)(lambda _: None)
    app.on(Counted)(print)
    app.on(DomainEvent)(print)
    names = [name.rpartition(".")[2] for _, name, _ in app.subscribers._handlers]
    assert names == ["<lambda>", "<lambda>#2", "print", "print"]


async def _has(mail, count):
    return len(mail.told) == count
