"""Tickets whose pages are replaced a part at a time, beside guests whose pages are the usual ones."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from fasthtml.common import Em, P, Strong, Tr

from starmodel.adapters.fasthtml import PageCall, load
from starmodel.bootstrap import create_app
from starmodel.core import Entity, event
from starmodel.core.ui import Field


class Ticket(Entity):
    title: str
    kind: str = "free"
    price: Decimal = Decimal(0)
    sold: bool = False
    model_config = {"icon": "ticket"}

    @event
    def sell(self) -> None:
        self.sold = True

    @event
    def raise_price(self) -> None:
        self.price += 1


class Guest(Entity):
    name: str
    here: bool = False
    model_config = {"icon": "user"}

    @event
    def come(self) -> None:
        self.here = True


app = create_app(Ticket, Guest, title="Box office")
app.pages.rename(Ticket, sold="Gone", sell="Sell it")
app.pages.columns(Ticket, "title", "price", "sold")


@app.pages.cell(Ticket, "title")
def title(ticket: Ticket) -> Any:
    return (Em if ticket.sold else Strong)(f"{ticket.title} at {ticket.price} €")


@app.pages.fact(Ticket, "kind")
def kind(ticket: Ticket) -> Any:
    return app.pages.kit.badge(ticket.kind, level="info")


@app.pages.control(Ticket, "kind")
def choose_kind(field: Field) -> Any:
    return app.pages.kit.field(replace(field, help="free or paid"))


@app.pages.row(Guest)
def guest(guest: Guest, cells: list[Any]) -> Any:
    return Tr(*cells, cls="opacity-50" if guest.here else "")


@app.pages.page(Ticket, "detail")
async def detail(call: PageCall) -> Any:
    ticket = await load(Ticket, call.id)
    usual = await call.default()
    return [P(f"{ticket.title} costs {ticket.price} €.", id="summary"), *usual.parts]


@app.pages.page(Ticket, "new")
async def new(call: PageCall) -> Any:
    usual = await call.default()
    return [P("Tickets are not taken back.", id="advice"), *usual.parts]
