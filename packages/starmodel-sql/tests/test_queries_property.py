"""Whatever is asked of whatever is stored: SQLite answers as memory does."""

# ruff: noqa: RUF001  (letters that look alike are what is tested)

from __future__ import annotations

import os
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Annotated, Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import MetaData, insert

from starmodel.adapters.persistence.sqlmodel import search
from starmodel.adapters.persistence.sqlmodel.database import Database
from starmodel.adapters.persistence.sqlmodel.mapper import VERSION, Tables
from starmodel.adapters.persistence.sqlmodel.queries import Queries
from starmodel.adapters.persistence.sqlmodel.url import DatabaseUrl
from starmodel.core import Entity
from starmodel.core.errors import QueryError
from starmodel.core.marks import Reference
from starmodel.core.query import Query, Stored, matches, select

EXAMPLES = int(os.environ.get("STARMODEL_EXAMPLES", "40"))


class Size(IntEnum):
    SMALL = 1
    LARGE = 20


class Mood(StrEnum):
    GOOD = "good"
    BAD = "Bad"


class Odd(Enum):
    ONE = 1
    WORD = "word"
    PAIR = (1, 2)


class Thing(Entity):
    text: str = ""
    note: str | None = None
    number: int = 0
    maybe: int | None = None
    ratio: float = 0.0
    flag: bool = False
    price: Decimal = Decimal(0)
    cost: Decimal | None = None
    day: date | None = None
    at: datetime | None = None
    span: timedelta = timedelta()
    data: bytes = b""
    key: UUID | None = None
    size: Size = Size.SMALL
    mood: Mood | None = None
    odd: Odd = Odd.ONE
    words: list[str] = []
    numbers: list[float] = []
    prices: list[Decimal] = []
    labels: set[str] = set()
    counts: dict[str, int] = {}
    anything: Any = None
    parent_id: Annotated[str | None, Reference("Thing")] = None
    model_config = {"search_index": True}


LETTERS = "aAbB%_\\*'\" 1ßẞſsS\u0130iİıéÉe\u0301ΣσςﬁfFI\n\0☕Ა\u10d0Ꭰꭰ"
texts = st.text(st.sampled_from(LETTERS), max_size=7) | st.sampled_from(["straße", "STRASSE", "abc", "ABCD", "x"])
ints = st.integers(-3, 3) | st.sampled_from([2**62, -(2**63), 2**63 - 1, 2**53 + 1, 20])
floats = st.sampled_from([0.0, 0.5, -1.5, 1.0, 2.5, 1e300, float(2**53), 20.0])
decimals = st.decimals(-3, 3, places=2) | st.sampled_from(
    [Decimal(text) for text in ("1.50", "1.5", "1E+3", "1000", "0.000001", "-0", "12345678901234567890123456789012.5")]
)
days = st.dates(date(2024, 12, 30), date(2025, 1, 2))
moments = st.builds(lambda n: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(microseconds=n), st.integers(-2, 2))
spans = st.builds(timedelta, microseconds=st.integers(-2, 2))
keys = st.sampled_from([UUID(int=0), UUID(int=1), UUID(int=2**127)])

FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "text": texts,
    "note": st.none() | texts,
    "number": ints,
    "maybe": st.none() | ints,
    "ratio": floats,
    "flag": st.booleans(),
    "price": decimals,
    "cost": st.none() | decimals,
    "day": st.none() | days,
    "at": st.none() | moments,
    "span": spans,
    "data": st.binary(max_size=3),
    "key": st.none() | keys,
    "size": st.sampled_from(Size),
    "mood": st.none() | st.sampled_from(Mood),
    "odd": st.sampled_from(Odd),
    "words": st.lists(texts, max_size=3),
    "numbers": st.lists(floats, max_size=3),
    "prices": st.lists(decimals, max_size=3),
    "labels": st.sets(texts, max_size=3),
    "counts": st.dictionaries(texts, st.integers(0, 2), max_size=2),
    "anything": st.none() | texts | st.lists(texts, max_size=2) | st.dictionaries(texts, texts, max_size=2),
    "parent_id": st.none() | st.sampled_from(["0", "1", "2", "nobody"]),
}
JSON = {"words", "numbers", "prices", "labels", "counts", "anything"}
ORDERED = [name for name in FIELDS if name not in JSON]
PARTS = texts | ints | floats | decimals | st.none() | st.booleans()

rows = st.lists(st.fixed_dictionaries({}, optional=FIELDS), min_size=1, max_size=6)


