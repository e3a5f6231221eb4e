"""The history of one entity, however long it is."""

from __future__ import annotations

import pytest

from starmodel.adapters.persistence.sqlmodel import SQLRepo
from starmodel.core import Entity
from starmodel.testing.store.base import put

MANY = {"sqlite": 33_000, "postgres": 66_000}
"""More than the values that one statement may hold."""

NUMBERS = "(WITH RECURSIVE g(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM g WHERE n < {}) SELECT n FROM g) AS g"

TABLES = {
    "starmodel_log": (
        "g.n, command_id, entity, entity_id, event, actor, at, stored_at, fingerprint, command, recorded, answer"
    ),
    "starmodel_change": "g.n, place, entity, entity_id, g.n, before, after, hidden",
}


class Counter(Entity):
    model_config = {"store": "sql"}
    count: int = 0


async def copy(store, statement):
    await store.database.write(lambda connection: connection.exec_driver_sql(statement))


@pytest.mark.long
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
async def test_an_entity_that_changed_often_has_all_of_its_history(database, request):
    store = SQLRepo(request.getfixturevalue(f"{database}_url"))
    await store.open([Counter])
    first = await put(store, Counter(id="a"))
    for table, columns in TABLES.items():
        await copy(store, f"INSERT INTO {table} SELECT {columns} FROM {table}, {NUMBERS.format(MANY[database])}")
    history = await store.history(Counter, "a")
    assert [commit.position.number for commit in history] == list(range(first.position.number, MANY[database] + 1))
    await store.close()
