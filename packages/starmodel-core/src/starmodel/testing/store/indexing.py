"""Contract of marks: what is ``Unique`` is nobody else's, what is ``Indexed`` is found as if it were not."""

# ruff: noqa: D102  (the name of a test is its sentence)

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, TypeVar

import pytest

from starmodel.core.entity import Entity
from starmodel.core.errors import ConflictError, GoneError, InvalidError
from starmodel.core.ports import StatePersistenceBackend
from starmodel.core.query import Query, Stored, matches, select
from starmodel.testing.sources import FakeClock

from .base import StoreSuite, changed, changeset, created, deleted, found, put
from .samples import Account, Colour, Voucher

__all__ = ["IndexingContract"]

E = TypeVar("E", bound=Entity)

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
GREEN = Colour.GREEN
EAST = timezone(timedelta(hours=5))

ACCOUNTS = (
    Account(id="a", email="ada@x", row="A", seat=1, rank=3, price=Decimal("1.5"), due=date(2025, 1, 2), owner="ada"),
    Account(
        id="b", email="bob@x", row="A", seat=2, rank=1, price=Decimal(-1), at=NOON, owner="ada", colour=Colour.GREEN
    ),
    Account(id="c", email="", row="B", seat=1, rank=3, price=Decimal("0.99"), at=NOON + timedelta(microseconds=1)),
    Account(id="d", row="A", rank=-20, price=Decimal("-10.5"), due=date(2024, 12, 31), owner="ada", note="x"),
    Account(id="e", row="A", rank=-5, price=Decimal("1e9"), at=NOON.astimezone(EAST), owner="ad", colour=GREEN),
    Account(id="f", email="Ada@x", rank=100, due=date(2025, 1, 2), owner="éa\2\1", note="x"),
    Account(id="G", email="a\1b", rank=3, price=Decimal("-10.25"), at=NOON - timedelta(days=400), owner="ada\1"),
    Account(id="h", email="a", rank=0, price=Decimal("1.50"), owner="ada", colour=GREEN),
)

WANTED: tuple[Mapping[str, Any], ...] = (
    *({}, {"email": "ada@x"}, {"email": "nobody"}, {"email": None}, {"email": {"isnull": False}}),
    *({"email": {"gt": "a"}}, {"row": "A", "seat": 2}, {"row": "A"}, {"row": "A", "seat": {"isnull": True}}),
    *({"rank": 3}, {"rank": {"ge": -5, "lt": 3}}, {"rank": {"in": [3, 0, 7]}}, {"rank": {"in": []}}),
    *({"rank": 3, "note": "x"}, {"rank": {"gt": 0}, "note": "x"}, {"rank": {"ne": 3}}),
    *({"price": Decimal("1.500")}, {"price": {"lt": -1}}, {"price": {"gt": -10.5, "le": 1.5}}),
    *({"due": date(2025, 1, 2)}, {"due": {"lt": date(2025, 1, 2)}}, {"due": {"isnull": True}}),
    *({"at": NOON}, {"at": {"gt": NOON}}, {"at": {"le": NOON.astimezone(EAST)}}),
    *({"owner": "ada"}, {"owner": "ada", "colour": GREEN}, {"owner": {"startswith": "AD"}}),
    *({"owner": {"ge": "ada", "lt": "b"}}, {"owner": {"in": ["ada", "ad"]}, "colour": {"in": [GREEN]}}),
    *({"and": [{"rank": 3}, {"price": {"gt": 1}}]}, {"or": [{"rank": 1}, {"owner": ""}]}, {"not": {"rank": 3}}),
)

ORDERS: tuple[tuple[str, ...], ...] = (
    *((), ("rank",), ("-rank",), ("rank", "-id"), ("-rank", "-id"), ("price",), ("-at",), ("due",)),
    *(("owner", "colour"), ("-owner", "-colour"), ("owner",), ("colour",), ("-seat",), ("email",)),
)


