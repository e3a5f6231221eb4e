"""The entities that the codec suite takes apart and puts together."""

# ruff: noqa: RUF012  (a mutable default of an entity is fresh for each)

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

from starmodel.core.entity import Entity
from starmodel.core.events import event
from starmodel.core.files import Accept, File
from starmodel.core.visibility import Private, Secret

__all__ = ["Account", "Invoice", "Level", "Line", "Paper", "Seat", "Team"]


class Level(Enum):
    """A closed set of values."""

    LOW = "low"
    HIGH = "high"


@dataclass(frozen=True)
class Line:
    """A value object inside an entity."""

    what: str
    pieces: int = 1
    price: Decimal = Decimal(0)


class Account(Entity):
    """Something that an argument can name by id, with fields that not everybody may see."""

    owner: str
    age: int = 0
    margin: Private[int] = 0
    password: Secret[str] = ""
    tags: list[str] = []

    def check(self) -> None:
        """Refuse a negative age."""
        if self.age < 0:
            raise ValueError("the age must not be negative")

    @event
    def set_all(
        self,
        text: str,
        number: int,
        ratio: float = 0.5,
        flag: bool = False,  # noqa: FBT001, FBT002  (one parameter of each kind)
        maybe: int | None = None,
        word: str | None = "x",
        when: date | None = None,
        level: Level = Level.LOW,
        lines: list[Line] = [],  # noqa: B006  (an event's default is never changed)
        other: Account | None = None,
    ) -> None:
        """Take one argument of each kind."""

    @event
    def befriend(self, friend: Account, note: Secret[str] = "") -> None:
        """Take another entity."""

    @event
    def take_anything(self, what: Any = None) -> None:
        """Take what JSON can hold."""

    @event
    def nothing(self) -> None:
        """Take no argument."""


class Invoice(Entity):
    """One field for each type a codec must carry."""

    title: str
    number: int = 0
    ratio: float = 0.0
    paid: bool = False
    note: str | None = None
    price: Decimal = Decimal(0)
    day: date | None = None
    at: datetime | None = None
    clock: time | None = None
    span: timedelta = timedelta(0)
    key: UUID | None = None
    level: Level = Level.LOW
    size: Literal["s", "m", 3] = "s"
    line: Line | None = None
    lines: list[Line] = []
    counts: dict[str, int] = {}
    by_number: dict[int, list[Level]] = {}
    labels: set[str] = set()
    pair: tuple[int, str] = (0, "")
    rest: tuple[int, ...] = ()
    either: int | str | None = None
    data: dict[str, Any] = {}


@dataclass(frozen=True)
class Seat:
    """A value object that holds an entity."""

    who: Account
    row: int = 1


class Paper(Entity):
    """Something with files, of which one is nobody's to see."""

    scan: Annotated[File | None, Accept("application/pdf", max_bytes=5_000)] = None
    draft: Private[File | None] = None

    @event
    def attach(self, scan: File) -> None:
        """Take a file."""


class Team(Entity):
    """Something that holds other entities, in every way there is."""

    name: str = ""
    lead: Account
    members: list[Account] = []
    by_role: dict[str, Account] = {}
    seat: Seat | None = None
