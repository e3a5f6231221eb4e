"""What no column can hold is refused before anything is written, and said in words."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from sqlalchemy import Numeric, SmallInteger, String
from sqlmodel import Field

from starmodel.adapters.persistence.sqlmodel import BaseTable
from starmodel.adapters.persistence.sqlmodel.errors import UnreadableError
from starmodel.core import Entity
from starmodel.core.errors import InvalidError
from starmodel.core.query import Query
from starmodel.testing.store.base import changed, changeset, deleted, found, put

pytestmark = pytest.mark.anyio


class Held(Entity):
    text: str = ""
    ratio: float = 0.0
    price: Decimal = Decimal(0)
    number: int = 0
    at: datetime | None = None
    span: timedelta | None = None
    anything: Any = None
    prices: list[Decimal] = []


WEST, EAST = timezone(timedelta(hours=-14)), timezone(timedelta(hours=14))

NOWHERE = [
    {"ratio": float("nan")},
    {"ratio": float("-inf")},
    {"price": Decimal("NaN")},
    {"price": Decimal("Infinity")},
    {"number": 2**63},
    {"at": datetime(9999, 12, 31, 23, 59, 59, tzinfo=WEST)},
    {"at": datetime(1, 1, 1, tzinfo=EAST)},
    {"span": timedelta.max},
    {"span": timedelta.min},
    {"text": "half a \ud83d"},
    {"anything": {"deep": [{"half": "\udc00"}]}},
    {"anything": [float("nan")]},
    {"text": "a\0b"},
    {"anything": ["a\0b"]},
    {"anything": {"a\0b": 1}},
]
NOT_ON_POSTGRES = [
    {"at": datetime(2025, 1, 1)},
    {"price": Decimal("1e-16384")},
    {"price": Decimal("-1e131072")},
    {"prices": [Decimal("1e-200000")]},
]
LAST = {
    "at": datetime.max.replace(tzinfo=UTC),
    "span": timedelta(microseconds=2**63 - 1),
    "price": Decimal("1e131071"),
    "anything": [datetime(9999, 12, 31, tzinfo=WEST)],
}
FIRST = {
    "at": datetime(1, 1, 1, tzinfo=WEST),
    "span": timedelta(microseconds=-(2**63)),
    "price": Decimal("1e-16383"),
    "anything": [datetime(1, 1, 1)],
}


DATABASES = ["sqlite", "postgres"]


@pytest.fixture
def kept(store_of):
    """Return what a database has of an entity that it was given."""

    async def kept(database, fields):
        store = store_of(database, [Held])
        await store.open([Held])
        try:
            await put(store, Held(id="a", **fields))
            return (await store.query(Held, Query())).items[0].entity
        finally:
            await store.close()

    return kept


@pytest.mark.parametrize("database", DATABASES)
@pytest.mark.parametrize("fields", NOWHERE, ids=ascii)
async def test_what_no_database_holds_is_refused(kept, database, fields):
    with pytest.raises(InvalidError) as refusal:
        await kept(database, fields)
    [problem] = refusal.value.problems
    assert (problem.loc, problem.code) == (tuple(fields), "unstorable")


@pytest.mark.parametrize("fields", NOT_ON_POSTGRES, ids=ascii)
async def test_what_only_sqlite_holds_is_kept_there_and_refused_by_postgres(kept, fields):
    assert await kept("sqlite", fields) == Held(id="a", **fields)
    with pytest.raises(InvalidError) as refusal:
        await kept("postgres", fields)
    assert refusal.value.problems[0].loc == tuple(fields)


@pytest.mark.parametrize("database", DATABASES)
@pytest.mark.parametrize("fields", [FIRST, LAST], ids=["first", "last"])
async def test_the_first_and_the_last_that_a_column_holds_are_kept(kept, database, fields):
    entity = await kept(database, fields)
    assert [getattr(entity, name) for name in ("at", "span", "price")] == [*fields.values()][:3]


TINY, HUGE = Decimal("1e-200000"), Decimal("1e200000")
ASKED = [
    ({"price": {"gt": TINY}}, 1),
    ({"price": {"gt": -TINY}}, 2),
    ({"price": TINY}, 0),
    ({"price": {"lt": HUGE}}, 2),
    ({"price": {"lt": -HUGE}}, 0),
    ({"price": {"in": [HUGE, Decimal("0e200000")]}}, 1),
    ({"prices": {"contains": TINY}}, 0),
    ({"span": {"lt": timedelta.max}}, 1),
]


@pytest.mark.parametrize("database", DATABASES)
async def test_what_no_column_can_hold_may_still_be_asked_about(store_of, database):
    store = store_of(database, [Held])
    await store.open([Held])
    await put(store, Held(), Held(price=Decimal(1), prices=[Decimal(1)], span=timedelta(1)))
    assert [await store.count(Held, where, cap=9) for where, _ in ASKED] == [count for _, count in ASKED]
    await store.close()


async def test_a_date_of_another_program_that_python_lacks_hides_no_row(store_of):
    store = store_of("postgres", [Held])
    await store.open([Held])
    await put(store, *(Held(id=id) for id in "abcd"))
    dates = ["infinity", "-infinity", "12000-01-01 00:00:00+00", "0044-03-15 00:00:00+00 BC"]
    with psycopg.connect(str(store.url.url.set(drivername="postgresql")), autocommit=True) as elsewhere:
        for id, at in zip("abcd", dates, strict=True):
            elsewhere.execute("UPDATE held SET at = %s WHERE id = %s", (at, id))
    last, first = datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)
    rows = (await store.query(Held, Query(order=("id",)))).items
    assert [row.entity.at for row in rows] == [last, first, last, first]
    await store.wait(await store.position(), seconds=1)
    await store.commit(changeset(changed(await found(store, Held(id="a")), text="seen")))
    await store.commit(changeset(deleted(await found(store, Held(id="d")))))
    assert await store.count(Held, {"at": {"gt": datetime(9999, 1, 1, tzinfo=UTC)}}, cap=9) == 2
    await store.close()


async def test_a_text_of_another_program_that_is_no_date_says_so_and_does_not_repeat_it(store_of, tmp_path):
    store = store_of("sqlite", [Held])
    await store.open([Held])
    await put(store, Held(id="a"))
    with closing(sqlite3.connect(tmp_path / "test.db")) as elsewhere, elsewhere:
        elsewhere.execute("UPDATE held SET at = '9999-99-99 hunter2'")
    with pytest.raises(UnreadableError, match="a row holds what is no datetime") as failure:
        await store.query(Held, Query())
    assert "hunter2" not in str(failure.value)
    await store.close()


class Small(Entity, BaseTable, table=True):
    code: str | None = Field(default=None, sa_type=String(3))
    number: int | None = Field(default=None, sa_type=SmallInteger)
    price: Decimal | None = Field(default=None, sa_type=Numeric(4, 2))


@pytest.mark.parametrize("fields", [{"code": "hunter2"}, {"number": 40_000}, {"price": Decimal("123.45")}], ids=ascii)
async def test_what_a_column_of_ones_own_type_cannot_hold_is_refused_and_not_repeated(store_of, fields):
    store = store_of("postgres", [Small])
    await store.open([Small])
    with pytest.raises(InvalidError, match="for its column") as refusal:
        await put(store, Small(**fields))
    assert str(*fields.values()) not in str(refusal.value)
    await store.close()
