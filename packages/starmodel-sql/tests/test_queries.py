"""How SQL is asked: by an index, once, with values that stay values."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, NewType

import pytest
from sqlalchemy import event

from starmodel.adapters.persistence.sqlmodel import SQLRepo, search
from starmodel.adapters.persistence.sqlmodel.queries import MAX_STATEMENTS, Queries
from starmodel.core import Entity
from starmodel.core.errors import QueryError
from starmodel.core.marks import Indexed, Reference
from starmodel.core.query import Query
from starmodel.testing.store.base import changed, changeset, created, deleted

pytestmark = pytest.mark.anyio


Labels = NewType("Labels", list[str])


class Author(Entity):
    name: str = ""


class Book(Entity):
    title: Annotated[str, Indexed()] = ""
    blurb: str | None = None
    rank: Annotated[int, Indexed()] = 0
    due: Annotated[date | None, Indexed()] = None
    tags: list[str] = []
    labels: Labels = Labels([])
    author_id: Annotated[str | None, Reference(Author), Indexed()] = None
    model_config = {"search_index": True}


ATTACKS = [
    "'; DROP TABLE book; --",
    '" OR 1=1 --',
    "x' UNION SELECT 1 --",
    "%",
    "_",
    "\\",
    ":p0",
    "%(p0)s",
    "?",
    "$1",
    '"',
]


class Statements(list[tuple[str, Any]]):
    """What was sent to the database."""

    def __init__(self, store: SQLRepo) -> None:
        super().__init__()
        if store.url.is_sqlite:  # which tells by itself, also what is not run by way of SQLAlchemy
            for connection in store.database._connections:
                connection.connection.driver_connection.set_trace_callback(self._trace)
            event.listen(store.database.engine, "connect", lambda raw, _: raw.set_trace_callback(self._trace))
        else:
            event.listen(store.database.engine, "before_cursor_execute", self._note)

    def _trace(self, statement: str) -> None:
        if not statement.startswith(("--", "PRAGMA")) and "_content'" not in statement and "_docsize'" not in statement:
            self.append((statement, ()))

    def _note(self, _c: Any, _cursor: Any, statement: str, parameters: Any, _ctx: Any, _many: Any) -> None:
        self.append((statement, parameters))


@pytest.fixture(params=["sqlite", "postgres"])
async def store(request, store_of):
    store = store_of(request.param, [Author, Book])
    await store.open([Author, Book])
    yield store
    await store.close()


@pytest.fixture
async def sqlite_store(store_of):
    store = store_of("sqlite", [Author, Book])
    await store.open([Author, Book])
    yield store
    await store.close()


def shape(number: int) -> dict[str, Any]:
    """Return a condition of a shape of its own for each *number*."""
    bits = f"{number:b}"
    return {"and": [{"rank": 1} if bit == "1" else {"rank": {"ne": 1}} for bit in bits]}


async def put(store, *entities):
    await store.commit(changeset(*map(created, entities)))


async def ids(store, **query):
    return [stored.entity.id for stored in (await store.query(Book, Query(**query))).items]


class TestNoMoreThanNeeded:
    async def test_a_page_is_one_statement_however_many_rows(self, store):
        await put(store, *(Book(id=f"b{n}", author_id=None, tags=["x"]) for n in range(30)))
        await store.query(Book, Query())  # the first query of a class looks what the database has
        sent = Statements(store)
        page = await store.query(Book, Query(order=("-rank",), limit=20))
        assert (len(page.items), len(sent)) == (20, 1)
        assert "count(" not in sent[0][0].lower()
        await store.query(Book, Query(order=("-rank",), limit=20, after=page.next))
        assert len(sent) == 2

    async def test_a_page_through_a_relation_is_one_statement(self, store):
        await put(store, Author(id="ada", name="Ada"))
        await put(store, *(Book(id=f"b{n}", author_id="ada") for n in range(9)))
        await store.query(Book, Query())
        sent = Statements(store)
        await store.query(Book, Query(where={"author_id.name": "Ada"}))
        assert len(sent) == 1

    async def test_a_page_of_a_history_is_one_statement(self, store):
        await put(store, Book(id="b"))
        for rank in range(1, 4):
            [stored] = (await store.query(Book, Query(where={"id": "b"}))).items
            await store.commit(changeset(changed(stored, rank=rank)))
        sent = Statements(store)
        found = await store.history(Book, "b", limit=2)
        assert ([commit.changes[0].after["rank"] for commit in found], len(sent)) == ([2, 3], 1)

    async def test_a_count_looks_at_no_more_rows_than_its_cap(self, store):
        await store.query(Book, Query())
        sent = Statements(store)
        await store.count(Book, {"rank": 0}, cap=7)
        assert len(sent) == 1
        assert "LIMIT" in sent[0][0]

    async def test_one_shape_is_one_statement_built_once(self, store):
        await store.query(Book, Query(where={"rank": 1}))
        before = len(store._queries._statements)
        for rank in range(20):
            await store.query(Book, Query(where={"rank": rank}, limit=rank + 1))
        assert len(store._queries._statements) == before

    async def test_statements_of_many_shapes_are_not_kept_for_ever(self, sqlite_store):
        for number in range(MAX_STATEMENTS + 5):
            await sqlite_store.query(Book, Query(where=shape(number)))
        assert len(sqlite_store._queries._statements) == MAX_STATEMENTS


class TestIndexes:
    @pytest.mark.parametrize(
        ("query", "index"),
        [
            (Query(where={"rank": 3}), "ix_book_rank"),
            (Query(where={"rank": {"gt": 3}}, order=("rank",)), "ix_book_rank"),
            (Query(where={"due": date(2025, 1, 1)}), "ix_book_due"),
            (Query(where={"due": {"lt": date(2025, 1, 1)}}), "ix_book_due"),
            (Query(where={"rank": {"in": [1, 2]}}), "ix_book_rank"),
            (Query(order=("rank",)), "ix_book_rank"),
            (Query(order=("-rank",)), "ix_book_rank"),
            (Query(order=("title",)), "ix_book_title"),
            (Query(order=("due",)), "ix_book_due"),
            (Query(where={"author_id.name": "Ada"}), "ix_book_author_id"),
        ],
        ids=str,
    )
    async def test_an_indexed_field_is_found_by_its_index(self, sqlite_store, query, index):
        await put(sqlite_store, *(Book(id=f"b{n}", rank=n) for n in range(9)))
        assert index in await plan_of(sqlite_store, query)

    @pytest.mark.parametrize("order", [("rank",), ("-rank",), ("title",), ("due",)], ids=str)
    async def test_a_later_page_begins_in_the_index(self, sqlite_store, order):
        await put(sqlite_store, *(Book(id=f"b{n}", rank=n, due=date(2025, 1, 1)) for n in range(9)))
        page = await sqlite_store.query(Book, Query(order=order, limit=2))
        plan = await plan_of(sqlite_store, Query(order=order, limit=2, after=page.next))
        assert f"SEARCH book USING INDEX ix_book_{order[0].removeprefix('-')}" in plan.replace('"', "")


async def plan_of(store, query):
    """Return how SQLite goes about the one statement of *query*."""
    sent = Statements(store)
    await store.query(Book, query)
    [(statement, parameters)] = sent[-1:]
    rows = await store.database.read(
        lambda connection: connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    )
    return "\n".join(row[3] for row in rows)


class TestInjection:
    @pytest.mark.parametrize("attack", ATTACKS)
    async def test_a_value_stays_a_value(self, store, attack):
        await put(store, Book(id="a", title=attack, tags=[attack]), Book(id="b", title="other"))
        for test in (
            attack,
            {"contains": attack},
            {"startswith": attack},
            {"in": [attack]},
            {"ge": attack, "le": attack},
        ):
            assert await ids(store, where={"title": test}) == ["a"]
        assert await ids(store, where={"tags": {"contains": attack}}) == ["a"]
        assert await ids(store, where={"tags": [attack]}) == ["a"]
        assert await ids(store, search=attack) == ["a"]
        assert await store.count(Book, {}, cap=9) == 2

    @pytest.mark.parametrize(
        "attack", [*ATTACKS, "title; DROP TABLE book", "author_id.name; --", "author_id.", ".title"]
    )
    async def test_a_name_is_never_sql(self, store, attack):
        sent = Statements(store)
        for query in (
            Query(where={attack: "x"}),
            Query(order=(attack,)),
            Query(order=(f"-{attack}",)),
            Query(where={f"author_id.{attack}": 1}),
            Query(where={"title": {attack: "x"}}),
        ):
            with pytest.raises(QueryError):
                await store.query(Book, query)
        assert sent == []


class TestRefusals:
    @pytest.mark.parametrize("query", [Query(order=("tags",)), Query(where={"tags": {"lt": ["a"]}})], ids=str)
    async def test_json_has_no_order(self, store, query):
        with pytest.raises(QueryError, match="JSON, which has no order"):
            await store.query(Book, query)

    async def test_a_cursor_of_another_order_is_refused(self, store):
        await put(store, *(Book(id=f"b{n}", title=f"t{n}", rank=n) for n in range(3)))
        page = await store.query(Book, Query(order=("title",), limit=1))
        with pytest.raises(QueryError, match="belongs to another order"):
            await store.query(Book, Query(order=("rank",), after=page.next))

    async def test_more_tests_than_a_database_takes_are_refused(self, store):
        with pytest.raises(QueryError, match="at most 400 tests"):
            await store.query(Book, Query(where={"or": [{"rank": n} for n in range(401)]}))

    async def test_four_hundred_tests_are_answered(self, store):
        assert await ids(store, where={"or": [{"rank": n} for n in range(400)]}) == []

    async def test_a_long_list_of_values_is_one_test(self, store):
        await put(store, Book(id="a", rank=1))
        assert await ids(store, where={"rank": {"in": list(range(20_000))}}) == ["a"]


class TestSearch:
    async def test_words_are_found_by_the_index(self, sqlite_store):
        await put(sqlite_store, Book(id="a", title="Grüße aus Wien"), Book(id="b", blurb="wiener GRÜSSE"))
        assert await ids(sqlite_store, search="grüsse wien") == ["a", "b"]
        assert "starmodel_search_book" in await plan_of(sqlite_store, Query(search="grüsse wien"))

    async def test_short_words_are_found_without_it(self, store):
        await put(store, Book(id="a", title="Go on"), Book(id="b", blurb="no"), Book(id="c"))
        assert await ids(store, search="go") == ["a"]
        assert await ids(store, search="O") == ["a", "b"]

    async def test_changes_and_deletions_are_followed(self, store):
        await put(store, Book(id="a", title="first words"), Book(id="b", title="second words"))
        [a, b] = (await store.query(Book, Query())).items
        await store.commit(changeset(changed(a, title="third text"), deleted(b)))
        assert await ids(store, search="words") == []
        assert await ids(store, search="third") == ["a"]

    async def test_what_other_programs_write_is_found(self, sqlite_store, tmp_path):
        import sqlite3

        await put(sqlite_store, Book(id="a", title="by the store"))
        other = sqlite3.connect(tmp_path / "test.db")
        other.execute("INSERT INTO book (id, title, blurb) VALUES (?, ?, ?)", ("b", "Straße", None))
        other.execute("UPDATE book SET blurb = ? WHERE id = ?", ("ﬁnished ĀB", "a"))
        other.commit()
        assert await ids(sqlite_store, search="STRASSE") == ["b"]
        assert await ids(sqlite_store, search="finished") == ["a"]
        other.execute("REPLACE INTO book (id, title) VALUES (?, ?)", ("b", "Gasse"))
        other.execute("UPDATE book SET id = ? WHERE id = ?", ("c", "a"))
        other.commit()
        assert await ids(sqlite_store, search="strasse") == []
        assert await ids(sqlite_store, search="gasse") == ["b"]
        assert await ids(sqlite_store, search="finished") == ["c"]
        other.execute("DELETE FROM book")
        other.execute("VACUUM") if not other.in_transaction else other.commit()
        assert await ids(sqlite_store, search="gasse") == []
        other.close()

    async def test_an_index_that_is_there_is_left_alone(self, store):
        sent = Statements(store)
        await store.database.write(lambda connection: search.install(connection, store.tables.of(Book)))
        changes = [statement for statement, _ in sent if statement.lstrip().startswith(("DROP", "INSERT", "CREATE TR"))]
        assert changes == []

    async def test_an_index_that_is_not_wanted_any_more_is_taken_away(self, store, monkeypatch):
        mapper = store.tables.of(Book)
        await put(store, Book(id="a", title="words"))
        monkeypatch.setitem(Book.__entity_config__, "search_index", False)
        await store.database.write(lambda connection: search.install(connection, mapper))
        assert await store.database.read(lambda connection: search.found(connection, mapper)) is None
        fresh = Queries(store.tables, sqlite=store.url.is_sqlite)
        query = Query(search="words").checked(Book)
        assert len((await store.database.read(lambda on: fresh.page(Book, query, 0.0, on))).items) == 1
        await put(store, Book(id="b", title="words"))


async def test_a_field_of_a_new_type_contains_what_it_is_made_of(store):
    await put(store, Book(id="b1", labels=Labels(["new", "cheap"])), Book(id="b2", labels=Labels(["old"])))
    assert await ids(store, where={"labels": {"contains": "new"}}) == ["b1"]
