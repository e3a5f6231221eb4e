"""An application in which every field, name and label may hold what somebody means badly."""

from dataclasses import dataclass
from enum import Enum
from typing import Annotated

from hostile_texts import HOSTILE

from starmodel.bootstrap import create_app
from starmodel.core import Entity, Notice, Reference, RefusedError, Shown, event

Odd = Enum("Odd", {f"hit({n})<img src=x onerror=hit({n})>": text for n, text in enumerate(HOSTILE)})


@dataclass(frozen=True)
class Deep:
    word: str = ""


@dataclass(frozen=True)
class Part:
    word: str = ""
    deep: Deep = Deep()


class Person(Entity):
    name: str


class Thing(Entity):
    title: Annotated[str, Shown(label="<b>hit()</b>{{title}}", help="</p><script>hit()</script>${hit()}")]
    notes: str = ""
    mail_email: str = ""
    home_url: str = ""
    odd: Odd | None = None
    tags: list[str] = []
    part: Part = Part()
    parts: list[Part] = []
    table: dict[str, str] = {}
    person_id: Annotated[str | None, Reference("Person")] = None
    model_config = {"label": "<i onclick=hit()>Thing", "plural": "Things</title><script>hit()</script>"}

    def check(self) -> None:
        if self.notes == "refuse":
            raise ValueError(self.title)

    @event
    def tell(self) -> Notice:
        """Say the title, also when it is <script>hit()</script>."""
        return Notice(self.title, "success")

    @event
    def protest(self) -> None:
        """Refuse it."""
        raise RefusedError(self.title)


app = create_app(Thing, Person, title="</title><script>hit()</script>")
