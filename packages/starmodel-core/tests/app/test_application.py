"""An application begins and ends as a whole."""

from __future__ import annotations

import asyncio

import pytest

from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.app import Application, RandomIds, SystemClock
from starmodel.core import DomainEvent, Entity, NotFoundError, Query
from starmodel.core.errors import ConfigurationError, DefinitionError, QueryError, StoreError
from starmodel.testing import FaultyStore, PlainCodec, RecordingBus


class Todo(Entity):
    title: str = ""


class Note(Entity):
    model_config = {"store": "second"}


class BrokenBus(RecordingBus):
    async def open(self):
        raise ConnectionError("no bus")


@pytest.fixture
async def app(start):
    app = await start(Todo)
    for title in "abc":
        await app.dispatch(Todo.create(title=title).on(title))
    return app


async def test_what_is_stored_can_be_loaded_found_and_counted(app):
    assert (await app.load(Todo, "a")).entity.title == "a"
    page = await app.find(Todo, {"title": {"ge": "b"}}, order=["-title"], limit=1)
    assert [stored.entity.title for stored in page.items] == ["c"]
    rest = await app.find(Todo, {"title": {"ge": "b"}}, order=["-title"], after=page.next)
    assert [stored.entity.title for stored in rest.items] == ["b"]
    assert (await app.count(Todo), await app.count(Todo, cap=2), await app.count(Todo, {"title": "a"})) == (3, 2, 1)


async def test_what_does_not_fit_is_refused(app):
    with pytest.raises(NotFoundError):
        await app.load(Todo, "z")
    with pytest.raises(QueryError):
        await app.find(Todo, {"titel": 1})
    with pytest.raises(QueryError):
        await app.count(Todo, {"titel": 1})


async def test_classes_may_be_added_before_it_is_opened(start):
    app = Application(codec=PlainCodec(), stores={"memory": MemoryRepo()})
    app.add(Todo)
    async with app:
        assert Todo in app.catalog
    with pytest.raises(DefinitionError):
        app.add(Entity)


def test_the_summary_says_what_a_commit_survives():
    app = Application([Todo, Note], codec=PlainCodec(), stores={"second": MemoryRepo()})
    assert app.summary() == {"memory": "ephemeral", "second": "ephemeral"}


async def test_when_the_bus_cannot_be_opened_the_stores_are_closed_again():
    store = FaultyStore(MemoryRepo())
    app = Application([Todo], codec=PlainCodec(), stores={"memory": store}, bus=BrokenBus())
    with pytest.raises(ConnectionError):
        await app.open()
    assert store.calls == ["open", "close"]


async def test_when_what_is_owed_cannot_be_read_at_the_start_nothing_goes_on(make_shared, monkeypatch):
    async def failing():
        raise StoreError("gone for lunch")

    first = make_shared()
    monkeypatch.setattr(first, "debts", failing)
    app = Application([Todo], codec=PlainCodec(), stores={"memory": MemoryRepo(), "first": first})
    with pytest.raises(StoreError):
        await app.open()
    assert [task for task in asyncio.all_tasks() if task.get_name().startswith("starmodel")] == []


async def test_when_one_log_cannot_be_followed_at_the_start_nothing_goes_on(make_shared, monkeypatch):
    async def failing(*_, **__):
        raise StoreError("gone for lunch")

    first, second = make_shared(), make_shared()
    monkeypatch.setattr(second, "lease", failing)
    app = Application([Todo], codec=PlainCodec(), stores={"memory": MemoryRepo(), "first": first, "second": second})
    app.on(DomainEvent)(print)
    with pytest.raises(StoreError):
        await app.open()
    assert [task for task in asyncio.all_tasks() if task.get_name().startswith("starmodel")] == []


async def test_when_a_part_cannot_be_closed_the_others_are_closed_all_the_same():
    store, bus = FaultyStore(MemoryRepo()), RecordingBus()
    store.fail("close")
    app = Application([Todo], codec=PlainCodec(), stores={"memory": store}, bus=bus)
    await app.open()
    subscription = bus.subscribe()
    with pytest.raises(StoreError):
        await app.close()
    assert await asyncio.wait_for(anext(subscription, "closed"), timeout=1) == "closed"


async def test_it_may_be_opened_again(start):
    app = Application([Todo], codec=PlainCodec(), stores={"memory": MemoryRepo()})
    for number in (1, 2):
        async with app:
            await app.dispatch(Todo.create())
            assert await app.count(Todo) == number


def test_time_and_ids_come_from_outside_and_are_real_otherwise():
    clock, ids = SystemClock(), RandomIds()
    assert clock.now().utcoffset().total_seconds() == 0
    assert clock.monotonic() <= clock.monotonic()
    assert ids.new() != ids.new()


async def test_a_query_object_is_what_find_makes(app):
    page = await app.persistence.query(Todo, Query(where={"title": "a"}))
    assert page.items == (await app.find(Todo, {"title": "a"})).items


async def test_a_store_of_one_process_refuses_to_be_one_of_several_workers():
    app = Application([Todo], codec=PlainCodec(), workers=2)
    with pytest.raises(ConfigurationError, match="2 workers cannot share the store memory"):
        await app.open()


@pytest.mark.parametrize("thing", [3, int, "Counter", Entity])
def test_only_a_class_of_entities_is_taken(thing):
    with pytest.raises(DefinitionError, match="is not a class derived from Entity"):
        Application([thing], codec=PlainCodec())
