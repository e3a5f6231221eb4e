"""What the store does about its tables when it opens, in development and in production."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Annotated, Any

import pytest
from sqlalchemy import String, inspect, text

from starmodel.adapters.persistence.sqlmodel import SchemaError, SQLRepo
from starmodel.adapters.persistence.sqlmodel.migrations import bring_up, drift, refuse_drift, transaction
from starmodel.adapters.persistence.sqlmodel.migrations.applying import connected
from starmodel.adapters.persistence.sqlmodel.migrations.service import Migrator
from starmodel.adapters.persistence.sqlmodel.schema import is_own
from starmodel.core import Entity
from starmodel.core.marks import Indexed, Reference, Unique, Was
from starmodel.testing.store.base import put


class User(Entity):
    name: str = ""


def todo(**fields: Any) -> type[Entity]:
    """Return a version of the class Todo with *fields*: an annotation, and a default if there is one."""
    annotations = {"title": str, **{name: kind for name, (kind, *_) in fields.items()}}
    defaults = {name: rest[0] for name, (_, *rest) in fields.items() if rest}
    return type("Todo", (Entity,), {"__annotations__": annotations, "__module__": __name__, **defaults})


class Place:
    """A database, and the folder of a project's revisions."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder

    def store(self, *kinds: type[Entity]) -> SQLRepo:
        store = SQLRepo(self.url)
        for kind in (User, *kinds):
            store.tables.of(kind)
        return store

    def opened(self, *kinds: type[Entity], folder: Path | None = None) -> list[str]:
        store = self.store(*kinds)
        metadata = store.tables.metadata
        own = [table for table in metadata.tables.values() if is_own(table.name)]
        with transaction(store.database) as connection:
            return bring_up(connection, metadata, own, folder=folder)

    def drift(self, *kinds: type[Entity]) -> list[str]:
        store = self.store(*kinds)
        with connected(store.database) as connection:
            return drift(connection, store.tables.metadata)

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        with transaction(self.store().database) as connection:
            result = connection.execute(text(statement))
            return [tuple(row) for row in result] if result.returns_rows else []

    def migrator(self, *kinds: type[Entity]) -> Migrator:
        return Migrator(self.store(*kinds), self.folder)


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def place(request, tmp_path):
    return Place(request.getfixturevalue(request.param), tmp_path / "migrations")


def test_an_empty_database_gets_every_table_and_is_then_left_alone(place):
    assert place.opened(todo()) == ["added the table todo", "added the table user"]
    assert place.opened(todo()) == []
    assert place.drift(todo()) == []


class Team(Entity):
    lead_id: Annotated[str | None, Reference("Person", "set_null")] = None


class Person(Entity):
    team_id: Annotated[str | None, Reference(Team)] = None


def test_classes_may_refer_to_each_other(place):
    assert place.opened(Team, Person) == ["added the table person", "added the table team", "added the table user"]
    assert place.opened(Team, Person) == []
    assert place.drift(Team, Person) == []
    keys = inspect(place.store().database.engine).get_foreign_keys
    assert [keys(table)[0]["referred_table"] for table in ("person", "team")] == ["team", "person"]


def test_what_is_new_is_added_to_tables_with_rows(place):
    new = todo(
        note=(str, "it's 100%"),
        rank=(Annotated[int | None, Unique()], None),
        tags=(list[str], ["a"]),
        count=(Annotated[int, Indexed()], 3),
        owner_id=(Annotated[str | None, Reference("User", "set_null")], None),
    )
    place.opened(todo())
    place.execute("INSERT INTO todo (id, title) VALUES ('a', 't')")
    assert place.opened(new) == [
        "added todo.note",
        "added todo.rank",
        "added todo.tags",
        "added todo.count",
        "added todo.owner_id",
        "added the index ix_todo_count",
        "added the index uq_todo_rank",
    ]
    assert place.execute("SELECT note, count FROM todo") == [("it's 100%", 3)]
    assert place.opened(new) == []
    assert place.drift(new) == []
    place.execute("INSERT INTO \"user\" (id) VALUES ('u')")
    place.execute("UPDATE todo SET owner_id = 'u'")
    store = place.store(new)
    with connected(store.database) as connection:
        connection.execute(text("DELETE FROM \"user\" WHERE id = 'u'"))
    assert place.execute("SELECT owner_id FROM todo") == [(None,)]


