"""Whatever people call their classes and fields, it neither meets ours nor the words of SQL."""

from __future__ import annotations

import sqlite3
from typing import Annotated

import pytest

from starmodel.adapters.persistence.sqlmodel import SQLRepo
from starmodel.adapters.persistence.sqlmodel.migrations.service import migrator
from starmodel.adapters.pydantic import PydanticCodec
from starmodel.app import Application
from starmodel.core import Entity, Indexed, Reference, Unique
from starmodel.core.errors import DefinitionError


class Group(Entity):
    model_config = {"store": "sql", "namespace": "Order", "ttl": 60}
    select: str = "a"
    title: str = "a"
    new_title: str = "a"
    version: int = 1
    expected: int = 1
    deleted: int = 1
    now: int = 1
    the_id: int = 1
    most: int = 1
    number: int = 1
    order: int = 1
    user: str = "a"
    größe: int = 1  # noqa: PLC2401  (as people do)
    rowid: int = 1
    connection: int = 1
    mapper: int = 1
    shape: int = 1
    build: int = 1
    before: int = 1
    after: int = 1


@pytest.fixture(params=["sqlite", "postgres"])
def url(request):
    return request.getfixturevalue(f"{request.param}_url")


def application(url, *kinds):
    return Application(kinds, codec=PydanticCodec(), stores={"sql": SQLRepo(url)})


async def test_fields_may_be_called_like_our_parameters_and_like_words_of_sql(url):
    names = [name for name in Group.__entity_fields__ if name != "id"]
    async with application(url, Group) as app:
        made = (await app.dispatch(Group.create())).entity
        for name in names:
            value = getattr(made, name) * 2
            made = (await app.dispatch(Group.update(**{name: value}).on(made.id))).entity
            assert (await app.load(Group, made.id)).entity == made
            assert [found.entity for found in (await app.find(Group, {name: value}, order=[name])).items] == [made]
        await app.dispatch(Group.delete().on(made.id))
        assert (await app.find(Group, {})).items == ()


class TheLongestNameThatAnybodyEverThoughtOfForAClassSoFar(Entity):
    model_config = {"store": "sql", "search_index": True}
    a_name_that_is_long_as_well: Annotated[str | None, Unique()] = None
    another_one_that_is_no_shorter: Annotated[str | None, Indexed()] = None


class TheLongestNameThatAnybodyEverThoughtOfForAClassUntilNow(Entity):
    model_config = {"store": "sql"}
    title: str = ""
    the_one_above: Annotated[str | None, Reference(TheLongestNameThatAnybodyEverThoughtOfForAClassSoFar)] = None


LONG = (TheLongestNameThatAnybodyEverThoughtOfForAClassSoFar, TheLongestNameThatAnybodyEverThoughtOfForAClassUntilNow)


def update(url, kind, field):
    statement = f"UPDATE {kind.__name__.lower()} SET {field} = 'new'"
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        connection.execute(statement)
        connection.commit()
        connection.close()
    else:
        import psycopg

        with psycopg.connect(url) as connection:
            connection.execute(statement)


async def test_what_other_programs_do_is_noticed_in_tables_with_names_that_begin_alike(url):
    first, second = LONG
    async with application(url, *LONG) as app:
        for kind in LONG:
            await app.dispatch(kind.create())
        store = app.persistence.store("sql")
        start = await store.position()
        update(url, first, "another_one_that_is_no_shorter")
        update(url, second, "title")
        await store.wait(start, seconds=2)
        commits = (await store.changes(start)).commits
    assert [(commit.command.event, commit.command.entity) for commit in commits] == [
        ("update", first.__name__),
        ("update", second.__name__),
    ]


def test_revisions_go_up_and_down_with_long_names(url, tmp_path):
    migrations = migrator(application(url, *LONG), tmp_path / "migrations")
    assert migrations.make("first").ok
    assert migrations.up().ok
    assert migrations.check().lines == ["Code, revisions and database fit together."]
    assert migrations.down().ok


def entity(name, field):
    body = {"__annotations__": {field: str}, "__module__": __name__, "model_config": {"store": "sql"}}
    return type(Entity)(name, (Entity,), body)


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (entity("starmodel_log", "title"), "tables that begin with starmodel_ are the store's"),
        (entity("N" * 64, "title"), "more than the 63 bytes"),
        (entity("Short", "n" * 64), "shorten it"),
    ],
)
async def test_a_name_that_cannot_be_kept_is_refused_with_advice(sqlite_url, kind, why):
    with pytest.raises(DefinitionError, match=why):
        await SQLRepo(sqlite_url).open([kind])
