"""Domain events: facts that an event records and that are published after the change is stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["DomainEvent", "Recorded"]


@dataclass(frozen=True, kw_only=True)
class DomainEvent:
    """Base of the facts of your domain.

    ::

        @dataclass(frozen=True, kw_only=True)
        class OrderShipped(DomainEvent):
            carrier: str

        class Order(Entity):
            @event
            def ship(self, carrier: str) -> None:
                self.shipped = True
                self.record(OrderShipped(carrier=carrier))
    """


@dataclass(frozen=True, slots=True)
class Recorded:
    """A domain event as it is delivered: at least once, in version order per entity.

    ``id`` is the same on every delivery, so that a handler can drop repeats.
    """

    id: str
    entity: str
    entity_id: str
    version: int
    event: DomainEvent
    at: datetime
