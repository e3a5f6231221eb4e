"""Contract of a store's reads: get, query, count."""

# ruff: noqa: D102  (the name of a test is its sentence)

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from starmodel.core.errors import QueryError
from starmodel.core.ports import StatePersistenceBackend
from starmodel.core.query import Query, Stored, matches, select

from .base import StoreSuite, changed, changeset, deleted, found, put
from .samples import Item, Other

__all__ = ["ReadingContract"]

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)

ITEMS = (
    Item(id="a", name="Apple", rank=3, price=Decimal("1.50"), due=date(2025, 1, 2), at=NOON, tags=["fruit", "red"]),
    Item(id="b", name="banana", rank=1, price=Decimal("0.99"), done=True, due=date(2024, 12, 31), tags=["fruit"]),
    Item(id="c", name="Cherry 100%", rank=2, price=Decimal(10), at=NOON + timedelta(microseconds=1)),
    Item(id="d", name="d_te", rank=3, price=Decimal("10.5"), done=True, due=date(2025, 1, 2), tags=["Fruit", "x"]),
    Item(id="e", name="éclair ☕", rank=-5, price=Decimal(-1), at=NOON - timedelta(days=400), tags=["cake"]),
    Item(id="f", name="", rank=2**40, price=Decimal("1.5"), cost=7),
    Item(id="G", name="grape\\n*", rank=3, done=True, at=NOON, tags=["fruit", "fruit"]),
)

CONDITIONS: tuple[Mapping[str, Any], ...] = (
    {},
    {"done": True},
    {"done": False, "rank": 3},
    {"name": "Apple"},
    {"name": "apple"},
    {"name": {"ne": "Apple"}},
    {"rank": {"lt": 3}},
    {"rank": {"le": 3, "gt": 1}},
    {"rank": {"ge": 2**40}},
    {"price": {"eq": Decimal("1.5")}},
    {"price": {"gt": Decimal("0.995")}},
    {"due": None},
    {"due": {"isnull": True}},
    {"due": {"isnull": False}},
    {"due": date(2025, 1, 2)},
    {"due": {"lt": date(2025, 1, 1)}},
    {"at": {"gt": NOON}},
    {"at": {"le": NOON}},
    {"at": {"eq": NOON.astimezone(timezone(timedelta(hours=5)))}},
    {"rank": {"in": [1, 2, 99]}},
    {"name": {"in": []}},
    {"id": {"in": ["a", "G", "nope"]}},
    {"name": {"contains": "A"}},
    {"name": {"contains": "%"}},
    {"name": {"contains": "_"}},
    {"name": {"contains": "*"}},
    {"name": {"contains": "\\"}},
    {"name": {"contains": "É"}},
    {"name": {"startswith": "BAN"}},
    {"name": {"startswith": ""}},
    {"tags": {"contains": "fruit"}},
    {"tags": {"contains": "FRUIT"}},
    {"cost": 7},
    {"or": [{"rank": 1}, {"name": {"startswith": "é"}}]},
    {"and": [{"rank": {"gt": 0}}, {"rank": {"lt": 3}}], "done": False},
    {"not": {"done": True}},
    {"not": {"due": {"gt": date(2020, 1, 1)}}},
    {"or": []},
    {"and": []},
    {"not": {"or": [{"done": True}, {"and": [{"rank": 2}, {"not": {"name": ""}}]}]}},
)

ORDERS: tuple[tuple[str, ...], ...] = (
    (),
    ("id",),
    ("-id",),
    ("name",),
    ("-name",),
    ("rank",),
    ("-rank", "name"),
    ("price",),
    ("-price",),
    ("due",),
    ("-due", "-rank"),
    ("at",),
    ("-at",),
    ("done", "-price"),
)

BAD: tuple[Mapping[str, Any], ...] = (
    {"nope": 1},
    {"__class__": "Item"},
    {"_note": "x"},
    {"name; drop table item": "x"},
    {"name": {"regex": ".*"}},
    {"name": {"in": "abc"}},
    {"or": {"name": "x"}},
    {"not": [{"name": "x"}]},
    {"and": [{"nope": 1}]},
)


def _ids(stored: tuple[Stored[Any], ...]) -> list[str]:
    return [one.entity.id for one in stored]


