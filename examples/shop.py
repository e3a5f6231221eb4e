"""A shop on two stores: products and orders in a database, each visitor's cart in memory until it is ordered."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from fasthtml.common import H1, H2, Button, Div, Li, P, Section, Span, Ul

from starmodel.adapters.fasthtml import find, on_click
from starmodel.bootstrap import create_app
from starmodel.core import DomainEvent, Entity, Indexed, Recorded, StateStore, Unit, event


class Product(Entity):
    name: str
    price: Annotated[Decimal, Indexed()]
    description: str = ""
    model_config = {"store": StateStore.SERVER_SQL, "icon": "package"}


class Cart(Entity):
    names: list[str] = []
    total: Decimal = Decimal(0)
    model_config = {"store": StateStore.SERVER_MEMORY, "ttl": 7200, "pages": False}

    @event
    def add(self, product: Product) -> str:
        self.names.append(product.name)
        self.total += product.price
        return f"{product.name} is in your cart."

    @event
    def empty(self) -> None:
        self.names, self.total = [], Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Placed(DomainEvent):
    cart: str


class Order(Entity):
    names: list[str]
    total: Decimal
    at: Annotated[datetime, Indexed()]
    sent: bool = False
    model_config = {"store": StateStore.SERVER_SQL, "icon": "truck", "default_events": ["delete"]}

    @event
    @classmethod
    def place(cls, cart: Cart) -> str:
        if not cart.names:
            raise ValueError("There is nothing in your cart yet.")
        unit = Unit.current()
        order = unit.add(cls(names=cart.names, total=cart.total, at=datetime.now(UTC)))
        unit.record(order, Placed(cart=cart.id))
        return "Thank you. It is on its way."

    @event
    def send(self) -> None:
        self.sent = True


app = create_app(Product, Order, Cart, title="Shop")


@app.on(Placed)
async def empty_the_cart(placed: Recorded) -> None:
    await app.application.dispatch(Cart.empty().on(placed.event.cart))


def offer(product: Product, cart: Cart):
    add = Button("Add to cart", on_click(cart.add, product), cls="secondary", aria_label=f"Add {product.name}")
    price = Span(f"{product.price:.2f}", cls="muted")
    return Div(
        P(product.name, cls="font-semibold"), P(product.description), Div(price, add, cls="row mt-3"), cls="card"
    )


def content(cart: Cart):
    if not cart.names:
        return (P("Nothing in it yet.", cls="muted"),)
    buttons = Button("Order", on_click(Order.place, cart)), Button("Empty", on_click(cart.empty), cls="secondary")
    return Ul(*map(Li, cart.names)), P(f"{cart.total:.2f}", cls="font-semibold"), Div(*buttons, cls="row mt-3")


@app.page("/", "Shop", icon="store")
async def shop(cart: Cart):
    offers = [offer(product, cart) for product in await find(Product, order=["name"])]
    basket = Section(H2("Your cart"), *content(cart), cls="card mb-6", aria_label="Cart")
    return H1("Shop"), basket, Div(*offers, cls="grid sm:grid-cols-2 lg:grid-cols-3 gap-4")
