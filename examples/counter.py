from typing import Annotated

from fasthtml.common import H1, Button, Div, P

from starmodel.adapters.fasthtml import Shared, on_click, view
from starmodel.bootstrap import create_app
from starmodel.core import Entity, event


class Counter(Entity):
    count: int = 0

    @event
    def increment(self, amount: int = 1) -> None:
        self.count += amount


app = create_app(Counter, title="Counter")


@view
def face(counter: Counter):
    one, five = on_click(counter.increment), on_click(counter.increment, 5)
    return Div(H1(counter.count), Button("+1", one), Button("+5", five))


@app.get("/")
def home(counter: Annotated[Counter, Shared("lobby")]):
    return face(counter), P("Everybody who has this page open sees the same number.")
