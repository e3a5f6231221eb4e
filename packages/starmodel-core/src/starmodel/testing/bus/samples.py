"""Commits for a bus to carry."""

# ruff: noqa: RUF012  (a mutable default of an entity is fresh for each)

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from starmodel.core.changes import Changeset, Commit, Position, Write, sealed
from starmodel.core.commands import Command
from starmodel.core.domain_events import DomainEvent, Recorded
from starmodel.core.entity import Entity
from starmodel.core.visibility import Secret

__all__ = ["Parcel", "Sent", "sample_commit"]

_AT = datetime(2025, 1, 1, 12, 0, 0, 5, tzinfo=UTC)


class Parcel(Entity):
    """What the carried commits are about."""

    name: str = ""
    price: Decimal = Decimal(0)
    tags: list[str] = []
    pin: Secret[str] = ""


@dataclass(frozen=True, kw_only=True)
class Sent(DomainEvent):
    """A domain event on its way."""

    to: str
    price: Decimal


def sample_commit(number: int) -> Commit:
    """Return the commit at position *number*: a creation, with a domain event and an answer."""
    parcel = Parcel(id=f"p{number}", name=f"ключ ☕ {number}", price=Decimal("1.50"), tags=["a"], pin="hunter2")
    fact = Recorded(f"c{number}.0", "Parcel", parcel.id, 0, Sent(to="ada", price=Decimal("0.10")), _AT)
    command = Command(entity="Parcel", event="create", args={"n": number}, id=f"c{number}", actor="ada", at=_AT)
    writes = (Write(Parcel, parcel.id, None, parcel, 0),)
    return sealed(Changeset(command, "body", writes, (fact,), {"n": [number, None]}), Position("epoch", number), _AT)
