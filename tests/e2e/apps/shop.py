"""Entities without a line of page: what the site makes of them is what the tests look at."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated

from starmodel.bootstrap import create_app
from starmodel.core import Entity, Reference, event


class State(Enum):
    NEW = "new"
    SENT = "sent"


class Customer(Entity):
    name: str
    email: str = ""
    model_config = {"icon": "users"}


class Order(Entity):
    title: str
    paid: bool = False
    state: State = State.NEW
    due: date | None = None
    price: Decimal = Decimal("9.90")
    customer_id: Annotated[str | None, Reference("Customer")] = None
    notes: str = ""
    model_config = {"icon": "shopping-cart"}

    @event
    def pay(self) -> None:
        """Note that it was paid."""
        self.paid = True

    @event(confirm="Send it now?")
    def send(self) -> None:
        self.state = State.SENT

    @event
    def postpone(self, until: date, why: str = "") -> None:
        self.due = until
        self.notes = why


app = create_app(Order, Customer, title="Shop")
