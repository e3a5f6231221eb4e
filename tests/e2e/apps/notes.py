"""A note that is slow to save, a long job, and a secret: what the end-to-end tests need beside the examples."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fasthtml.common import H1, Button, Div, Form, Input, P, Progress

from starmodel.adapters.fasthtml import Shared, on_click, on_input, on_submit, show, view
from starmodel.bootstrap import create_app
from starmodel.core import Entity, GoTo, Notice, Private, RefusedError, Secret, event


class Note(Entity):
    text: str = ""
    saves: int = 0
    delay: float = 0.0
    margin: Private[str] = "canary-private"
    password: Secret[str] = "canary-secret"

    @event
    async def write(self, text: str) -> None:
        await asyncio.sleep(self.delay)
        self.text = text
        self.saves += 1


class Job(Entity):
    done: int = 0
    result: str = ""

    @event
    async def work(self, fail: bool = False) -> AsyncIterator[None]:
        for _ in range(4):
            await asyncio.sleep(0.05)
            self.done += 25
            yield
        if fail:
            raise RefusedError("The machine is out of paper.")
        self.result = "printed"


class Own(Entity):
    count: int = 0

    @event
    def increment(self) -> None:
        self.count += 1

    @event
    def leave(self) -> GoTo:
        return GoTo("/job")

    @event
    def greet(self) -> Notice:
        return Notice("Good <b>morning</b>!", "success")


class Card(Entity):
    title: str = "Title"
    body: str = "Body"


app = create_app(Note, Job, Own, Card, title="Notes")


@view
def editor(note: Note):
    return Div(
        Input(on_input(note.write, "text", delay=20), value=note.text, aria_label="Note"),
        P(note.text, id="stored"),
    )


@view
def job_face(job: Job):
    return Div(
        Progress(value=job.done, max=100, aria_label="Progress"),
        Button("Print", on_click(job.work)),
        Button("Fail", on_click(job.work, fail=True)),
        P(job.result, id="result"),
    )


@view
def card_form(card: Card):
    title = Input(name="title", value=card.title, aria_label="Title")
    body = Input(name="body", value=card.body, aria_label="Body")
    return Form(on_submit(card.update), title, body, Button("Save"))


@app.get("/card")
def card_page(card: Annotated[Card, Shared("card")]):
    return card_form(card)


@app.get("/")
def notes(note: Annotated[Note, Shared("note")]):
    return H1("Note"), editor(note), P("Saved ", show(note, "saves", id="saves"), " times")


@app.get("/job")
def jobs(job: Annotated[Job, Shared("job")]):
    return H1("Job"), job_face(job)


@app.get("/own")
def own(own: Own):
    return (
        H1(own.count),
        Button("+1", on_click(own.increment)),
        Form(on_submit(own.update), Input(name="count"), Button("Set")),
        more(own),
    )


def more(own: Own):
    return Button("Leave", on_click(own.leave)), Button("Greet", on_click(own.greet))
