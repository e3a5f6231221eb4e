"""Where recorded events wait that a handler could not be told: kept with the log, listed, told again or dropped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    from .domain_events import Recorded

__all__ = ["Parked", "ParkingPlace", "Wish", "parked_from", "parked_row"]

Wish: TypeAlias = Literal["", "again", "drop"]
"""What somebody has asked for: that the event is told again, or that it is dropped; nothing yet."""


@dataclass(frozen=True, slots=True)
class Parked:
    """A recorded event that the *handler* of this name could not be told, in so many *tries*, because of *error*.

    No tries: an earlier event of the same entity is parked for the same handler, and this one waits behind it.
    *number* is given by the store; it grows.
    """

    handler: str
    fact: Recorded
    tries: int
    error: str
    at: datetime
    number: int = 0
    wish: Wish = ""


@runtime_checkable
class ParkingPlace(Protocol):
    """Keeps, for each task that works through a log, what it has not finished; nothing in here is ever lost by age."""

    async def keep_parked(self, task: str, parked: Parked, /) -> int:
        """Keep *parked* and return its number; what is kept of the same handler and event already is replaced."""

    async def parked(self, task: str, /, *, after: int = 0, limit: int = 100, wished: bool = False) -> Sequence[Parked]:
        """Return up to *limit* of those with a number above *after*, oldest first; *wished*: only those with a wish."""

    async def count_parked(self, task: str, /) -> int:
        """Return how many are kept."""

    async def wish(self, task: str, number: int, wish: Wish, /) -> bool:
        """Note what somebody asks for; false when there is none of that *number*."""

    async def unpark(self, task: str, number: int, /) -> None:
        """Let go of one, which was told at last, or is dropped."""


def parked_row(parked: Parked, row_of: Callable[[Recorded], Any]) -> dict[str, Any]:
    """Return *parked* as JSON can hold it, without its number and its wish."""
    said = {"handler": parked.handler, "tries": parked.tries, "error": parked.error, "at": parked.at.isoformat()}
    return {**said, "fact": row_of(parked.fact)}


def parked_from(
    row: Mapping[str, Any], number: int, wish: str, fact_of: Callable[[Mapping[str, Any]], Recorded]
) -> Parked:
    """Return what :func:`parked_row` made *row* of."""
    return Parked(
        row["handler"],
        fact_of(row["fact"]),
        row["tries"],
        row["error"],
        datetime.fromisoformat(row["at"]),
        number,
        "again" if wish == "again" else "drop" if wish == "drop" else "",
    )
