"""Contract of the place where events wait that a handler could not be told."""

# ruff: noqa: D102  (the name of a test is its sentence)

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal

import pytest

from starmodel.core.parking import Parked
from starmodel.core.ports import SharedPersistenceBackend

from .base import AT, StoreSuite, recorded
from .samples import Item, Moved

__all__ = ["ParkingContract"]


def _parked(number: int, handler: str = "shop.mail") -> Parked:
    """Return what a handler could not be told."""
    fact = recorded(Item(id="a"), Moved(to=f"é {number}", price=Decimal("1.50")), number)
    return Parked(handler, replace(fact, id=f"command.{number}", version=number), 5, "OSError: no", AT)


class ParkingContract(StoreSuite):
    """Parking."""

    @pytest.fixture
    def other_store(self) -> SharedPersistenceBackend:
        """Make a second store on the data of ``new_store``: every subclass gives this fixture."""
        name = type(self).__name__
        raise NotImplementedError(f"give {name} a fixture other_store that returns an unopened store on the same data")

    @pytest.fixture
    async def other(
        self, store: SharedPersistenceBackend, other_store: SharedPersistenceBackend
    ) -> AsyncIterator[SharedPersistenceBackend]:
        """Open the second store."""
        assert store is not other_store
        await other_store.open(self.kinds)
        yield other_store
        await other_store.close()

    async def test_what_is_parked_comes_back_as_it_was_oldest_first(
        self, store: SharedPersistenceBackend, other: SharedPersistenceBackend
    ) -> None:
        numbers = [await store.keep_parked("task", _parked(number)) for number in range(3)]
        assert numbers == sorted(set(numbers))
        expected = [replace(_parked(place), number=number) for place, number in enumerate(numbers)]
        assert list(await other.parked("task")) == expected
        assert list(await other.parked("task", limit=1)) == expected[:1]
        assert list(await other.parked("task", after=numbers[0])) == expected[1:]
        assert (await other.count_parked("task"), await other.count_parked("another")) == (3, 0)
        assert list(await other.parked("another")) == []

    async def test_the_same_is_parked_once_and_as_it_was_last(
        self, store: SharedPersistenceBackend, other: SharedPersistenceBackend
    ) -> None:
        number = await store.keep_parked("task", _parked(1))
        await store.wish("task", number, "again")
        assert await other.keep_parked("task", replace(_parked(1), tries=10, error="later")) == number
        assert await store.keep_parked("task", _parked(1, "shop.other")) != number
        first, second = await store.parked("task")
        assert (first.tries, first.error, first.wish, second.handler) == (10, "later", "", "shop.other")

    async def test_a_wish_is_seen_by_others_until_it_is_taken_back(
        self, store: SharedPersistenceBackend, other: SharedPersistenceBackend
    ) -> None:
        first, second = [await store.keep_parked("task", _parked(number)) for number in range(2)]
        assert await other.wish("task", second, "again") is True
        assert await other.wish("task", first, "drop") is True
        assert [(one.number, one.wish) for one in await store.parked("task", wished=True)] == [
            (first, "drop"),
            (second, "again"),
        ]
        assert await store.wish("task", first, "") is True
        assert [one.number for one in await store.parked("task", wished=True)] == [second]
        assert await store.wish("task", second + 1, "again") is False

    async def test_what_is_let_go_is_gone_and_its_number_never_given_again(
        self, store: SharedPersistenceBackend
    ) -> None:
        number = await store.keep_parked("task", _parked(1))
        await store.wish("task", number, "drop")
        await store.unpark("task", number)
        assert list(await store.parked("task")) == list(await store.parked("task", wished=True)) == []
        assert await store.count_parked("task") == 0
        assert await store.wish("task", number, "again") is False
        assert await store.keep_parked("task", _parked(1)) > number
