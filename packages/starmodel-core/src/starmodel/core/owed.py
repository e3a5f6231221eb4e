"""The outbox: what one command changes in other stores than its own, kept until each of them has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from .domain_events import DomainEvent, Recorded

__all__ = ["LANDED_SECONDS", "Continued", "Debt", "OutboxStore", "Owed", "origin_of", "part_id"]

LANDED_SECONDS = 600
"""How long a store remembers which version of an entity of another store it has brought about there."""

_PART = "\u2063"
"""Stands before the name of a store in the id of a part.  It cannot be printed, so no sender's own id has one."""


def part_id(command_id: str, store: str) -> str:
    """Return the id that the part of a command has in the log of *store*, which follows."""
    return f"{command_id}{_PART}{store}"


def origin_of(command_id: str) -> str | None:
    """Return the id of the command that the part called *command_id* belongs to; ``None`` for what is no part."""
    origin, mark, _ = command_id.partition(_PART)
    return origin if mark else None


@dataclass(frozen=True, kw_only=True)
class Continued(DomainEvent):
    """Stands in the log beside a command that changes other *stores* too: each follows with a part of its own.

    It is there for whoever reads the log; no handler is told.
    """

    stores: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Owed:
    """The part of one command that another store has to follow with.

    *id* is the one that it will have in the log of *store*.  *keys* name what it changes, as in ``"Order 5f3a"``, each
    with the version that it was made on, 0 for what was not there.  *body* is for the application alone.  *recorded*
    are the domain events of the part.  *parked* says why it was put aside, and is empty while it waits.
    """

    id: str
    store: str
    keys: Mapping[str, int]
    body: str
    recorded: tuple[Recorded, ...]
    at: datetime
    parked: str = ""


@dataclass(frozen=True, slots=True)
class Debt:
    """How far one store is behind: how many parts wait, since when the oldest of them does, how many are parked."""

    waiting: int = 0
    oldest: datetime | None = None
    parked: int = 0


@runtime_checkable
class OutboxStore(Protocol):
    """What a store can do besides that is the primary of events which change other stores too.

    Its ``commit()`` keeps ``changeset.owed`` with the changes: all of it or nothing.  While something that has one of
    the same keys waits, it refuses with :class:`~starmodel.core.errors.OnItsWayError`.  What was made on an older
    version than one that arrived within the last :data:`LANDED_SECONDS` is a
    :class:`~starmodel.core.errors.ConflictError`: the event had looked before that.  A repeated command adds nothing.
    """

    async def owed(self, store: str, /, *, limit: int = 100, parked: bool = False) -> Sequence[Owed]:
        """Return what waits for *store*, in the order of the commits; or what is *parked*."""

    async def settle(self, landed: Mapping[str, Mapping[str, int]], /) -> None:
        """Forget what is owed no longer: by the id of each part the versions that its keys have now.

        A key without one has no entity any more, or was given up.  An id that is not known is passed over.
        """

    async def park(self, id: str, why: str, /) -> None:
        """Put aside what cannot be followed, so that it holds up nothing; without *why* it waits again.

        It comes back to its old place.  An id that is not known is passed over.
        """

    async def debts(self) -> Mapping[str, Debt]:
        """Return how far each store is behind that anything is owed to, by name."""
