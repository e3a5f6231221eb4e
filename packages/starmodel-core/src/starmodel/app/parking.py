"""What handlers could not be told, in all stores: counted, listed, told again, dropped."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starmodel.core.errors import NotFoundError
from starmodel.core.parking import Parked, ParkingPlace, Wish

from .telling import TASK

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

__all__ = ["LocalParking", "Parking"]


class LocalParking:
    """Keeps what is parked in this process, for stores that no other process sees, and that end with it."""

    def __init__(self) -> None:
        self._kept: dict[int, Parked] = {}
        self._number = 0

    async def keep_parked(self, _task: str, parked: Parked, /) -> int:
        """Keep *parked*."""
        same = (
            one.number for one in self._kept.values() if (one.handler, one.fact.id) == (parked.handler, parked.fact.id)
        )
        number = next(same, 0)
        if not number:
            number = self._number = self._number + 1
        self._kept[number] = replace(parked, number=number, wish="")
        return number

    async def parked(
        self, _task: str, /, *, after: int = 0, limit: int = 100, wished: bool = False
    ) -> Sequence[Parked]:
        """Return what is kept, oldest first."""
        found = [one for one in self._kept.values() if one.number > after and (one.wish or not wished)]
        return found[:limit]

    async def count_parked(self, _task: str, /) -> int:
        """Return how many are kept."""
        return len(self._kept)

    async def wish(self, _task: str, number: int, wish: Wish, /) -> bool:
        """Note what somebody asks for."""
        if number in self._kept:
            self._kept[number] = replace(self._kept[number], wish=wish)
        return number in self._kept

    async def unpark(self, _task: str, number: int, /) -> None:
        """Let go of one."""
        self._kept.pop(number, None)


class Parking:
    """The parking places of an application, by the name of the store; ``application.parking``.

    *here* is awaited after a wish, so that a place of this process alone does it at once.
    """

    def __init__(self, here: Callable[[], Awaitable[None]]) -> None:
        self._here = here
        self._places: Mapping[str, ParkingPlace] = {}

    def use(self, places: Mapping[str, ParkingPlace]) -> None:
        """Look into these *places* from now on."""
        self._places = dict(places)

    async def count(self) -> dict[str, int]:
        """Return how many events are parked, for each store."""
        return {name: await place.count_parked(TASK) for name, place in self._places.items()}

    async def list(self, *, limit: int = 100) -> list[tuple[str, Parked]]:
        """Return up to *limit* of each store, oldest first, each with the name of its store."""
        return [(name, one) for name, place in self._places.items() for one in await place.parked(TASK, limit=limit)]

    async def retry(self, store: str, number: int) -> None:
        """Have one told again, and whatever waits behind it; NotFoundError when there is none of that *number*.

        Whichever process tells the handlers does it, within a second or two.
        """
        await self._wish(store, number, "again")

    async def drop(self, store: str, number: int) -> None:
        """Have one dropped for good; what waits behind it is told then.  NotFoundError as with :meth:`retry`."""
        await self._wish(store, number, "drop")

    async def _wish(self, store: str, number: int, wish: Wish) -> None:
        place = self._places.get(store)
        if place is None or not await place.wish(TASK, number, wish):
            raise NotFoundError("parked event", f"{store}/{number}")
        await self._here()