def _tests(name: str) -> st.SearchStrategy[Any]:
    value = FIELDS[name]
    foreign = st.integers(-5, 300) | floats if name in {"number", "maybe", "ratio", "price", "cost", "flag"} else value
    some = st.none() | value | foreign
    ordering = (
        {} if name in JSON else dict.fromkeys(("lt", "le", "gt", "ge"), some) | {"in": st.lists(some, max_size=3)}
    )
    ops: dict[str, st.SearchStrategy[Any]] = {
        "eq": some,
        "ne": some,
        "contains": PARTS | (value if name not in JSON else st.nothing()),
        "startswith": PARTS,
        "isnull": st.booleans(),
        **ordering,
    }
    chosen = st.sampled_from(sorted(ops)).flatmap(lambda op: ops[op].map(lambda value: {op: value}))
    return chosen.map(lambda test: {name: test}) | some.filter(lambda value: not isinstance(value, dict)).map(
        lambda value: {name: value}
    )


simple = st.sampled_from(sorted(FIELDS)).flatmap(_tests)
through = simple.map(lambda test: {f"parent_id.{name}": value for name, value in test.items()})
wheres = st.recursive(
    simple | through | through.map(lambda test: {f"parent_id.{name}": value for name, value in test.items()}),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda parts: {"or": parts})
        | st.lists(inner, max_size=3).map(lambda parts: {"and": parts})
        | inner.map(lambda part: {"not": part})
    ),
    max_leaves=4,
)
orders = st.lists(st.sampled_from(ORDERED + [f"-{name}" for name in ORDERED] + ["id", "-id"]), max_size=3).map(tuple)
searches = st.lists(texts, max_size=2).map(" ".join)


class Store:
    def __init__(self, url: str, *, indexed: bool) -> None:
        self.sqlite = url.startswith("sqlite")
        self.database = Database(DatabaseUrl(url))
        self.tables = Tables(MetaData())
        self.mapper = self.tables.of(Thing)
        self.connection = self.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        self.tables.metadata.create_all(self.connection)
        if indexed:
            search.install(self.connection, self.mapper)
        self.queries = Queries(self.tables, sqlite=self.sqlite)

    def fill(self, things: list[Thing]) -> None:
        off = "PRAGMA foreign_keys=OFF" if self.sqlite else "SET session_replication_role = replica"
        self.connection.exec_driver_sql(off)
        self.connection.execute(self.mapper.table.delete())
        for thing in things:
            values = self.mapper.values(thing, self.mapper.fields, sqlite=self.sqlite)
            self.connection.execute(insert(self.mapper.table), {**values, VERSION: 1})

    def page(self, query: Query) -> Any:
        return self.queries.page(Thing, query.checked(Thing), 0.0, self.connection)


@pytest.fixture(scope="module", params=["indexed", "scanned"])
def sqlite_store(request):
    store = Store("sqlite://", indexed=request.param == "indexed")
    yield store
    store.connection.close()


@pytest.fixture(scope="module", params=["indexed", "scanned"])
def postgres_store(request, postgres_server):
    import psycopg

    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(f"{postgres_server.url}/postgres", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    store = Store(f"{postgres_server.url}/{name}", indexed=request.param == "indexed")
    yield store
    store.connection.close()
    with psycopg.connect(f"{postgres_server.url}/postgres", autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _without_nul(value: Any) -> Any:
    match value:
        case str():
            return value.replace("\0", "")
        case list():
            return [_without_nul(part) for part in value]
        case set():
            return {_without_nul(part) for part in value}
        case dict():
            return {_without_nul(key): _without_nul(part) for key, part in value.items()}
    return value


ASKED = {"rows": rows, "where": wheres, "order": orders, "words": searches, "limit": st.integers(1, 3)}


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(**ASKED)
def test_sqlite_answers_as_memory_does(sqlite_store, rows, where, order, words, limit):
    _compare(sqlite_store, [_without_nul(row) for row in rows], where, order, words, limit)


@settings(max_examples=EXAMPLES // 2, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(**ASKED)
def test_postgres_answers_as_memory_does(postgres_store, rows, where, order, words, limit):
    _compare(postgres_store, [_without_nul(row) for row in rows], where, order, words, limit)


def _compare(store, rows, where, order, words, limit):
    things = [Thing(id=str(number), **row) for number, row in enumerate(rows)]
    by_id = {thing.id: thing for thing in things}
    stored = [Stored(thing, 1) for thing in things]

    def find(_, id):
        return by_id.get(id)

    store.fill(things)
    query = Query(where=where, order=order, limit=1000, search=words)
    try:
        checked = query.checked(Thing)
    except QueryError:
        return
    expected = select(checked, stored, find)
    assert list(store.page(query).items) == list(expected.items)
    met = sum(matches(checked.where, thing, find) for thing in things)
    assert store.queries.count(Thing, checked.where, 1000, 0.0, store.connection) == met

    after, seen = None, []
    for _ in range(len(things) + 1):
        asked = Query(where=where, order=order, limit=limit, search=words, after=after)
        page, reference = store.page(asked), select(asked.checked(Thing), stored, find)
        assert (page.items, page.next) == (reference.items, reference.next)
        seen += page.items
        after = page.next
        if after is None:
            break
    assert seen == list(expected.items)
