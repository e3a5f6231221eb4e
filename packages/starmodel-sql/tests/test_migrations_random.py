"""Classes that change at random: each version gets a revision, every row stays, and the way back is open."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import pytest
from sqlalchemy import text

from starmodel.adapters.persistence.sqlmodel import SQLRepo
from starmodel.adapters.persistence.sqlmodel.migrations import transaction
from starmodel.adapters.persistence.sqlmodel.migrations.service import Migrator
from starmodel.core import Entity
from starmodel.core.marks import Indexed, Reference, Unique


class Number(Enum):
    ONE = 1


class Word(Enum):
    QUOTED = "a'b"


class User(Entity):
    name: str = ""


KINDS: list[tuple[Any, Any]] = [
    (str, 'it\'s 100% \\ "q"'),
    (int, -5),
    (bool, True),
    (float, 1.5),
    (Decimal, Decimal("-1.50")),
    (date, date(2020, 1, 2)),
    (datetime, datetime(2020, 1, 2, 3, 4, 5, 6, tzinfo=UTC)),
    (time, time(3, 4)),
    (timedelta, timedelta(seconds=3)),
    (UUID, UUID(int=5)),
    (list[str], ["a'b", "%"]),
    (dict[str, int], {"a": 1}),
    (Number, Number.ONE),
    (Word, Word.QUOTED),
]

Fields = dict[str, tuple[Any, Any]]


def some_field(chance: random.Random) -> tuple[Any, Any]:
    kind, default = chance.choice(KINDS)
    return chance.choice(
        [
            (kind, default),
            (kind | None, None),
            (kind | None, default),
            (Annotated[str | None, Reference("User", "set_null")], None),
            (Annotated[int, Indexed()], 1),
            (Annotated[int | None, Unique()], None),
        ]
    )


def changed(chance: random.Random, fields: Fields) -> Fields:
    """Add, drop and rename fields, and let some be empty or no longer."""
    new: Fields = {}
    for name, (kind, default) in fields.items():
        what = chance.choice(["stay", "stay", "drop", "loosen"])
        if what == "stay":
            new[name] = (kind, default)
        elif what == "loosen" and kind in [known for known, _ in KINDS]:
            new[name] = (kind | None, default)
    for name in "abcd":
        if name not in fields and chance.random() < 0.5:
            new[name] = some_field(chance)
    return new


def migrator(url: str, folder: Any, fields: Fields) -> Migrator:
    annotations = {"title": str, **{name: kind for name, (kind, _) in fields.items()}}
    defaults = {name: default for name, (_, default) in fields.items()}
    store = SQLRepo(url)
    store.tables.of(User)
    store.tables.of(type("Todo", (Entity,), {"__annotations__": annotations, "__module__": __name__, **defaults}))
    return Migrator(store, folder)


@pytest.mark.parametrize(
    ("database", "seed"), [("sqlite_url", 0), pytest.param("postgres_url", 1, marks=pytest.mark.long)]
)
def test_changes_at_random_go_there_and_back(request, tmp_path, database, seed):
    chance, url = random.Random(seed), request.getfixturevalue(database)
    fields: Fields = {"a": some_field(chance), "b": some_field(chance)}
    for step in range(4):
        migrations = migrator(url, tmp_path / "migrations", fields)
        migrations.make(f"step {step}", allow_loss=True)
        migrations.up()
        assert migrations.check().lines == ["Code, revisions and database fit together."]
        assert migrations.make().document["revision"] is None
        with transaction(migrations._database) as connection:
            connection.execute(text(f"INSERT INTO todo (id, title) VALUES ('row{step}', 't')"))
            assert connection.execute(text("SELECT count(*) FROM todo")).scalar() == step + 1
        fields = changed(chance, fields)
    migrations.down("-3")
    with transaction(migrations._database) as connection:
        assert connection.execute(text("SELECT count(*) FROM todo")).scalar() == 4
    assert migrations.up().ok
    assert migrations.check().ok
