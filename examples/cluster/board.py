"""One page on several nodes: a counter in Redis, notes in Postgres.  docs/many-nodes.md says how to start them."""

import os
import socket
from typing import Annotated

from fasthtml.common import H1, H2, Button, Div, Form, Input, Li, P, Ul

from starmodel.adapters.fasthtml import Shared, on_click, on_submit, view
from starmodel.bootstrap import create_app
from starmodel.core import Entity, Query, StateStore, event


class Counter(Entity):
    count: int = 0
    model_config = {"store": StateStore.SERVER_REDIS, "pages": False}

    @event
    def increment(self) -> None:
        self.count += 1


class Note(Entity):
    text: str
    model_config = {"store": StateStore.SERVER_SQL}


app = create_app(Counter, Note, title="Board")


@view
def clicks(counter: Counter):
    return Div(Button("+1", on_click(counter.increment)), P(f"{counter.count} clicks"), cls="card")


@view
def line(note: Note):
    return Li(note.text)


@app.page("/", "Board", icon="clipboard")
def board(counter: Annotated[Counter, Shared("board")], notes: Annotated[list[Note], Query(order=("text",), limit=50)]):
    form = Form(on_submit(Note.create), Input(name="text", aria_label="New note", required=True), Button("Add"))
    drawn = P(f"Drawn by {socket.gethostname()}, process {os.getpid()}.", cls="muted")
    return H1("Board"), clicks(counter), H2("Notes"), Ul(*map(line, notes)), form, drawn
