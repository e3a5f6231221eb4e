"""The counter and the todo list, beside the pages that they have by themselves: what `./dev run` starts."""

from typing import Annotated

import todo
from counter import Counter, face
from fasthtml.common import P

from starmodel.adapters.fasthtml import Shared
from starmodel.bootstrap import create_app

app = create_app(Counter, todo.Todo, title="StarModel")


@app.page("/", "Counter", icon="mouse-pointer-click")
def counter(counter: Annotated[Counter, Shared("lobby")]):
    return (
        face(counter),
        P("Open this page in a second tab, and click in one of them.", cls="muted"),
        P("Counters and Todos, in the navigation, are pages that nobody wrote: every entity has them.", cls="muted"),
    )


@app.page("/today", "Today", icon="sun")
async def today(show: str = "all"):
    return await todo.home(show=show)
