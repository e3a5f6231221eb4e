"""What handlers could not be told, in all stores: counted, listed, told again, dropped."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from starmodel.core.errors import NotFoundError
from starmodel.core.parking import Parked, ParkingPlace, Wish

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["LocalParking", "Parking", "Waiting"]


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


@dataclass(frozen=True, slots=True)
class Waiting:
    """What one *task* could not tell, in *place*; *here* is awaited after a wish: then this process does it at once."""

    place: ParkingPlace
    task: str
    here: Callable[[], Awaitable[None]]


class Parking:
    """The parking places of an application, by the name of the store; ``application.parking``.

    What a plugin could not be told stands under the name of the store and its own: ``sql@audit``.
    """

    def __init__(self) -> None:
        self._places: dict[str, Waiting] = {}

    def use(self, places: Mapping[str, Waiting]) -> None:
        """Look into these *places* as well from now on."""
        self._places.update(places)

    async def count(self) -> dict[str, int]:
        """Return how many events are parked, for each store."""
        return {name: await one.place.count_parked(one.task) for name, one in self._places.items()}

    async def list(self, *, limit: int = 100) -> list[tuple[str, Parked]]:
        """Return up to *limit* of each store, oldest first, each with the name of its store."""
        places = self._places.items()
        return [(name, found) for name, one in places for found in await one.place.parked(one.task, limit=limit)]

    async def retry(self, store: str, number: int) -> None:
        """Have one told again, and whatever waits behind it; NotFoundError when there is none of that *number*.

        Whichever process tells the handlers does it, within a second or two.
        """
        await self._wish(store, number, "again")

    async def drop(self, store: str, number: int) -> None:
        """Have one dropped for good; what waits behind it is told then.  NotFoundError as with :meth:`retry`."""
        await self._wish(store, number, "drop")

    async def _wish(self, store: str, number: int, wish: Wish) -> None:
        one = self._places.get(store)
        if one is None or not await one.place.wish(one.task, number, wish):
            raise NotFoundError("parked event", f"{store}/{number}")
        await one.here()
