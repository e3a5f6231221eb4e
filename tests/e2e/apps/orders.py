"""Orders with everything that a form can hold."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated

from starmodel.bootstrap import create_app
from starmodel.core import Entity, Reference, Shown, event


class Kind(Enum):
    OPEN = "open"
    PAID = "paid"


@dataclass(frozen=True)
class Money:
    amount: Decimal
    currency: str = "EUR"


@dataclass(frozen=True)
class Line:
    what: str
    pieces: int = 1
    price: Money | None = None


class Client(Entity):
    name: str


class Order(Entity):
    title: str
    kind: Kind = Kind.OPEN
    due: date | None = None
    note: str = ""
    client_id: Annotated[str | None, Reference("Client")] = None
    tags: list[str] = []
    lines: list[Line] = []
    paid_by: Annotated[str, Shown(when={"kind": "paid"})] = ""

    def check(self) -> None:
        if self.title == "bad":
            raise ValueError("no order is called bad")

    @event
    def snooze(self, until: date) -> None:
        """Look at it again later."""
        self.due = until


app = create_app(Order, Client)
