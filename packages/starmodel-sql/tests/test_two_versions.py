"""Two versions of the code at once on one database, as while one takes over from the other."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from enum import Enum
from typing import Annotated, Any

import pytest
from sqlalchemy import NullPool, String, create_engine, text
from sqlmodel import Field

from starmodel.adapters.persistence.sqlmodel import BaseTable, SQLRepo
from starmodel.adapters.persistence.sqlmodel.errors import SchemaError, UnreadableError
from starmodel.adapters.persistence.sqlmodel.migrations.service import Migrator
from starmodel.app import Application
from starmodel.core import Command, Entity, Secret
from starmodel.core.changes import Position
from starmodel.core.errors import StoreError, UndoError
from starmodel.core.marks import Indexed, Was
from starmodel.testing import PlainCodec


def todo(base=(Entity,), /, *, config=None, table=None, **fields):
    """Return a version of the class Todo with *fields* as (annotation, default)."""
    body = {"__annotations__": {name: kind for name, (kind, *_) in fields.items()}, "__module__": __name__}
    body |= {"model_config": {"store": "sql", **(config or {})}} if table is None else {}
    defaults = {name: rest[0] for name, (_, *rest) in fields.items() if rest}
    return type("Todo", base, {**body, **defaults}, **({} if table is None else {"table": table}))


class Color(Enum):
    RED = "red"


class MoreColor(Enum):
    RED = "red"
    GREEN = "green"


class Label(Entity):
    text: str = ""
    model_config = {"store": "sql"}


BEFORE = todo(title=(str,), count=(int, 0))
AFTER = todo(title=(str,), count=(int, 0), rank=(Annotated[int, Indexed()], 5), note=(str | None, None))


class World:
    """A database, the revisions of a project, and what both versions do with them."""

    def __init__(self, url, folder):
        self.url, self.folder = url, folder

    def migrator(self, *kinds):
        store = SQLRepo(self.url)
        for kind in kinds:
            store.tables.of(kind)
        return Migrator(store, self.folder)

    async def migrate(self, *kinds, **options):
        """Make a revision for a version and apply it, as a program of its own would; return what *up* says."""
        migrator = self.migrator(*kinds)
        await asyncio.to_thread(migrator.make, **options)
        return await asyncio.to_thread(migrator.up)

    @asynccontextmanager
    async def running(self, *kinds, url=None):
        store = SQLRepo(url or self.url, schema="check")
        async with Application(kinds, codec=PlainCodec(), stores={"sql": store}) as app:
            yield app

    async def execute(self, *statements):
        """Do what another program does, and return the rows of its last statement."""

        def work():
            engine = create_engine(self.url.replace("postgresql://", "postgresql+psycopg://"), poolclass=NullPool)
            with engine.begin() as connection:
                last = [connection.execute(text(one)) for one in statements][-1]
                return last.all() if last.returns_rows else []

        return await asyncio.to_thread(work)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.long)])
def world(request, tmp_path):
    return World(request.getfixturevalue(f"{request.param}_url"), tmp_path / "migrations")


async def send(app, event, id=None, /, **args):
    done = await app.dispatch(Command(entity="Todo", event=event, args=args, entity_id=id))
    return done.command.id


async def undo(app, command):
    await send(app, "undo", command=command)


async def read(app, id):
    [kind] = [kind for kind in app.catalog if kind.__name__ == "Todo"]
    return (await app.load(kind, id)).entity


async def log(app):
    store = app.persistence.store("sql")
    changes = await store.changes(Position((await store.position()).epoch, 0))
    assert not changes.gap
    return changes.commits


async def heard(app, count):
    """Return the next *count* commits that an open page would be told of."""
    mailbox = app.bus.subscribe()

    async def listen():
        return [commit.changes[0] async for commit, _ in _numbered(mailbox, count)]

    listening = asyncio.ensure_future(listen())
    await asyncio.sleep(0)
    return listening


async def _numbered(mailbox, count):
    number = 0
    async for commit in mailbox:
        number += 1
        yield commit, number
        if number == count:
            return


async def test_the_version_before_writes_and_reads_on_while_the_next_one_takes_over(world):
    await world.migrate(BEFORE)
    async with world.running(BEFORE) as before:
        await send(before, "create", "a", title="one")
        ended = asyncio.Event()

        async def work():
            done = 0
            while not ended.is_set():
                await send(before, "update", "a", count=done + 1)
                done += 1
                assert (await read(before, "a")).count == done
            return done

        working = asyncio.ensure_future(work())
        up = await world.migrate(AFTER, Label)
        assert up.document["breaks"] == []
        async with world.running(AFTER, Label) as after:
            await send(after, "update", "a", rank=7, note="n")
            await asyncio.sleep(0.1)
            ended.set()
            done = await working
            assert done >= 3
            assert (await read(after, "a")) == AFTER(id="a", title="one", count=done, rank=7, note="n")
            assert [len(await log(app)) for app in (before, after)] == [done + 2, done + 2]


@pytest.fixture
async def both(world):
    """Both versions, run side by side."""
    await world.migrate(BEFORE)
    async with world.running(BEFORE) as before:
        await world.migrate(AFTER, Label)
        async with world.running(AFTER, Label) as after:
            yield before, after


async def test_what_the_version_before_makes_has_the_defaults_of_the_next(both):
    before, after = both
    await send(before, "create", "a", title="one")
    assert await read(after, "a") == AFTER(id="a", title="one", rank=5, note=None)
    await send(after, "update", "a", rank=7)
    await send(before, "update", "a", title="two")
    assert await read(after, "a") == AFTER(id="a", title="two", rank=7, note=None)
    assert await read(before, "a") == BEFORE(id="a", title="two")


async def test_each_version_is_told_what_the_other_does_and_can_take_it_back(both):
    before, after = both
    told = [await heard(app, 3) for app in both]
    first = await send(before, "create", "a", title="one")
    await send(after, "update", "a", rank=7, title="two")
    await send(before, "delete", "a")
    for changes in [await asyncio.wait_for(listening, 5) for listening in told]:
        made, changed, gone = changes
        assert (made.after["title"], changed.after["title"], gone.before["title"]) == ("one", "two", "two")
        assert changed.after["rank"] == 7
    deleted = (await log(before))[-1].command.id
    await undo(after, deleted)
    assert (await read(after, "a")).title == "two"
    assert [commit.command.id for commit in await log(after)] == [commit.command.id for commit in await log(before)]
    with pytest.raises(UndoError, match="was changed since it was created"):
        await undo(before, first)


async def test_a_start_of_the_version_before_leaves_the_next_one_its_triggers(world, both):
    before, _ = both
    await send(before, "create", "a", title="one")
    for app in both:
        await app.close()
    async with world.running(BEFORE):
        pass
    for place, version in enumerate((AFTER, BEFORE)):  # which takes it into the log
        await world.execute(f"UPDATE todo SET rank = 9{place} WHERE id = 'a'")
        async with world.running(version) as app:
            await send(app, "update", "a", title=f"two {place}")
    async with world.running(AFTER) as app:
        one, _, two, _ = [commit.changes[0] for commit in (await log(app))[1:]]
    assert (one.after, one.hidden, two.after, two.hidden) == ({"rank": 90}, (), {}, ("rank",))


async def test_the_next_version_replaces_triggers_that_lack_its_fields(world, both):
    before, after = both
    await send(before, "create", "a", title="one")
    secret = todo(title=(Secret[str],), count=(int, 0))
    async with world.running(secret):
        await world.execute("UPDATE todo SET title = 'hidden' WHERE id = 'a'")
        await send(after, "update", "a", rank=1)
        *_, noted, _ = await log(after)
        assert (noted.changes[0].after, noted.changes[0].hidden) == ({}, ("title",))


async def test_a_role_that_only_reads_and_writes_rows_may_start_either_version(postgres_url, tmp_path):
    world = World(postgres_url, tmp_path / "migrations")
    await world.migrate(BEFORE)
    async with world.running(BEFORE):
        await world.migrate(AFTER)
    await world.execute(
        "CREATE ROLE rows_only LOGIN",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO rows_only",
    )
    await world.execute(
        "GRANT USAGE ON SCHEMA public TO rows_only", "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO rows_only"
    )
    try:
        async with (
            world.running(AFTER, url=postgres_url.replace("starmodel@", "rows_only@")) as after,
            world.running(BEFORE, url=postgres_url.replace("starmodel@", "rows_only@")) as before,
        ):
            await send(before, "create", "a", title="one")
            assert (await read(after, "a")).rank == 5
    finally:
        await world.execute("DROP OWNED BY rows_only", "DROP ROLE rows_only")


async def test_what_may_be_longer_now_does_not_stop_the_version_before(world):
    def version(length):
        return todo((Entity, BaseTable), table=True, title=(str, Field(sa_type=String(length))), count=(int, 0))

    await world.migrate(version(10))
    async with world.running(version(10)) as before:
        await send(before, "create", "a", title="one")
        kind = next(iter(before.catalog))
        for _ in range(40):  # until each connection has prepared its statements
            await read(before, "a")
        up = await world.migrate(version(20))
        assert up.document["breaks"] == []
        async with world.running(version(20)) as after, world.running(version(10)):
            await send(after, "update", "a", title="longer than ten")
            for number in range(10):
                await send(before, "update", "a", count=number)
                assert (await read(before, "a")).title == "longer than ten"
                assert len((await before.find(kind)).items) == 1


async def test_a_field_goes_in_two_steps(world):
    await world.migrate(AFTER)
    async with world.running(AFTER) as before:
        await send(before, "create", "a", title="one", rank=7, note="n")
        async with world.running(BEFORE) as after:  # the code without the fields, on the tables with them
            made = await send(after, "create", "b", title="two")
            await send(after, "update", "a", title="three")
            assert await read(before, "a") == AFTER(id="a", title="three", rank=7, note="n")
            assert await read(before, "b") == AFTER(id="b", title="two")
            changed = await send(before, "update", "b", rank=1)
            await send(before, "update", "a", rank=2)
    async with world.running(BEFORE) as after:
        up = await world.migrate(BEFORE, drop=["Todo.rank", "Todo.note"])
        assert up.document["breaks"] == ["todo.rank is missing", "todo.note is missing"]
        await send(after, "update", "b", title="four")
        assert await read(after, "b") == BEFORE(id="b", title="four")
        with pytest.raises(UndoError, match="Todo has no rank any more"):
            await undo(after, changed)
        assert (await log(after))[1].command.id == made


async def test_a_new_name_is_none_for_the_version_before_and_everybody_says_so(world):
    before, after = todo(name=(str,), count=(int, 0)), todo(title=(Annotated[str, Was("name")],), count=(int, 0))
    await world.migrate(before)
    async with world.running(before) as running:
        await send(running, "create", "a", name="one")
        renamed = await send(running, "update", "a", name="two")
        await send(running, "create", "b", name="bye")
        deleted = await send(running, "delete", "b")
        migrator = world.migrator(after)
        said = [migrator.make(), migrator.status(), migrator.up()]
        for report in said:
            assert "code from before cannot run beside this; stop it first" in "\n".join(report.lines)
            assert report.document["breaks"][0] == "todo.name is missing"
        for doing in (read(running, "a"), send(running, "update", "a", name="three")):
            with pytest.raises(StoreError, match=r"start this code's newer version, if the schema is ahead"):
                await doing
    with pytest.raises(SchemaError, match=r"todo.name is missing"):
        async with world.running(before):
            pass
    async with world.running(after) as app:
        assert (await app.history.as_of(after, "a", version=1)).title == "one"
        await undo(app, renamed)
        await undo(app, deleted)
        assert [(await read(app, id)).title for id in "ab"] == ["one", "bye"]


async def test_a_value_of_a_type_from_before_keeps_nobody_from_reading_on(world):
    before, after = todo(title=(str,), count=(str, "0")), todo(title=(str,), count=(int, 0))
    await world.migrate(before)
    async with world.running(before) as running:
        await send(running, "create", "a", title="one", count="many")
        await send(running, "create", "b", title="two", count="some")
        deleted = await send(running, "delete", "b")
        changed = await send(running, "update", "a", count="12")
        await world.execute(
            "UPDATE todo SET count = 'few' WHERE id = 'a'", "UPDATE todo SET count = '13' WHERE id = 'a'"
        )
    up = await world.migrate(after, allow_loss=True)
    assert up.document["breaks"] == ["todo.count is a whole number in the database and text in the code"]
    async with world.running(after) as running:
        await send(running, "update", "a", count=14)
        made, *_, update, few, thirteen, newest = [commit.changes[0] for commit in await log(running)]
        assert (made.after, made.hidden) == ({"id": "a", "title": "one"}, ("count",))
        assert (update.after, update.hidden) == ({}, ("count",))
        assert (few.after, few.hidden, thirteen.after, thirteen.hidden) == ({}, ("count",), {}, ("count",))
        assert (newest.before, newest.after) == ({"count": 13}, {"count": 14})
        with pytest.raises(
            UndoError, match="of another version's type, and so none of count, which cannot be set back"
        ):
            await undo(running, changed)
        await undo(running, deleted)
        assert (await read(running, "b")).count == 0
        assert len(await running.history.timeline(after, "a")) == 5


async def test_a_field_that_is_secret_now_is_so_in_what_was_written_before(world):
    before, after = todo(title=(str,), pin=(str, "")), todo(title=(str,), pin=(Secret[str], ""))
    await world.migrate(before)
    async with world.running(before) as old, world.running(after) as new:
        await send(old, "create", "a", title="one", pin="1234")
        [commit] = await log(new)
        assert (commit.changes[0].after, commit.changes[0].hidden) == ({"id": "a", "title": "one"}, ("pin",))


async def test_a_new_member_of_an_enum_is_unreadable_before_and_does_not_stop_the_log(world):
    before, after = todo(title=(str,), color=(Color, Color.RED)), todo(title=(str,), color=(MoreColor, MoreColor.RED))
    await world.migrate(before)
    async with world.running(before) as old, world.running(after) as new:
        await send(new, "create", "a", title="one", color="green")
        await world.execute(
            "UPDATE todo SET color = 'red' WHERE id = 'a'", "UPDATE todo SET color = 'green' WHERE id = 'a'"
        )
        await send(old, "create", "b", title="two")
        assert [change.changes[0].hidden for change in await log(old)] == [("color",), ("color",), ("color",), ()]
        assert (await read(old, "b")).color is Color.RED
        with pytest.raises(UnreadableError, match="a row holds what is no Color: if a newer version") as caught:
            await read(old, "a")
        assert "green" not in str(caught.value)


def searchable(**fields: Any) -> type[Entity]:
    return todo(config={"search_index": True}, title=(str,), **fields)


async def titles(app, search):
    [kind] = list(app.catalog)
    return [row.entity.title for row in (await app.find(kind, search=search)).items]


async def test_a_search_goes_on_whatever_index_the_other_version_wants(world):
    before, after, without = searchable(), searchable(note=(str, "")), todo(title=(str,), note=(str, ""))
    await world.migrate(before)
    async with world.running(before) as old:
        await send(old, "create", "a", title="needle")
        assert await titles(old, "needle") == ["needle"]
        await world.migrate(after)
        async with world.running(after) as new, world.running(before) as again:
            await send(new, "create", "b", title="thread", note="needle")
            assert await titles(new, "needle") == ["needle", "thread"]
            assert [await titles(app, "needle") for app in (old, again)] == [["needle"], ["needle"]]
            if world.url.startswith("sqlite"):
                by_index = "SELECT rowid FROM starmodel_search_todo WHERE starmodel_search_todo MATCH 'needle'"
                assert len(await world.execute(by_index)) == 2  # those of the next version, which the other left
            async with world.running(without) as unindexed:
                for app in (unindexed, new):
                    assert await titles(app, "needle") == ["needle", "thread"]
                assert await titles(old, "needle") == ["needle"]
