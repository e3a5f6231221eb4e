"""The entity that every subset keeps, shows or sends in its own way."""

from __future__ import annotations

from starmodel.core import Entity, event


class Counter(Entity):
    count: int = 0

    @event
    def increment(self, amount: int = 1) -> None:
        self.count += amount