class IndexingContract(StoreSuite):
    """Marks."""

    @pytest.fixture
    def unique(self) -> None:
        """Leave out what the store says it cannot do."""
        if not self.supports_unique:
            pytest.skip("this store keeps nothing Unique")

    @pytest.mark.usefixtures("unique")
    async def test_what_is_unique_is_nobody_elses(self, store: StatePersistenceBackend) -> None:
        await put(store, *ACCOUNTS)
        with pytest.raises(InvalidError, match="email: is taken already"):
            await put(store, Account(id="new", email="ada@x"))
        bob = await found(store, ACCOUNTS[1])
        with pytest.raises(InvalidError) as refusal:
            await store.commit(changeset(changed(bob, seat=1)))
        assert [(one.loc, one.code) for one in refusal.value.problems] == [(("row",), "unique"), (("seat",), "unique")]
        assert await store.get(Account, "new") is None
        assert await found(store, ACCOUNTS[1]) == bob

    @pytest.mark.usefixtures("unique")
    async def test_nothing_is_alike_to_nothing(self, store: StatePersistenceBackend) -> None:
        await put(store, Account(id="a"), Account(id="b"), Account(id="c", row="A"), Account(id="d", row="A"))
        assert await store.count(Account, {"email": None}, cap=9) == 4

    @pytest.mark.usefixtures("unique")
    async def test_what_is_unique_may_be_taken_when_it_is_free(self, store: StatePersistenceBackend) -> None:
        await put(store, *ACCOUNTS)
        ada, bob = await found(store, ACCOUNTS[0]), await found(store, ACCOUNTS[1])
        await store.commit(changeset(changed(ada, email="new@x"), changed(bob, note="same email")))
        await put(store, Account(id="x", email="ada@x"))
        await store.commit(changeset(deleted(await found(store, ACCOUNTS[1]))))
        await put(store, Account(id="y", email="bob@x", row="A", seat=2))
        there = await found(store, Account(id="y"))
        await store.commit(changeset(deleted(there), created(Account(id="z", email="bob@x"))))
        assert (await store.query(Account, Query(where={"email": "bob@x"}))).items[0].entity.id == "z"

    @pytest.mark.usefixtures("unique")
    async def test_two_that_are_alike_are_refused_together(self, store: StatePersistenceBackend) -> None:
        with pytest.raises(InvalidError, match="taken"):
            await put(store, Account(id="a", email="x"), Account(id="b", email="x"))
        assert await store.count(Account, {}, cap=9) == 0
        await put(store, Account(id="b", email="x"))

    @pytest.mark.usefixtures("unique")
    async def test_only_one_of_many_gets_what_is_unique(self, store: StatePersistenceBackend) -> None:
        tries = [put(store, Account(id=f"a{number}", email="x")) for number in range(8)]
        outcomes = await asyncio.gather(*tries, return_exceptions=True)
        assert sum(isinstance(outcome, InvalidError) for outcome in outcomes) == 7
        assert await store.count(Account, {"email": "x"}, cap=9) == 1

    async def test_what_is_indexed_is_found_as_ever(self, store: StatePersistenceBackend) -> None:
        await put(store, *ACCOUNTS)
        everything = [await found(store, account) for account in ACCOUNTS]
        for where in WANTED:
            for order in ORDERS:
                query = Query(where=where, order=order, limit=3)
                expected = select(Query(where=query.checked(Account).where, order=order, limit=1000), everything)
                assert await _in_pages(store, Account, query) == list(expected.items), query
            count = sum(matches(query.checked(Account).where, one.entity) for one in everything)
            assert await store.count(Account, where, cap=100) == count, where

    async def test_what_is_indexed_is_found_as_it_is_now(self, store: StatePersistenceBackend) -> None:
        await put(store, *ACCOUNTS)
        ada, bob = await found(store, ACCOUNTS[0]), await found(store, ACCOUNTS[1])
        await store.commit(changeset(changed(ada, rank=50, due=None), deleted(bob)))
        everything = [stored for account in ACCOUNTS if (stored := await store.get(Account, account.id)) is not None]
        for where in ({"rank": 50}, {"rank": 3}, {"rank": 1}, {"due": date(2025, 1, 2)}, {"rank": {"gt": -100}}):
            query = Query(where=where, order=("-rank",), limit=3)
            assert await _in_pages(store, Account, query) == list(
                select(Query(where=where, order=("-rank",)), everything).items
            )

    @pytest.mark.usefixtures("unique")
    async def test_what_expires_is_in_no_index(self, store: StatePersistenceBackend, clock: FakeClock) -> None:
        if not self.supports_ttl:
            pytest.skip("this store keeps everything for ever")
        await put(store, Voucher(id="a", code="x", rank=1), Voucher(id="b", code="y", rank=1))
        stale = await found(store, Voucher(id="b"))
        await self.pass_time(clock, 1.1)
        await put(store, Voucher(id="c", code="x", rank=1))
        assert await _in_pages(store, Voucher, Query(where={"rank": 1}, order=("-rank",))) == [
            await found(store, Voucher(id="c"))
        ]
        assert await store.count(Voucher, {"rank": 1}, cap=9) == 1
        with pytest.raises((GoneError, ConflictError)):
            await store.commit(changeset(changed(stale, rank=2)))
        with pytest.raises(InvalidError, match="taken"):
            await put(store, Voucher(id="d", code="x"))
        assert await store.count(Voucher, {"code": {"in": ["x", "y"]}}, cap=9) == 1


async def _in_pages(store: StatePersistenceBackend, kind: type[E], query: Query) -> list[Stored[E]]:
    """Return all that *query* finds, page by page."""
    shown: list[Stored[E]] = []
    while True:
        page = await store.query(kind, query)
        assert len(page.items) <= query.limit
        assert len(shown) <= len(ACCOUNTS), "pages never end"
        shown += page.items
        if page.next is None:
            return shown
        query = Query(where=query.where, order=query.order, limit=query.limit, after=page.next)
