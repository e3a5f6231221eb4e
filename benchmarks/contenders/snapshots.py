"""The same order three times: as an entity, as a frozen dataclass and as a frozen pydantic model."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from starmodel.core import Entity, event

__all__ = ["AsDataclass", "AsModel", "Order", "line"]

Line = dict[str, Any]


def line(number: int) -> Line:
    return {"article": f"article {number}", "pieces": number}


def fresh_id() -> str:
    return uuid.uuid4().hex


class Order(Entity):
    title: str
    paid: int = 0
    lines: list[Line] = []

    @event
    def pay(self, amount: int) -> None:
        self.paid += amount

    @event
    def pay_by_evolve(self, amount: int) -> Self:
        return self.evolve(paid=self.paid + amount)

    @event
    def add(self, item: Line) -> None:
        self.lines.append(item)


@dataclass(frozen=True, kw_only=True)
class AsDataclass:
    title: str
    paid: int = 0
    lines: tuple[Line, ...] = ()
    id: str = field(default_factory=fresh_id)

    def replaced(self, **changes: Any) -> Self:
        return replace(self, **changes)

    def pay(self, amount: int) -> Self:
        return replace(self, paid=self.paid + amount)

    def add(self, item: Line) -> Self:
        return replace(self, lines=(*self.lines, item))

    def dumped(self) -> dict[str, Any]:
        return asdict(self)


class AsModel(BaseModel):
    model_config = ConfigDict(frozen=True)

    title: str
    paid: int = 0
    lines: tuple[Line, ...] = ()
    id: str = Field(default_factory=fresh_id)

    def pay(self, amount: int) -> Self:
        return self.model_copy(update={"paid": self.paid + amount})

    def add(self, item: Line) -> Self:
        return self.model_copy(update={"lines": (*self.lines, item)})
