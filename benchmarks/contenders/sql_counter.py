"""Our side on SQLite: the shared counter with its store named; DATABASE_URL says which file."""

from __future__ import annotations

from typing import Annotated, Any

from fasthtml.common import H1

from starmodel.adapters.fasthtml import Shared
from starmodel.bootstrap import create_app
from starmodel.core import Entity, event

__all__ = ["Counter", "app"]


class Counter(Entity):
    count: int = 0
    model_config = {"store": "sql"}

    @event
    def increment(self, amount: int = 1) -> None:
        self.count += amount


app = create_app(Counter, title="Counter")


@app.get("/")  # type: ignore[untyped-decorator]  # as FastHTML, which is untyped
def home(counter: Annotated[Counter, Shared("lobby")]) -> Any:
    return H1(counter.count)
