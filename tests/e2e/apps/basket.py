"""A basket that the browser keeps for all its tabs, a note that each tab keeps, and a price that the server keeps."""

from typing import Annotated

from fasthtml.common import H1, Button, Div, Form, Input, Li, P, Ul

from starmodel.adapters.fasthtml import Shared, on_click, on_submit, show, view
from starmodel.bootstrap import create_app
from starmodel.core import Entity, StateStore, event


class Price(Entity):
    cents: int = 100

    @event
    def raise_it(self) -> None:
        self.cents += 1


class Basket(Entity):
    items: list[str] = []
    count: int = 0
    model_config = {"store": StateStore.CLIENT_LOCAL}

    @event
    def put(self, item: str) -> str:
        self.items = [*self.items, item]
        return f"{item} is in the basket"

    @event
    def increment(self) -> None:
        self.count += 1

    @event
    def fill(self, size: int) -> None:
        self.items = ["x" * size]

    def check(self) -> None:
        if self.count > 1000:
            raise ValueError("a basket holds a thousand")


class Note(Entity):
    text: str = ""
    model_config = {"store": StateStore.CLIENT_SESSION}

    @event
    def write(self, text: str) -> None:
        self.text = text


app = create_app(Basket, Note, Price, title="Basket", api=None)


@view
def face(basket: Basket):
    return Div(
        H1(basket.count),
        Ul(*[Li(item) for item in basket.items if len(item) < 100]),
        Button("+1", on_click(basket.increment)),
        Button("Apple", on_click(basket.put, "Äpple")),
        Button("Empty", on_click(basket.delete)),
        Button("Much", on_click(basket.fill, 600_000)),
    )


@app.get("/")
def home(basket: Basket, note: Note, price: Annotated[Price, Shared("apple")]):
    return (
        face(basket),
        P("Count: ", show(basket, "count"), id="shown"),
        P(note.text, id="note"),
        Form(Input(name="text", aria_label="Note"), Button("Write"), **on_submit(note.write)),
        P(f"An apple is {price.cents}", id="price"),
        Button("Dearer", on_click(price.raise_it)),
    )