class ReadingContract(StoreSuite):
    """Reads."""

    async def test_an_id_that_was_never_used_is_none(self, store: StatePersistenceBackend) -> None:
        assert await store.get(Item, "nope") is None

    async def test_what_was_created_is_read_back(self, store: StatePersistenceBackend) -> None:
        commit = await put(store, ITEMS[0])
        assert await found(store, ITEMS[0]) == Stored(ITEMS[0], commit.changes[0].version)

    async def test_what_was_changed_is_read_as_it_is_now(self, store: StatePersistenceBackend) -> None:
        await put(store, ITEMS[0])
        await store.commit(changeset(changed(await found(store, ITEMS[0]), name="Pear", tags=[])))
        assert (await found(store, ITEMS[0])).entity == ITEMS[0].evolve(name="Pear", tags=[])

    async def test_kinds_do_not_mix(self, store: StatePersistenceBackend) -> None:
        await put(store, Item(id="same", name="item"), Other(id="same", name="other"))
        await store.commit(changeset(deleted(await found(store, Item(id="same")))))
        assert await store.get(Item, "same") is None
        assert (await found(store, Other(id="same"))).entity == Other(id="same", name="other")
        assert (await store.query(Item, Query())).items == ()
        assert (_ids((await store.query(Other, Query())).items), await store.count(Item, {}, cap=9)) == (["same"], 0)

    async def test_an_empty_store_has_an_empty_page(self, store: StatePersistenceBackend) -> None:
        page = await store.query(Item, Query())
        assert (page.items, page.next, await store.count(Item, {}, cap=9)) == ((), None, 0)

    @pytest.mark.parametrize("where", CONDITIONS, ids=str)
    async def test_a_query_finds_what_matches(self, store: StatePersistenceBackend, where: Mapping[str, Any]) -> None:
        await put(store, *ITEMS)
        expected = sorted(item.id for item in ITEMS if matches(where, item))
        assert _ids((await store.query(Item, Query(where=where))).items) == expected
        assert await store.count(Item, where, cap=1000) == len(expected)

    @pytest.mark.parametrize("order", ORDERS, ids=str)
    async def test_a_query_keeps_the_order(self, store: StatePersistenceBackend, order: tuple[str, ...]) -> None:
        await put(store, *ITEMS)
        query = Query(order=order)
        expected = select(query, [Stored(item, 1) for item in ITEMS])
        assert _ids((await store.query(Item, query)).items) == _ids(expected.items)

    @pytest.mark.parametrize("order", ORDERS, ids=str)
    async def test_pages_show_everything_once(self, store: StatePersistenceBackend, order: tuple[str, ...]) -> None:
        await put(store, *ITEMS)
        query, seen = Query(order=order, limit=2), []
        for _ in ITEMS:
            page = await store.query(Item, query)
            seen += _ids(page.items)
            if page.next is None:
                break
            query = dataclasses.replace(query, after=page.next)
        assert seen == _ids((await store.query(Item, Query(order=order))).items)

    async def test_the_next_page_stands_still_while_entities_come_and_go(self, store: StatePersistenceBackend) -> None:
        await put(store, *(Item(id=f"i{n}", rank=n * 10) for n in range(6)))
        page = await store.query(Item, Query(order=("rank",), limit=2))
        await store.commit(changeset(deleted(page.items[0]), deleted(page.items[1])))
        await put(store, Item(id="early", rank=5), Item(id="between", rank=15))
        rest = await store.query(Item, Query(order=("rank",), after=page.next))
        assert _ids(rest.items) == ["between", "i2", "i3", "i4", "i5"]

    async def test_a_page_that_is_just_full_is_the_last(self, store: StatePersistenceBackend) -> None:
        await put(store, *ITEMS)
        assert (await store.query(Item, Query(limit=len(ITEMS)))).next is None
        assert (await store.query(Item, Query(limit=len(ITEMS) - 1))).next is not None

    async def test_pages_of_a_filtered_query_hold_what_matches(self, store: StatePersistenceBackend) -> None:
        await put(store, *(Item(id=f"i{n}", done=n % 2 == 0) for n in range(8)))
        first = await store.query(Item, Query(where={"done": True}, limit=3))
        rest = await store.query(Item, Query(where={"done": True}, limit=3, after=first.next))
        assert (_ids(first.items), _ids(rest.items), rest.next) == (["i0", "i2", "i4"], ["i6"], None)

    async def test_a_page_holds_the_versions(self, store: StatePersistenceBackend) -> None:
        await put(store, *ITEMS[:2])
        await store.commit(changeset(changed(await found(store, ITEMS[1]), rank=9)))
        page = await store.query(Item, Query())
        assert list(page.items) == [await found(store, item) for item in ITEMS[:2]]

    async def test_a_query_sees_changes_and_deletions(self, store: StatePersistenceBackend) -> None:
        await put(store, Item(id="a", name="old"), Item(id="b", name="old"), Item(id="c", name="old"))
        await store.commit(
            changeset(changed(await found(store, Item(id="a")), name="new"), deleted(await found(store, Item(id="b"))))
        )
        assert _ids((await store.query(Item, Query(where={"name": "old"}))).items) == ["c"]
        assert _ids((await store.query(Item, Query(where={"name": "new"}))).items) == ["a"]
        assert await store.count(Item, {}, cap=9) == 2

    async def test_counting_stops_at_the_cap(self, store: StatePersistenceBackend) -> None:
        await put(store, *ITEMS)
        assert await store.count(Item, {}, cap=3) == 3
        assert await store.count(Item, {"done": True}, cap=2) == 2
        assert await store.count(Item, {"done": True}, cap=100) == 3

    @pytest.mark.parametrize("where", BAD, ids=str)
    async def test_a_condition_that_does_not_fit_is_refused(
        self, store: StatePersistenceBackend, where: Mapping[str, Any]
    ) -> None:
        with pytest.raises(QueryError):
            await store.query(Item, Query(where=where))
        with pytest.raises(QueryError):
            await store.count(Item, where, cap=9)

    @pytest.mark.parametrize(
        "query",
        [
            Query(order=("nope",)),
            Query(order=("-_note",)),
            Query(limit=0),
            Query(limit=1001),
            Query(after="damaged"),
            Query(after=""),
            Query(after="W10"),
            Query(order=("name",), after="WyJhIl0"),
        ],
        ids=str,
    )
    async def test_an_order_a_limit_or_a_cursor_that_does_not_fit_is_refused(
        self, store: StatePersistenceBackend, query: Query
    ) -> None:
        with pytest.raises(QueryError):
            await store.query(Item, query)