def test_without_any_revision_what_needs_one_says_that_another_comes_first(place):
    place.opened(todo(owner_id=(str, "")), folder=place.folder)
    with pytest.raises(SchemaError, match=r"made without a revision.*\n?.*take the change back"):
        place.opened(todo(owner_id=(Annotated[str | None, Reference("User", "set_null")], None)), folder=place.folder)


def test_a_marked_rename_keeps_the_data(place):
    place.opened(todo(name=(str,)))
    place.execute("INSERT INTO todo (id, title, name) VALUES ('a', 't', 'kept')")
    assert place.opened(todo(label=(Annotated[str, Was("name")],))) == ["renamed todo.name to label"]
    assert place.execute("SELECT label FROM todo") == [("kept",)]


def test_what_looks_like_a_rename_is_refused_and_nothing_is_done(place):
    place.opened(todo(name=(str, "")))
    with pytest.raises(SchemaError) as refused:
        place.opened(todo(label=(str, ""), other=(int, 1)))
    assert 'write label: Annotated[..., Was("name")]' in str(refused.value)
    assert "starmodel migrate make --drop todo.name" in str(refused.value)
    assert "todo.other is missing" in place.drift(todo(other=(int, 1)))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ({}, {"rank": (int,)}, "todo.rank is new and required: give it a default in the class"),
        ({"rank": (str,)}, {"rank": (int,)}, " in the database and BIGINT in the code"),
        (
            {"rank": (int,)},
            {"rank": (int | None, None)},
            "todo.rank is required by the database and optional in the code",
        ),
        ({"rank": (int,)}, {}, "todo.rank is required by the database and unknown to the code"),
        (
            {"rank": (str, "")},
            {"rank": (Annotated[str | None, Reference("User")], None)},
            "todo.rank does not refer to user",
        ),
    ],
)
def test_what_is_not_an_addition_needs_a_revision(place, old, new, words):
    place.opened(todo(**old))
    with pytest.raises(SchemaError) as refused:
        place.opened(todo(**new))
    assert words in str(refused.value)
    assert "starmodel migrate make, then starmodel migrate up" in str(refused.value)


def test_what_the_code_no_longer_knows_is_left_where_it_is(place):
    place.opened(todo(note=(str, "x")))
    assert place.opened(todo()) == ["left todo.note, which the code does not know, as it is"]
    assert place.drift(todo()) == []


def test_rows_that_are_not_unique_are_told(place):
    place.opened(todo(number=(int, 1)))
    place.execute("INSERT INTO todo (id, title) VALUES ('a', 't'), ('b', 't')")
    with pytest.raises(SchemaError, match=r"todo holds the same number more than once"):
        place.opened(todo(number=(Annotated[int, Unique()], 1)))


def test_missing_tables_and_columns_are_drift(place):
    assert place.drift(todo()) == ["the table todo is missing", "the table user is missing"]
    place.opened(todo())
    assert place.drift(todo(note=(str, ""))) == ["todo.note is missing"]


def test_production_says_what_does_not_fit(place):
    place.opened(todo())
    store = place.store(todo(note=(str, "")))
    with (
        connected(store.database) as connection,
        pytest.raises(SchemaError, match=r"behind or ahead of the code:\n  todo.note is missing\n.* migrate up"),
    ):
        refuse_drift(connection, store.tables.metadata)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ((str | None, None), (str, ""), "todo.note may be empty in the database and is required in the code"),
        (
            (Annotated[str, String(9)], ""),
            (Annotated[str, String(5)], ""),
            "in the database and VARCHAR(5) in the code",
        ),
    ],
)
def test_a_column_that_takes_more_than_the_code_is_refused_unless_the_database_is_ahead(
    place, tmp_path, old, new, words
):
    before = place.migrator(todo(note=old))
    before.make("first")
    before.up()
    store = place.store(todo(note=new))
    with connected(store.database) as connection:
        with pytest.raises(SchemaError) as refused:
            refuse_drift(connection, store.tables.metadata, folder=place.folder)
        assert words in str(refused.value)
        refuse_drift(connection, store.tables.metadata, folder=tmp_path / "of a version before")
    assert any(words in line for line in place.migrator(todo(note=new)).check().lines)


def test_tables_that_development_made_are_ahead_of_no_code(place):
    place.opened(todo(note=(str | None, None)))
    store = place.store(todo(note=(str, "")))
    with connected(store.database) as connection, pytest.raises(SchemaError, match=r"todo\.note may be empty"):
        refuse_drift(connection, store.tables.metadata)


def test_tables_of_other_programs_are_no_drift(place):
    place.opened(todo())
    place.execute("CREATE TABLE theirs (id INTEGER)")
    assert place.drift(todo()) == []
    assert place.opened(todo()) == []


