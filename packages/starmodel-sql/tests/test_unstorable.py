"""What no column can hold is refused before anything is written, and said in words."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from starmodel.adapters.persistence.sqlmodel import SQLRepo
from starmodel.core import Entity
from starmodel.core.errors import InvalidError
from starmodel.core.query import Query
from starmodel.testing.store.base import changeset, created

pytestmark = pytest.mark.anyio


class Held(Entity):
    text: str = ""
    ratio: float = 0.0
    price: Decimal = Decimal(0)
    number: int = 0
    at: datetime | None = None
    anything: Any = None


NOWHERE = [
    {"ratio": float("nan")},
    {"ratio": float("-inf")},
    {"price": Decimal("NaN")},
    {"price": Decimal("Infinity")},
    {"number": 2**63},
    {"text": "half a \ud83d"},
    {"anything": {"deep": [{"half": "\udc00"}]}},
    {"anything": [float("nan")]},
    {"text": "a\0b"},
    {"anything": ["a\0b"]},
    {"anything": {"a\0b": 1}},
]
NOT_ON_POSTGRES = [
    {"at": datetime(2025, 1, 1)},
]


async def put(store, fields):
    await store.open([Held])
    try:
        await store.commit(changeset(created(Held(id="a", **fields))))
        return (await store.query(Held, Query())).items[0].entity
    finally:
        await store.close()


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
@pytest.mark.parametrize("fields", NOWHERE, ids=ascii)
async def test_what_no_database_holds_is_refused(request, database, fields):
    with pytest.raises(InvalidError) as refusal:
        await put(SQLRepo(request.getfixturevalue(f"{database}_url")), fields)
    [problem] = refusal.value.problems
    assert (problem.loc, problem.code) == (tuple(fields), "unstorable")


@pytest.mark.parametrize("fields", NOT_ON_POSTGRES, ids=ascii)
async def test_what_only_sqlite_holds_is_kept_there_and_refused_by_postgres(sqlite_url, postgres_url, fields):
    assert await put(SQLRepo(sqlite_url), fields) == Held(id="a", **fields)
    with pytest.raises(InvalidError):
        await put(SQLRepo(postgres_url), fields)
