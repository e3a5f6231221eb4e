"""The entities that the store suite stores."""

# ruff: noqa: RUF012  (a mutable default of an entity is fresh for each)

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any

from starmodel.core.domain_events import DomainEvent
from starmodel.core.entity import Entity
from starmodel.core.marks import Indexed, Reference, Unique
from starmodel.core.visibility import Private, Secret

__all__ = [
    "Account",
    "Author",
    "Colour",
    "Everything",
    "Fleeting",
    "Item",
    "Moved",
    "Other",
    "Place",
    "Post",
    "Voucher",
]


class Colour(Enum):
    """A closed set of values."""

    RED = "red"
    GREEN = "green"


@dataclass(frozen=True)
class Place:
    """A value object inside an entity."""

    street: str
    number: int = 1
    colours: tuple[Colour, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Moved(DomainEvent):
    """A domain event with values that JSON does not know."""

    to: str
    price: Decimal = Decimal(0)


class Item(Entity):
    """What most tests store."""

    name: str = ""
    rank: int = 0
    price: Decimal = Decimal(0)
    done: bool = False
    due: date | None = None
    at: datetime | None = None
    tags: list[str] = []
    cost: Private[int] = 0
    pin: Secret[str] = ""
    _note: str = ""


class Other(Entity):
    """A second kind, to prove that kinds do not mix."""

    name: str = ""


class Fleeting(Entity):
    """Expires a second after its last change."""

    name: str = ""
    model_config = {"ttl": 1.0}


class Account(Entity):
    """Has values that nobody else may have, and some that are often asked for."""

    email: Annotated[str | None, Unique()] = None
    row: Annotated[str, Unique("place")] = ""
    seat: Annotated[int | None, Unique("place")] = None
    rank: Annotated[int, Indexed()] = 0
    price: Annotated[Decimal, Indexed()] = Decimal(0)
    due: Annotated[date | None, Indexed()] = None
    at: Annotated[datetime | None, Indexed()] = None
    owner: Annotated[str, Indexed("owned")] = ""
    colour: Annotated[Colour, Indexed("owned")] = Colour.RED
    note: str = ""


class Voucher(Entity):
    """Has such values, and expires a second after its last change."""

    code: Annotated[str, Unique()] = ""
    rank: Annotated[int, Indexed()] = 0
    model_config = {"ttl": 1.0}


class Author(Entity):
    """What others refer to, also its own kind."""

    name: str = ""
    born: int | None = None
    pin: Secret[str] = ""
    mentor_id: Annotated[str | None, Reference("Author")] = None


class Post(Entity):
    """Refers to another."""

    title: str = ""
    body: str | None = None
    notes: Private[str] = ""
    author_id: Annotated[str | None, Reference(Author)] = None


class Everything(Entity):
    """One field for each type that a store must give back as it was."""

    text: str = ""
    number: int = 0
    ratio: float = 0.0
    flag: bool = False
    maybe: str | None = None
    price: Decimal = Decimal(0)
    day: date | None = None
    at: datetime | None = None
    colour: Colour = Colour.RED
    place: Place | None = None
    words: list[str] = []
    counts: dict[str, int] = {}
    labels: set[str] = set()
    places: list[Place] = []
    nested: dict[str, list[dict[str, Any]]] = {}
