"""A dashboard: tiles and bars made of what is stored, brought up to date by whatever changes it."""

from decimal import Decimal
from enum import Enum

from fasthtml.common import H1, H2, Button, Div, Meter, P, Section, Span

from starmodel.adapters.fasthtml import find, on_click
from starmodel.bootstrap import create_app
from starmodel.core import Entity, event


class Region(Enum):
    NORTH = "north"
    SOUTH = "south"
    EAST = "east"
    WEST = "west"


class Sale(Entity):
    region: Region
    amount: Decimal = Decimal("10.00")
    refunded: bool = False
    model_config = {"icon": "receipt"}

    @event
    def refund(self) -> None:
        self.refunded = True


app = create_app(Sale, title="Sales")


def tile(label: str, value: object):
    return Div(P(label, cls="muted"), P(str(value), cls="text-3xl font-bold"), cls="card")


@app.page("/", "Dashboard", icon="layout-dashboard")
async def dashboard():
    sales = await find(Sale, {"refunded": False}, limit=1000)
    sums = {region: sum((s.amount for s in sales if s.region is region), Decimal(0)) for region in Region}
    most = max(sums.values()) or Decimal(1)
    bars = [
        Div(
            Span(f"{region.name.title()}: {amount}"),
            Meter(value=float(amount), max=float(most), aria_label=region.value, cls="w-full"),
        )
        for region, amount in sums.items()
    ]
    sell = [Button(f"Sell {r.name.title()}", on_click(Sale.create, region=r), cls="secondary") for r in Region]
    return (
        H1("Sales today"),
        Div(tile("Sales", len(sales)), tile("Turnover", sum(sums.values())), cls="grid sm:grid-cols-2 gap-4 mb-6"),
        Section(H2("By region"), *bars, cls="card grid gap-3 mb-6"),
        Div(*sell, cls="row"),
    )
