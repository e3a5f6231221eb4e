"""The past, as SQLite and Postgres keep it: undone, read as of a moment, and lived through again in an empty store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from starmodel.adapters.persistence.sqlmodel import SQLRepo
from starmodel.core import Command, Entity, Unit, event
from starmodel.core.changes import Position
from starmodel.core.errors import UndoError
from starmodel.testing import FakeClock, application

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)


class Task(Entity):
    title: str = ""
    done: bool = False
    price: Decimal = Decimal(0)
    due: datetime | None = None
    tags: list[str] = []
    extra: dict[str, Any] = {}
    model_config = {"store": "sql", "default_events": ["create", "update", "delete"]}

    @event
    def toggle(self) -> None:
        self.done = not self.done

    @event
    def tag(self, name: str) -> None:
        self.tags.append(name)

    @event
    async def swap_titles(self, other: str) -> None:
        second = await Unit.current().get(Task, other)
        self.title, second.title = second.title, self.title

    @event
    @classmethod
    async def clear_done(cls) -> int:
        unit = Unit.current()
        done = await unit.find(cls, {"done": True})
        for task in done:
            unit.delete(task)
        return len(done)


@pytest.fixture
def clock():
    return FakeClock(BEGIN)


@pytest.fixture(params=["sqlite", "postgres"])
async def app(request, store_of, clock):
    store = store_of(request.param, [Task], clock=clock)
    async with application(Task, stores={"sql": store}, clock=clock) as app:
        yield app


async def send(app, command, id=None):
    return (await app.dispatch(command if id is None else command.on(id))).command.id


def undo(command):
    return Command(entity="Task", event="undo", args={"command": command})


def redo(command):
    return Command(entity="Task", event="redo", args={"command": command})


async def task(app, id):
    return (await app.load(Task, id)).entity


async def much_happens(app, clock):
    """Make, change, delete, undo and redo, a second apart; return every state that each id went through."""
    past: list[dict[str, Task]] = []

    async def then(command, id=None):
        clock.advance(1)
        sent = await send(app, command, id)
        past.append({stored.entity.id: stored.entity for stored in (await app.find(Task)).items})
        return sent

    await then(Task.create(title="one", price=Decimal("1.50"), due=BEGIN), "a")
    await then(Task.create(title="two", extra={"b": [1, None], "ü": "☕"}), "b")
    tagged = await then(Task.tag("x"), "a")
    await then(Task.toggle(), "a")
    await then(undo(tagged))
    await then(Task.swap_titles("b"), "a")
    await then(Task.update(price=Decimal("9.99"), due=None), "a")
    await then(redo(tagged))
    cleared = await then(Task.clear_done())
    await then(undo(cleared))
    await then(Task.delete(), "b")
    return past


async def test_an_older_change_is_undone_and_later_ones_of_other_fields_stay(app):
    await send(app, Task.create(title="one"), "a")
    toggled = await send(app, Task.toggle(), "a")
    await send(app, Task.update(title="two"), "a")
    await send(app, Task.tag("x"), "a")
    await app.dispatch(undo(toggled))
    now = await task(app, "a")
    assert (now.done, now.title, now.tags) == (False, "two", ["x"])


async def test_what_was_changed_again_later_is_not_undone_over_it(app):
    await send(app, Task.create(title="one"), "a")
    second = await send(app, Task.update(title="two"), "a")
    await send(app, Task.update(title="three"), "a")
    with pytest.raises(UndoError, match="title of Task 'a' was changed again later"):
        await app.dispatch(undo(second))
    assert (await task(app, "a")).title == "three"


async def test_what_was_undone_is_done_again(app):
    await send(app, Task.create(), "a")
    tagged = await send(app, Task.tag("x"), "a")
    await app.dispatch(undo(tagged))
    assert (await task(app, "a")).tags == []
    await app.dispatch(redo(tagged))
    assert (await task(app, "a")).tags == ["x"]


async def test_an_event_that_changed_several_is_undone_in_all_of_them(app):
    await send(app, Task.create(title="one"), "a")
    await send(app, Task.create(title="two"), "b")
    swapped = await send(app, Task.swap_titles("b"), "a")
    await app.dispatch(undo(swapped))
    assert ((await task(app, "a")).title, (await task(app, "b")).title) == ("one", "two")


async def test_a_deletion_is_undone_with_every_value(app):
    await send(app, Task.create(title="one", price=Decimal("1.50"), due=BEGIN, extra={"a": [1]}), "a")
    before = await task(app, "a")
    deleted = await send(app, Task.delete(), "a")
    await app.dispatch(undo(deleted))
    assert await task(app, "a") == before


async def test_the_change_of_another_program_is_undone_like_any_other(app):
    store = app.persistence.store("sql")
    await send(app, Task.create(title="one"), "a")
    start = await store.position()
    await store.database.write(lambda on: on.exec_driver_sql("UPDATE task SET title = 'theirs' WHERE id = 'a'"))
    await store.wait(start, seconds=2)
    [commit] = (await store.changes(start)).commits
    await send(app, Task.toggle(), "a")
    await app.dispatch(undo(commit.command.id))
    now = await task(app, "a")
    assert (now.title, now.done) == ("one", True)


async def test_every_moment_can_be_read_again(app, clock):
    past = await much_happens(app, clock)
    for seconds, state in enumerate(past, 1):
        at = BEGIN + timedelta(seconds=seconds)
        for id in ("a", "b"):
            assert await app.history.as_of(Task, id, at=at) == state.get(id), (id, seconds)
    assert await app.history.as_of(Task, "a", at=BEGIN) is None


async def test_every_version_can_be_read_again(app, clock):
    await send(app, Task.create(title="0"), "a")
    versions = {}
    for number in range(1, 6):
        await send(app, Task.update(title=f"{number}"), "a")
        stored = await app.load(Task, "a")
        versions[stored.version] = stored.entity
    for version, entity in versions.items():
        assert await app.history.as_of(Task, "a", version=version) == entity
    assert await app.history.as_of(Task, "never", version=1) is None


async def dump(store):
    """Return every row of the entity, the changes and the log, but for what names this very database."""

    def look(connection):
        rows = connection.exec_driver_sql("SELECT * FROM task ORDER BY id").all()
        changes = connection.exec_driver_sql("SELECT * FROM starmodel_change ORDER BY number, place").all()
        names = "number, command_id, entity, entity_id, event, actor, at, fingerprint, command, recorded, answer"
        log = connection.exec_driver_sql(f"SELECT {names} FROM starmodel_log ORDER BY number").all()
        return [[tuple(map(repr, row)) for row in table] for table in (rows, changes, log)]

    return await store.database.read(look)


async def test_a_replay_into_an_empty_store_gives_the_same_row_for_row(app, clock, tmp_path):
    await much_happens(app, clock)
    store = app.persistence.store("sql")
    commits = (await store.changes(Position((await store.position()).epoch, 0))).commits
    again = FakeClock(BEGIN + timedelta(days=9))
    empty = SQLRepo(f"sqlite:///{tmp_path}/again.db", clock=again)
    async with application(Task, stores={"sql": empty}, clock=again) as second:
        assert await second.history.replay(commits, second.dispatcher) == len(commits)
        if store.url.is_sqlite:
            assert await dump(empty) == await dump(store)
        else:  # values are written in another way there
            assert await readable(second) == await readable(app)


async def readable(app):
    page = await app.find(Task, order=["id"])
    store = app.persistence.store("sql")
    changes = (await store.changes(Position((await store.position()).epoch, 0))).commits
    seen = [(one.position.number, one.command, one.changes, one.recorded, one.answer, one.at) for one in changes]
    return page.items, seen
