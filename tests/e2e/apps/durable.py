"""The counter in a store that outlives its process: a third party's, from the integration tests."""

import sys
from pathlib import Path
from typing import Annotated

from fasthtml.common import H1, Button, Div

from starmodel.adapters.fasthtml import Shared, on_click, view
from starmodel.bootstrap import create_app
from starmodel.core import Entity, event

sys.path.append(str(Path(__file__).parents[2] / "integration" / "thirdparty_store" / "src"))

from jsonfile_store import JsonFileStore


class Counter(Entity):
    count: int = 0
    model_config = {"store": "jsonfile"}

    @event
    def increment(self, amount: int = 1) -> None:
        self.count += amount


app = create_app(Counter, stores={"jsonfile": JsonFileStore("counter.jsonl")}, title="Counter")


@view
def face(counter: Counter):
    return Div(H1(counter.count), Button("+1", on_click(counter.increment)))


@app.get("/")
def home(counter: Annotated[Counter, Shared("lobby")]):
    return face(counter)
