"""Our side: one shared counter and one live page, written as the examples are."""

from __future__ import annotations

from typing import Annotated, Any

from fasthtml.common import H1, Button, Div

from starmodel.adapters.fasthtml import Shared, on_click, view
from starmodel.bootstrap import create_app
from starmodel.core import Entity, event

__all__ = ["Counter", "app", "face"]


class Counter(Entity):
    count: int = 0

    @event
    def increment(self, amount: int = 1) -> None:
        self.count += amount


app = create_app(Counter, title="Counter")


@view
def face(counter: Counter) -> Any:
    return Div(
        H1(counter.count), Button("+1", on_click(counter.increment)), Button("+5", on_click(counter.increment, 5))
    )


@app.get("/")  # type: ignore[untyped-decorator]  # as FastHTML, which is untyped
def home(counter: Annotated[Counter, Shared("lobby")]) -> Any:
    return face(counter)