def test_an_empty_database_begins_with_the_revisions(place):
    place.migrator(todo()).make("first")
    done = place.opened(todo(), folder=place.folder)
    assert [line.partition(" ")[0] for line in done] == ["applied"]
    assert place.migrator(todo()).check().ok


def test_a_revision_that_is_still_to_be_applied_is_named(place):
    first = place.migrator(todo(name=(str, "")))
    first.make("first")
    first.up()
    place.migrator(todo(label=(str, ""))).make("rename it", rename=["Todo.name=label"])
    with pytest.raises(
        SchemaError, match=r"revisions are still to be applied:\n  .* rename it\napply them: starmodel migrate up"
    ):
        place.opened(todo(label=(str, "")), folder=place.folder)


def test_what_development_added_is_marked_and_not_made_again(place):
    place.execute("CREATE TABLE theirs (id INTEGER)")
    place.opened(todo())
    place.execute("INSERT INTO todo (id, title) VALUES ('a', 't')")
    place.migrator(todo()).make("first")
    report = place.migrator(todo()).up()
    assert "is there already: development added its tables" in report.lines[0]
    assert place.migrator(todo()).check().ok
    place.opened(todo(note=(str, "x")), folder=place.folder)
    place.migrator(todo(note=(str, "x"))).make("second")
    assert place.opened(todo(note=(str, "x")), folder=place.folder) == []
    assert place.migrator(todo(note=(str, "x"))).up().document["pending"] == []
    place.migrator(todo(note=(str, "x"))).down("base")


def test_several_that_open_an_empty_database_at_once_all_succeed(place):
    problems: list[BaseException] = []
    together = threading.Barrier(4)
    store_of = [place.store(todo()) for _ in range(4)]

    def open_it(store: SQLRepo) -> None:
        metadata = store.tables.metadata
        own = [table for table in metadata.tables.values() if is_own(table.name)]
        together.wait()
        try:
            with transaction(store.database) as connection:
                bring_up(connection, metadata, own)
        except BaseException as error:  # noqa: BLE001  (told below)
            problems.append(error)

    threads = [threading.Thread(target=open_it, args=(store,)) for store in store_of]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert place.drift(todo()) == []


async def test_two_callers_may_be_the_first_to_ask_for_a_class(place):
    store = SQLRepo(place.url)
    await store.open()
    assert await asyncio.gather(store.get(User, "a"), store.get(User, "b")) == [None, None]
    await store.close()


def test_of_a_missing_table_only_that_is_said(place):
    assert place.drift(todo(number=(Annotated[int | None, Unique()], None))) == [
        "the table todo is missing",
        "the table user is missing",
    ]


async def test_a_role_that_owns_no_table_may_serve_what_its_owner_has_opened_once(postgres_url):
    owner = SQLRepo(postgres_url)
    await owner.open([User])
    await owner.close()
    with transaction(owner.database) as connection:
        for statement in (
            "DROP ROLE IF EXISTS waiter",
            "CREATE ROLE waiter LOGIN",
            "GRANT USAGE ON SCHEMA public TO waiter",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO waiter",
            "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO waiter",
        ):
            connection.exec_driver_sql(statement)
    served = SQLRepo(postgres_url.replace("starmodel@", "waiter@"), schema="check")
    await served.open([User])
    await put(served, User(id="a", name="Ann"))
    start = await served.position()
    with transaction(owner.database) as connection:
        connection.exec_driver_sql("UPDATE \"user\" SET name = 'Bea'")
    await served.wait(start, seconds=2)
    assert [commit.command.actor for commit in (await served.changes(start)).commits] == ["database"]
    await served.close()


async def test_a_start_in_production_that_is_refused_leaves_no_empty_file(tmp_path):
    file = tmp_path / "shop.db"
    store = SQLRepo(f"sqlite:///{file}", schema="check")
    with pytest.raises(SchemaError, match=r"the table user is missing"):
        await store.open([User])
    await store.close()
    migrator = Place(f"sqlite:///{file}", tmp_path / "migrations").migrator()
    assert migrator.status().lines[-1] == "There is no revision yet; write the first: starmodel migrate make"
    assert not migrator.check().ok
    assert [*tmp_path.iterdir()] == []
    migrator.make("first")
    migrator.up()
    again = SQLRepo(f"sqlite:///{file}", schema="check", migrations=tmp_path / "migrations")
    await again.open([User])
    await put(again, User())
    await again.close()
