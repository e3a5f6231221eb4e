"""The unit of work as an event body sees it, for an event that touches more than its own entity."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

from .errors import EventError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .snapshot import Snapshot

__all__ = ["Unit", "running_unit"]

E = TypeVar("E", bound="Snapshot")

running_unit: ContextVar[Unit | None] = ContextVar("starmodel_unit", default=None)
"""The unit of the event that runs in this context; set by the Dispatcher alone."""


class Unit(ABC):
    """What an event may do beyond its own entity.

    ::

        @event
        @classmethod
        async def clear_done(cls) -> int:
            unit = Unit.current()
            done = await unit.find(cls, {"done": True})
            for todo in done:
                unit.delete(todo)
            return len(done)

    Entities that it hands out are drafts: change them, or call their events.  Everything is stored together when
    the event ends, or not at all.
    """

    @staticmethod
    def current() -> Unit:
        """Return the unit of the event that is running; EventError outside of one."""
        unit = running_unit.get()
        if unit is None:
            raise EventError(
                "Unit.current() works while a Dispatcher runs an event; call the event through app.dispatch()"
            )
        return unit

    @abstractmethod
    async def get(self, kind: type[E], id: str, /) -> E:
        """Return the entity, ready to be changed; NotFoundError when there is none."""

    @abstractmethod
    async def find(
        self, kind: type[E], where: Mapping[str, Any] | None = None, /, *, order: tuple[str, ...] = (), limit: int = 100
    ) -> list[E]:
        """Return the entities that match, ready to be changed."""

    @abstractmethod
    def add(self, entity: E, /) -> E:
        """Store a new entity with this event; returns it ready to be changed further."""

    @abstractmethod
    def delete(self, entity: Snapshot, /) -> None:
        """Delete an entity with this event."""

    @abstractmethod
    def record(self, entity: Snapshot, domain_event: Any, /) -> None:
        """Note that *domain_event* happened to *entity*; it is published once everything is stored."""

    @abstractmethod
    def new_id(self) -> str:
        """Return the next id of this unit: the same one when the same command is run again."""
