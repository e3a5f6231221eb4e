"""A kanban board: cards move by an event, and everybody sees them move.  The list of cards comes for free."""

from enum import Enum

from fasthtml.common import H1, H2, Button, Div, Form, Input, Li, P, Section, Ul

from starmodel.adapters.fasthtml import find, on_click, on_submit, view
from starmodel.bootstrap import create_app
from starmodel.core import Entity, event


class Column(Enum):
    TODO = "todo"
    DOING = "doing"
    DONE = "done"


class Card(Entity):
    title: str
    column: Column = Column.TODO
    assignee: str = ""
    model_config = {"icon": "sticky-note"}

    @event
    def move(self, to: Column) -> None:
        self.column = to

    @event
    def assign(self, to: str) -> None:
        self.assignee = to

    def check(self) -> None:
        if not self.title.strip():
            raise ValueError("Say what there is to do.")


app = create_app(Card, title="Studio")


@view
def face(card: Card):
    moves = [
        Button(to.name.title(), on_click(card.move, to), cls="secondary", aria_label=f"Move {card.title} to {to.value}")
        for to in Column
        if to is not card.column
    ]
    return Li(P(card.title), P(card.assignee or "nobody yet", cls="muted"), Div(*moves, cls="row mt-3"), cls="card")


def faces(cards: list[Card], column: Column):
    return [face(card) for card in cards if card.column is column]


@app.page("/", "Board", icon="kanban")
async def board():
    cards = await find(Card, order=["title"])
    columns = [
        Section(
            H2(column.name.title()),
            Ul(
                *[face(card) for card in cards if card.column is column], cls="grid gap-3 mt-3", aria_label=column.value
            ),
        )
        for column in Column
    ]
    new = Input(name="title", placeholder="What is there to do?", aria_label="New card", required=True)
    add = Form(on_submit(Card.create), new, Button("Add"), cls="row mb-6")
    return H1("Board"), add, Div(*columns, cls="grid md:grid-cols-3 gap-6")
