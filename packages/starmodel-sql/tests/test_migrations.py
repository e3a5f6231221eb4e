"""Revisions on real databases: made from what the classes changed, tried on a copy, applied, and taken back."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import pytest
from sqlalchemy import NullPool, create_engine, inspect, text
from sqlmodel import Field

from starmodel.adapters.persistence.sqlmodel import BaseTable, SQLRepo, search
from starmodel.adapters.persistence.sqlmodel.migrations import (
    ChoiceNeededError,
    MigrationError,
    TrialFailedError,
    bring_up,
    drift,
    transaction,
)
from starmodel.adapters.persistence.sqlmodel.migrations.applying import overtaken
from starmodel.adapters.persistence.sqlmodel.migrations.service import Migrator
from starmodel.core import Entity
from starmodel.core.errors import StoreError
from starmodel.core.marks import Indexed, Reference, Unique, Was

ROWS = 1_200
"""More than a trial on Postgres takes along."""


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class User(Entity):
    name: str = ""


class Todo(Entity):
    title: str
    done: bool = False
    count: int = 0
    tags: list[str] = ["a"]
    color: Color = Color.RED
    price: Decimal = Decimal("1.50")
    at: datetime = datetime(2020, 1, 1, tzinfo=UTC)
    due: Annotated[date | None, Indexed()] = None
    number: Annotated[int | None, Unique()] = None
    owner_id: Annotated[str | None, Reference("User", "set_null")] = None


class Team(Entity):
    lead_id: Annotated[str | None, Reference("Person", "set_null")] = None


class Person(Entity):
    team_id: Annotated[str | None, Reference(Team)] = None


class Badge(Entity):
    whose: Annotated[str, Reference(Person)]


def todo(**fields: Any) -> type[Entity]:
    """Return another version of the class Todo: its title, and *fields* as (annotation, default)."""
    annotations = {"title": str, **{name: kind for name, (kind, *_) in fields.items()}}
    defaults = {name: rest[0] for name, (_, *rest) in fields.items() if rest}
    return type("Todo", (Entity,), {"__annotations__": annotations, "__module__": __name__, **defaults})


@dataclass
class Project:
    url: str
    folder: Path

    def migrator(self, *kinds: type[Entity]) -> Migrator:
        store = SQLRepo(self.url)
        for kind in kinds:
            store.tables.of(kind)
        return Migrator(store, self.folder)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with self.engine().connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement))]

    def execute(self, *statements: str) -> None:
        with self.engine().begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    def engine(self):
        return create_engine(self.url.replace("postgresql://", "postgresql+psycopg://"), poolclass=NullPool)

    @property
    def newest(self) -> str:
        return max(self.folder.glob("*.py"), key=lambda file: file.stat().st_mtime_ns).read_text()

    def fill(self, columns: str, values: str, rows: int = ROWS) -> None:
        """Insert *rows* rows; in *values* ``i`` is their number."""
        numbers = (
            f"WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < {rows}) "
            f"INSERT INTO todo (id, {columns}) "
        )
        if self.url.startswith("sqlite"):
            self.execute(f"{numbers}SELECT 'id' || i, {values} FROM r WHERE 1")
        else:
            self.execute(
                f"INSERT INTO todo (id, {columns}) SELECT 'id' || i, {values} FROM generate_series(1, {rows}) r(i)"
            )


@pytest.fixture(params=["sqlite_url", pytest.param("postgres_url", marks=pytest.mark.long)])
def project(request, tmp_path):
    return Project(request.getfixturevalue(request.param), tmp_path / "migrations")


@pytest.fixture
def on_sqlite(sqlite_url, tmp_path):
    return Project(sqlite_url, tmp_path / "migrations")


def grown(project: Project, *versions: type[Entity], columns: str, values: str, **options: Any) -> Migrator:
    """Bring the database to the first version, fill it, and go to the second."""
    first = project.migrator(versions[0])
    first.make("first")
    first.up()
    project.fill(columns, values)
    second = project.migrator(versions[1])
    second.make("second", **options)
    second.up()
    return second


def test_a_first_revision_makes_the_tables_and_fits_the_code(project):
    migrator = project.migrator(User, Todo)
    assert migrator.make("first").document["steps"] == [
        "add user",
        "add todo",
        "index todo by due",
        "index todo by number",
    ]
    assert len(migrator.up().document["applied"]) == 1
    assert migrator.check().ok
    assert migrator.make().document["revision"] is None


def test_a_revision_imports_no_class_of_the_application(project):
    project.migrator(User, Todo).make("first")
    assert "Color" not in project.newest
    assert (
        "sa.Column('color', st.Words(), server_default=sa.literal('red', st.Words()), nullable=False)" in project.newest
    )
    assert "sa.Column('tags', st.PlainJson()" in project.newest


def test_defaults_in_the_database_are_those_of_the_class(project):
    migrator = project.migrator(User, Todo)
    migrator.make("first")
    migrator.up()
    project.execute("INSERT INTO todo (id, title) VALUES ('a', 't')")
    [(done, count, tags, color, price)] = project.rows("SELECT done, count, tags, color, price FROM todo")
    tags = json.loads(tags) if isinstance(tags, str) else tags
    assert (bool(done), count, tags, color, Decimal(price)) == (False, 0, ["a"], "red", Decimal("1.50"))


@pytest.mark.parametrize("way", ["mark", "option"])
def test_a_renamed_field_keeps_its_data_there_and_back(project, way):
    mark = Annotated[str, Was("name")] if way == "mark" else str
    options = {} if way == "mark" else {"rename": ["Todo.name=label"]}
    started = time.perf_counter()
    migrator = grown(
        project, todo(name=(str,)), todo(label=(mark,)), columns="title, name", values="'t', 'n' || i", **options
    )
    assert project.rows("SELECT count(*), min(label) FROM todo") == [(ROWS, "n1")]
    migrator.down()
    assert project.rows("SELECT count(*), min(name) FROM todo") == [(ROWS, "n1")]
    migrator.up()
    assert migrator.check().ok
    assert "drop" not in project.newest
    assert time.perf_counter() - started < 20


def test_a_rename_takes_its_index_along(project):
    old, new = Annotated[int, Unique(), Indexed("both")], Annotated[int, Unique(), Indexed("both"), Was("first")]
    migrator = grown(project, todo(first=(old, 0)), todo(second=(new, 0)), columns="title, first", values="'t', i")
    assert migrator.check().ok
    migrator.down()
    assert project.rows("SELECT max(first) FROM todo") == [(ROWS,)]


def test_a_renamed_entity_keeps_its_table(project):
    first = project.migrator(User, Todo)
    first.make("first")
    first.up()
    project.fill("title", "'t' || i", 10)
    new = type("Task", (Todo,), {"__module__": __name__})
    second = project.migrator(User, new)
    with pytest.raises(
        ChoiceNeededError, match=r"If it was renamed: --rename todo=Task. If it is another: --drop todo"
    ):
        second.make()
    second.make(rename=["Todo=Task"])
    second.up()
    assert project.rows("SELECT count(*) FROM task") == [(10,)]
    assert second.check().ok
    second.down()
    assert project.rows("SELECT count(*) FROM todo") == [(10,)]


def test_what_looks_like_a_rename_is_asked_about(project):
    first = project.migrator(todo(name=(str,)))
    first.make("first")
    with pytest.raises(ChoiceNeededError) as asked:
        project.migrator(todo(label=(str, ""))).make()
    assert "If it was renamed: --rename Todo.name=label" in str(asked.value)
    assert 'Annotated[..., Was("name")]' in str(asked.value)
    assert "If it is another: --drop Todo.name" in str(asked.value)
    assert len(list(project.folder.glob("*.py"))) == 1


def test_what_may_be_a_rename_asks_one_question_which_answers_all(project):
    project.migrator(todo(name=(str,))).make("first")
    with pytest.raises(ChoiceNeededError) as asked:
        project.migrator(todo(label=(str,))).make()
    assert str(asked.value).endswith("If it is another: --drop Todo.name --default Todo.label=...")
    assert "required" not in str(asked.value)
    project.migrator(todo(label=(str,))).make(drop=["Todo.name"], default=["Todo.label=none"])


def test_a_field_that_is_dropped_has_to_be_named_and_comes_back_empty(project):
    first = project.migrator(todo(note=(str,)))
    first.make("first")
    first.up()
    project.fill("title, note", "'t', 'n'")
    second = project.migrator(todo())
    with pytest.raises(ChoiceNeededError, match=rf"the values of {ROWS} rows would be lost: --drop Todo.note"):
        second.make()
    lines = second.make(drop=["Todo.note"]).lines
    assert f"  ⚠ this loses Todo.note, with the values of {ROWS} rows" in lines
    second.up()
    assert second.check().ok
    second.down()
    assert project.rows("SELECT count(*), max(note) FROM todo") == [(ROWS, "")]
    with project.engine().connect() as connection:
        assert drift(connection, first._metadata) == []


def test_a_dropped_entity_has_to_be_named(project):
    first = project.migrator(User, Todo)
    first.make("first")
    first.up()
    project.fill("title", "'t'", 3)
    second = project.migrator(User)
    with pytest.raises(ChoiceNeededError, match=r"todo is gone: its table goes too, with 3 rows: --drop todo"):
        second.make()
    second.make(allow_loss=True)
    second.up()
    assert second.check().ok
    second.down()
    assert project.rows("SELECT count(*) FROM todo") == [(0,)]


def test_classes_that_refer_to_each_other_come_and_go_and_come_back(project):
    def keys():
        kinds = ("badge", "person", "team")
        return {one["name"] for kind in kinds for one in inspect(project.engine()).get_foreign_keys(kind)}

    first = project.migrator(Team, Person, Badge)
    steps = first.make("first").document["steps"]
    assert steps[:2] == ["add person", "add team"]
    assert {"let person.team_id refer to team", "let team.lead_id refer to person", "add badge"} <= set(steps)
    first.up()
    assert first.check().ok
    assert keys() == {"fk_badge_whose", "fk_person_team_id", "fk_team_lead_id"}
    project.execute(
        "INSERT INTO team (id, lead_id) VALUES ('t', 'p')", "INSERT INTO person (id, team_id) VALUES ('p', 't')"
    )
    project.execute("INSERT INTO badge (id, whose) VALUES ('b', 'p')")
    second = project.migrator(User)
    second.make("second", allow_loss=True)
    second.up()
    assert second.check().ok
    second.down()
    assert keys() == {"fk_badge_whose", "fk_person_team_id", "fk_team_lead_id"}
    second.down()
    assert not inspect(project.engine()).has_table("person")


def test_added_fields_have_defaults_that_older_code_needs_not_know(project):
    new = todo(
        note=(str, "x"),
        rank=(int | None, None),
        tags=(list[str], []),
        owner_id=(Annotated[str | None, Reference("User")], None),
    )
    first = project.migrator(User, todo())
    first.make("first")
    first.up()
    project.fill("title", "'t'")
    second = project.migrator(User, new)
    second.make("second")
    second.up()
    project.execute("INSERT INTO todo (id, title) VALUES ('older', 't')")
    assert project.rows("SELECT count(*) FROM todo WHERE note = 'x' AND rank IS NULL") == [(ROWS + 1,)]
    assert second.check().ok
    with project.engine().connect() as connection:
        assert drift(connection, first._metadata) == [], "the code before runs besides"
    second.down()
    assert project.rows("SELECT count(*) FROM todo") == [(ROWS + 1,)]


def test_a_new_required_field_asks_what_rows_get(project):
    first = project.migrator(todo())
    first.make("first")
    first.up()
    project.fill("title", "'t'", 10)
    second = project.migrator(todo(rank=(int,)))
    with pytest.raises(ChoiceNeededError, match=r"Todo.rank is new and required: .* --default Todo.rank="):
        second.make()
    with pytest.raises(MigrationError, match=r"--default Todo.rank=many is not a whole number"):
        second.make(default=["Todo.rank=many"])
    second.make(default=["Todo.rank=7"])
    second.up()
    assert project.rows("SELECT sum(rank) FROM todo") == [(70,)]
    assert second.check().ok


@pytest.mark.parametrize("way", ["option", "field"])
def test_a_field_that_becomes_required_fills_what_is_empty(project, way):
    new = todo(note=(str,)) if way == "option" else todo(note=(str, "none"))
    first = project.migrator(todo(note=(str | None, None)))
    first.make("first")
    first.up()
    project.fill("title, note", "'t', CASE WHEN i > 5 THEN 'given' END", 10)
    second = project.migrator(new)
    if way == "option":
        with pytest.raises(ChoiceNeededError, match=r"Todo.note is required now: .* --default Todo.note="):
            second.make()
    second.make(default=["Todo.note=none"] if way == "option" else [])
    second.up()
    assert project.rows("SELECT note, count(*) FROM todo GROUP BY note ORDER BY note") == [("given", 5), ("none", 5)]
    assert second.check().ok
    second.down()
    project.execute("INSERT INTO todo (id, title, note) VALUES ('free', 't', NULL)")


def test_a_default_that_a_field_gets_is_one_of_the_database_too(project):
    migrator = grown(project, todo(note=(str,)), todo(note=(str, "x")), columns="title, note", values="'t', 'n'")
    project.execute("INSERT INTO todo (id, title) VALUES ('older', 't')")
    assert project.rows("SELECT note, count(*) FROM todo GROUP BY note ORDER BY note") == [("n", ROWS), ("x", 1)]
    without = project.migrator(todo(note=(str,)))
    assert without.make().document["revision"] is None, "a default that only the database has does no harm"
    assert migrator.check().ok


def test_every_kind_of_field_can_be_dropped_and_comes_back_as_what_it_was(project):
    kinds = [str, int, float, bool, bytes, Decimal, date, datetime, clock, timedelta, UUID, list[str], Color]
    fields = {f"f{number}": (kind | None, None) for number, kind in enumerate(kinds)}
    migrator = grown(project, todo(**fields), todo(), columns="title", values="'t'", allow_loss=True)
    migrator.down()
    with project.engine().connect() as connection:
        assert drift(connection, project.migrator(todo(**fields))._metadata) == []


CONVERSIONS = [
    (int, str, "i", "min(value)", "1", ""),
    (str, list[str] | dict[str, str] | str, "'text'", "count(*)", ROWS, ""),
    (bool, int, "i % 2 = 0", "sum(value)", ROWS // 2, ""),
    (str, int, "CAST(i AS TEXT)", "sum(value)", ROWS * (ROWS + 1) // 2, "lossy"),
    (str, date, "'2026-01-02'", "CAST(min(value) AS TEXT)", "2026-01-02", "lossy"),
    (int, Decimal, "i", "count(*)", ROWS, ""),
]


@pytest.mark.parametrize(("old", "new", "value", "question", "answer", "lossy"), CONVERSIONS)
def test_a_changed_type_takes_the_values_along_and_back(project, old, new, value, question, answer, lossy):
    first = project.migrator(todo(value=(old,)))
    first.make("first")
    first.up()
    project.fill("title, value", f"'t', {value}")
    before = project.rows("SELECT id, value FROM todo ORDER BY id")
    second = project.migrator(todo(value=(new,)))
    if lossy:
        with pytest.raises(ChoiceNeededError, match=r"may lose something: --allow-loss"):
            second.make()
    second.make("second", allow_loss=bool(lossy))
    second.up()
    assert second.check().ok
    [(found,)] = project.rows(f"SELECT {question} FROM todo")
    assert found == answer
    second.down()
    assert project.rows("SELECT id, value FROM todo ORDER BY id") == before


def test_a_changed_type_changes_its_default_too(project):
    migrator = grown(project, todo(value=(int, 5)), todo(value=(str, "five")), columns="title", values="'t'")
    project.execute("INSERT INTO todo (id, title) VALUES ('new', 't')")
    assert project.rows("SELECT value, count(*) FROM todo GROUP BY value ORDER BY value") == [("5", ROWS), ("five", 1)]
    assert migrator.check().ok


def test_a_revision_of_which_development_has_added_a_part_says_what_to_do(project):
    store = SQLRepo(project.url)
    store.tables.of(todo(note=(str, "")))
    with transaction(store.database) as connection:
        bring_up(connection, store.tables.metadata, store._own.tables)
    migrator = project.migrator(todo(note=(str, ""), rank=(int,)))
    migrator.make("first")
    with pytest.raises((TrialFailedError, MigrationError), match=r"nothing was applied: .* added a part of the"):
        migrator.up()


def test_values_that_do_not_fit_stop_everything(project):
    first = project.migrator(todo(value=(str,)))
    first.make("first")
    first.up()
    project.fill("title, value", "'t', 'word'", 10)
    second = project.migrator(todo(value=(int,)))
    second.make("second", allow_loss=True)
    with pytest.raises(
        TrialFailedError, match=r"nothing was applied: on a copy of the database, up failed: .*(id1|word)"
    ):
        second.up()
    assert project.rows("SELECT count(*) FROM todo WHERE value = 'word'") == [(10,)]
    assert len(second.status().document["pending"]) == 1


def test_a_revision_that_cannot_be_taken_back_is_not_applied(project):
    first = project.migrator(todo())
    first.make("first")
    first.up()
    second = project.migrator(todo(note=(str, "")))
    path = Path(second.make("second").document["revision"])
    path.write_text(path.read_text().replace("batch_op.drop_column('note')", "batch_op.drop_column('nothing')"))
    with pytest.raises(TrialFailedError, match=r"down failed"):
        project.migrator(todo(note=(str, ""))).up()
    with pytest.raises(Exception, match=r"note"):
        project.rows("SELECT note FROM todo")
    second = project.migrator(todo(note=(str, "")))
    assert second.up(trial=False).document["applied"]


def test_a_revision_that_cannot_be_applied_again_after_it_was_taken_back_is_not_applied(project):
    first = project.migrator(todo())
    first.make("first")
    first.up()
    path = Path(project.migrator(todo(note=(str, ""))).make("second").document["revision"])
    kept = "def upgrade() -> None:\n"
    assert kept in path.read_text()
    path.write_text(path.read_text().replace(kept, f"{kept}    op.execute('CREATE TABLE left_over (id INTEGER)')\n"))
    with pytest.raises(TrialFailedError, match=r"up again failed"):
        project.migrator(todo(note=(str, ""))).up()
    with pytest.raises(Exception, match=r"left_over"):
        project.rows("SELECT id FROM left_over")


def test_a_failure_half_way_leaves_the_database_as_it_was(project):
    first = project.migrator(todo())
    first.make("first")
    first.up()
    second = project.migrator(todo(note=(str, "")))
    path = Path(second.make("second").document["revision"])
    path.write_text(
        path.read_text().replace(
            "\n\n\ndef downgrade", "\n    op.execute('INSERT INTO nowhere VALUES (1)')\n\n\ndef downgrade"
        )
    )
    with pytest.raises(StoreError, match=r"nowhere"):
        project.migrator(todo(note=(str, ""))).up(trial=False)
    with pytest.raises(Exception, match=r"note"):
        project.rows("SELECT note FROM todo")


def test_the_trial_leaves_nothing_behind(project, tmp_path):
    before = {path.name for path in tmp_path.iterdir()}
    grown(project, todo(), todo(note=(str, "")), columns="title", values="'t'")
    assert {path.name for path in tmp_path.iterdir()} - before <= {
        "test.db",
        "test.db-wal",
        "test.db-shm",
        "migrations",
    }
    if project.url.startswith("postgres"):
        assert project.rows("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'starmodel%'") == [(0,)]


def test_references_survive_when_a_table_is_made_anew(project):
    class User(Entity):
        name: int

    class Newer(Entity):
        model_config = {"namespace": "User"}
        name: str

    first = project.migrator(User, Todo)
    first.make("first")
    first.up()
    project.execute(
        "INSERT INTO \"user\" (id, name) VALUES ('u', 1)",
        "INSERT INTO todo (id, title, owner_id) VALUES ('a', 't', 'u')",
    )
    second = project.migrator(Newer, Todo)
    second.make("second")
    second.up()
    assert project.rows("SELECT owner_id FROM todo") == [("u",)]
    second.down()
    assert project.rows("SELECT owner_id FROM todo") == [("u",)]


def test_broken_references_are_not_let_through(on_sqlite):
    first = on_sqlite.migrator(User, Todo)
    first.make("first")
    first.up()
    on_sqlite.execute("INSERT INTO todo (id, title, owner_id) VALUES ('a', 't', 'nobody')")
    second = on_sqlite.migrator(
        User, type("Todo", (Todo,), {"__annotations__": {"x": str}, "x": "", "__module__": __name__})
    )
    second.make("second")
    with pytest.raises(TrialFailedError, match=r"1 rows refer to nothing, the first in todo, to user"):
        second.up()


def test_tables_of_other_programs_are_left_alone(project):
    project.execute("CREATE TABLE theirs (id INTEGER PRIMARY KEY, x TEXT)", "INSERT INTO theirs VALUES (1, 'x')")
    migrator = project.migrator(User, Todo)
    migrator.make("first")
    migrator.up()
    assert migrator.check().ok
    migrator.down("base")
    assert project.rows("SELECT x FROM theirs") == [("x",)]


def test_the_store_s_own_tables_are_in_no_revision(project):
    migrator = project.migrator(User, Todo)
    migrator.make("first")
    migrator.up()
    assert "starmodel_" not in project.newest
    assert project.rows("SELECT count(*) FROM starmodel_log") == [(0,)]


def test_a_revision_can_be_named_by_its_beginning_and_by_steps(project):
    one = project.migrator(todo())
    one.make("one")
    two = project.migrator(todo(a=(str, "")))
    two.make("two")
    three = project.migrator(todo(a=(str, ""), b=(str, "")))
    three.make("three")
    first, second, third = [entry["revision"] for entry in three.status().document["pending"]]
    assert three.up(first[:6]).document["at"] == [first]
    assert three.up("+1").document["at"] == [second]
    assert three.up().document["at"] == [third]
    assert three.down("-2").document["at"] == [first]
    assert three.down("base").document["at"] == []
    assert three.down().document["taken_back"] == []


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda migrator: migrator.up("nope"), "there is no revision 'nope'"),
        (lambda migrator: migrator.down("-3"), "3 steps lead out of the 1 revisions"),
        (lambda migrator: migrator.make(rename=["Todo.x"]), "--rename Todo.x is not OLD=NEW"),
        (lambda migrator: migrator.make(rename=["Todo.x=y"]), "the revisions need to have x and not y"),
        (lambda migrator: migrator.make(rename=["Old=New"]), "the revisions need to have a table old"),
        (lambda migrator: migrator.make(default=["Todo=1"]), "names no field"),
    ],
)
def test_mistakes_are_told(on_sqlite, call, words):
    migrator = on_sqlite.migrator(todo())
    migrator.make("first")
    migrator.up()
    with pytest.raises(MigrationError) as caught:
        call(migrator)
    assert words in str(caught.value)


def test_a_database_ahead_of_the_code_is_told(project):
    migrator = project.migrator(todo())
    migrator.make("first")
    migrator.up()
    project.execute("UPDATE alembic_version SET version_num = 'future'")
    for call in (migrator.up, migrator.down, migrator.status, migrator.check):
        with pytest.raises(
            MigrationError, match=r"the database is at revision future, which is not in .* ahead of this code"
        ):
            call()


def test_two_newest_revisions_are_told(on_sqlite):
    first = on_sqlite.migrator(todo())
    first.make("first")
    path = Path(on_sqlite.migrator(todo(a=(str, ""))).make("one").document["revision"])
    path.with_name("other.py").write_text(path.read_text().replace("revision = '", "revision = 'o", 1))
    with pytest.raises(MigrationError, match=r"has 2 newest revisions"):
        on_sqlite.migrator(todo()).make("two")


def test_a_broken_revision_is_told(on_sqlite):
    on_sqlite.folder.mkdir()
    (on_sqlite.folder / "one.py").write_text("def broken(")
    with pytest.raises(MigrationError, match=r"cannot be run: SyntaxError"):
        on_sqlite.migrator(todo()).status()


def test_a_folder_that_cannot_be_written_is_told(on_sqlite):
    on_sqlite.folder.write_text("a file")
    with pytest.raises(MigrationError, match=r"no revision can be written in"):
        on_sqlite.migrator(todo()).make()


def test_a_server_that_is_not_there_is_told_without_its_password(tmp_path):
    project = Project("postgresql://me:secret@127.0.0.1:1/nowhere", tmp_path / "migrations")
    with pytest.raises(StoreError) as caught:
        project.migrator(todo()).status()
    assert "secret" not in str(caught.value)
    assert "see host and port in DATABASE_URL" in str(caught.value)
    assert project.migrator(todo()).make("first").document["revision"]


def test_a_database_in_memory_has_nothing_to_migrate(tmp_path):
    with pytest.raises(MigrationError, match=r"name a file or a server in DATABASE_URL"):
        Project("sqlite://", tmp_path).migrator(todo())


def test_ten_thousand_rows_go_through_every_kind_of_change_and_back(project):
    rows = 10_000
    first = project.migrator(todo(name=(str, ""), count=(str, "0"), old=(str | None, None)))
    first.make("first")
    first.up()
    project.fill("title, name, count, old", "'t' || i, 'n' || i, CAST(i AS TEXT), 'o' || i", rows)
    second = project.migrator(todo(label=(Annotated[str, Was("name")], ""), count=(int, 0), note=(str, "new")))
    second.make("second", drop=["Todo.old"], allow_loss=True)

    second.up()
    kept = sorted((f"id{i}", f"t{i}", f"n{i}", i, "new") for i in range(1, rows + 1))
    assert sorted(project.rows("SELECT id, title, label, count, note FROM todo")) == kept

    second.down()
    back = [(id, title, name, str(count), None) for id, title, name, count, _ in kept]
    assert sorted(project.rows("SELECT id, title, name, count, old FROM todo")) == back


SHELLS = {"sqlite": ["sqlite3"], "postgresql": ["psql", "--no-psqlrc", "--quiet"]}


def in_a_shell(project: Project, script: str) -> str:
    """Run *script* as an administrator would; return what the shell complains of."""
    scheme, _, place = project.url.partition("://")
    command = [*SHELLS[scheme], place.removeprefix("/") if scheme == "sqlite" else project.url]
    if shutil.which(command[0]) is None:
        pytest.skip(f"there is no {command[0]} here")
    return subprocess.run(command, input=script, capture_output=True, text=True, check=False, timeout=30).stderr


async def test_the_sql_of_what_is_pending_does_nothing_until_it_is_run_by_a_shell(project):
    first = project.migrator(todo(note=(str | None, None)))
    first.make("first")
    first.up()
    store = SQLRepo(project.url)
    await store.open([todo(note=(str | None, None))])  # which puts triggers on the table
    await store.close()
    project.fill("title", "'t'", 2)
    second = project.migrator(todo(note=(str, "why? it's"), number=(int, 1)))
    second.make("second")
    shown = second.sql().document["sql"]
    assert len(second.status().document["pending"]) == 1

    assert in_a_shell(project, shown) == ""
    assert project.rows("SELECT note, number FROM todo") == [("why? it's", 1)] * 2
    assert second.sql().document["sql"] == ""
    assert second.check().ok


def test_what_a_shell_cannot_finish_it_does_not_begin(project):
    first = project.migrator(todo())
    first.make("first")
    first.up()
    second = project.migrator(todo(note=(str, "x"), number=(int, 1)))
    second.make("second")
    *most, commit = second.sql().document["sql"].splitlines()

    said = in_a_shell(project, "\n".join([*most, "UPDATE nowhere SET a = 1;", commit]))
    assert "nowhere" in said
    assert len(second.status().document["pending"]) == 1
    second.up()


def test_what_fails_on_a_copy_names_the_original(on_sqlite):
    migrator = on_sqlite.migrator(todo())
    migrator.make("first")
    migrator.up()
    migrator._revisions.write("broken", '    op.execute("UPDATE nowhere SET a = 1")', "    pass", "")
    with pytest.raises(StoreError, match="no such table: nowhere") as caught:
        on_sqlite.migrator(todo()).sql()
    assert str(caught.value).startswith(on_sqlite.url)


def test_a_copy_that_was_left_behind_goes_with_the_next(on_sqlite):
    migrator = on_sqlite.migrator(todo())
    migrator.make("first")
    migrator.up()
    file = Path(on_sqlite.url.removeprefix("sqlite:///"))
    abandoned, in_use = [file.with_name(f".{file.name}.trial-0000000{number}") for number in range(2)]
    for copy in (abandoned, in_use):
        copy.touch()
    os.utime(abandoned, (0, 0))
    migrator._revisions.write("next", "    pass", "    pass", "")
    on_sqlite.migrator(todo()).up()
    assert (abandoned.exists(), in_use.exists()) == (False, True)


def test_drift_is_told(project):
    migrator = project.migrator(User, Todo)
    migrator.make("first")
    migrator.up()
    project.execute("ALTER TABLE todo DROP COLUMN price")
    report = migrator.check()
    assert not report.ok
    assert report.lines == ["the database does not fit the code: todo.price is missing"]


def test_a_data_revision_runs_though_it_changes_no_table(project):
    migrator = project.migrator(todo())
    migrator.make("first")
    migrator.up()
    project.fill("title", "'t'", 2)
    path = migrator._revisions.write("data", "    op.execute(\"UPDATE todo SET title = 'new'\")", "    pass", "")
    assert path.exists()
    assert len(project.migrator(todo()).up().document["applied"]) == 1
    assert project.rows("SELECT DISTINCT title FROM todo") == [("new",)]


def test_a_role_that_may_not_make_a_schema_is_told_that_the_trial_was_left_out(postgres_url, tmp_path):
    owner = Project(postgres_url, tmp_path / "migrations")
    name = postgres_url.rpartition("/")[2]
    owner.execute(
        f"CREATE ROLE r{name} LOGIN",
        f"REVOKE CREATE ON DATABASE {name} FROM PUBLIC",
        f"GRANT CREATE, USAGE ON SCHEMA public TO r{name}",
    )
    limited = Project(postgres_url.replace("starmodel@", f"r{name}@"), owner.folder)
    migrator = limited.migrator(todo())
    migrator.make("first")
    assert migrator.up().lines[0] == "⚠ the trial on a copy was left out: this role may not create a schema"
    assert migrator.check().ok
    owner.execute(f"DROP OWNED BY r{name}", f"DROP ROLE r{name}")


def test_a_migration_does_not_wait_for_a_lock_for_ever(postgres_url, tmp_path, monkeypatch):
    from starmodel.adapters.persistence.sqlmodel.migrations import applying

    monkeypatch.setattr(applying, "PATIENCE", "200ms")
    project = Project(postgres_url, tmp_path / "migrations")
    first = project.migrator(todo())
    first.make("first")
    first.up()
    second = project.migrator(todo(note=(str, "")))
    second.make("second")
    with project.engine().begin() as other:
        other.execute(text("LOCK TABLE todo IN ACCESS SHARE MODE"))
        started = time.perf_counter()
        with pytest.raises(MigrationError, match=r"another transaction holds a table for too long"):
            second.up()
        assert time.perf_counter() - started < 5
    assert second.up().document["applied"]


@pytest.mark.parametrize("url", ["sqlite_url", "postgres_url"])
def test_what_other_programs_change_is_noted_again_after_a_migration(request, tmp_path, url):
    project = Project(request.getfixturevalue(url), tmp_path / "migrations")
    first = project.migrator(todo(a=(int | None, None), b=(int, 1)))
    first.make("first")
    first.up()
    project.execute("INSERT INTO starmodel_head (id, epoch, number) VALUES (1, 'e', 0)")
    with transaction(first._database) as connection:
        first._finish(connection)
    project.fill("title, _version", "'t', 1", 10)
    second = project.migrator(todo(a=(int, 7), b=(str, "1")))
    second.make("second")
    second.up()
    assert project.rows("SELECT count(*) FROM starmodel_outside") == [(0,)]
    project.execute("UPDATE todo SET title = 'new' WHERE id = 'id1'")
    assert project.rows("SELECT count(*) FROM starmodel_outside") == [(1,)]
    assert project.rows("SELECT a, b FROM todo WHERE id = 'id1'") == [(7, "1")]


def test_a_table_of_sqlmodel_has_revisions_like_any_other(project):
    class Author(Entity, BaseTable, table=True):
        name: str = Field(index=True)
        email: str | None = Field(default=None, unique=True)

    class Book(Entity, BaseTable, table=True):
        title: str
        author_id: str | None = Field(default=None, foreign_key="author.id")
        tags: list[str] = []

    migrator = project.migrator(Author, Book)
    migrator.make("first")
    assert "Author'" not in project.newest
    migrator.up()
    assert migrator.check().ok
    assert migrator.make().document["revision"] is None


@pytest.mark.parametrize("url", ["sqlite_url", "postgres_url"])
def test_a_search_finds_what_it_found_before_a_migration(request, tmp_path, url):
    project = Project(request.getfixturevalue(url), tmp_path / "migrations")
    first, second = todo(a=(int, 1)), todo(a=(str, "1"))
    for kind in (first, second):
        kind.__entity_config__ = {**kind.__entity_config__, "search_index": True}
    migrator = project.migrator(first)
    migrator.make("first")
    migrator.up()
    project.execute("INSERT INTO starmodel_head (id, epoch, number) VALUES (1, 'e', 0)")
    project.fill("title, _version", "'word' || i, 1", 10)
    migrator = project.migrator(second)
    migrator.make("second")
    migrator.up()
    assert migrator.check().ok
    with transaction(migrator._database) as connection:
        index = search.found(connection, migrator._store.tables.of(second))
        assert index is not None
        newer = todo(a=(str, "1"), b=(str, ""))
        newer.__entity_config__ = second.__entity_config__
        ahead = project.migrator(newer)
        ahead.make("third")
        assert overtaken(connection, ahead._revisions) is None
        bring_up(connection, ahead._metadata, ())
        assert overtaken(connection, ahead._revisions) is not None
    if project.url.startswith("sqlite"):
        assert project.rows("SELECT count(*) FROM starmodel_search_todo WHERE starmodel_search_todo MATCH 'word7'") == [
            (1,)
        ]
