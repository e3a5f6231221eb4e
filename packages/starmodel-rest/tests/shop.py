"""The application that the tests ask: some of everything a REST interface has to show, or to hide."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated

from starmodel.core import Actor, Decision, Entity, GoTo, Private, Reference, RefusedError, Secret, event

PIN = "canary-secret-4711"
MARGIN = 987654321


class Kind(Enum):
    FOOD = "food"
    TOOL = "tool"


class Maker(Entity):
    name: str
    of: str = ""
    rating: Private[int] = MARGIN


class Item(Entity):
    """Something that is sold."""

    title: str
    price: Decimal = Decimal(0)
    count: int = 0
    kind: Kind = Kind.FOOD
    made: date | None = None
    tags: list[str] = []
    of: str = ""
    maker_id: Annotated[str | None, Reference(Maker)] = None
    margin: Private[int] = MARGIN
    pin: Secret[str] = PIN

    def check(self) -> None:
        if self.count < 0:
            raise ValueError("there cannot be less than none")

    @event
    def add(self, n: int = 1) -> str:
        """Put some in."""
        self.count += n
        return f"{self.count} now"

    @event(path="sold-out")
    def sell(self) -> None:
        if not self.count:
            raise RefusedError("there is none left")
        self.count = 0

    @event(method="put")
    def name(self, title: str) -> None:
        self.title = title

    @event(method="get")
    def worth(self, each: int = 1, of: list[int] = []) -> object:  # noqa: B006  (a list in an address)
        return {"worth": self.count * each, "of": list(of), "me": self}

    @event
    @classmethod
    def stock(cls, titles: list[str]) -> list[Item]:
        return [cls(title=title) for title in titles]

    @event(method="get")
    @classmethod
    def kinds(cls) -> list[str]:
        return [kind.value for kind in Kind]

    @event
    def leave(self) -> object:
        return GoTo("/elsewhere")

    @event(include_in_schema=False)
    def quietly(self) -> None:
        self.count = 99

    @event
    def broken(self) -> None:
        raise KeyError(PIN)


class Log(Entity):
    model_config = {"api": False}
    text: str = ""


class Note(Entity):
    model_config = {"default_events": ["create"]}
    text: str = ""


class Owners:
    """What is somebody's is theirs alone; what is nobody's is everybody's.  Only ``admin`` may delete."""

    def decide(self, actor, action, kind, id, entity, /):
        owner = getattr(entity, "of", "")
        if owner not in ("", actor.id):
            return Decision(allowed=False, why="not yours", hidden=True)
        return Decision(action != "delete" or "guest" not in actor.roles, "guests delete nothing")


def actor_of(name: str) -> Actor:
    return Actor(name, visitor=f"visitor-{name}", roles=frozenset({"guest"} if name == "guest" else ()))
