"""The counter and the todo list side by side: what `./dev run` starts."""

from typing import Annotated

import todo
from counter import Counter, face
from fasthtml.common import A, Nav, P

from starmodel.adapters.fasthtml import Shared
from starmodel.bootstrap import create_app

app = create_app(Counter, todo.Todo, title="StarModel")
PAGES = {"Counter": "/", "Todo": "/todo"}


def menu(here: str):
    links = [A(name, href=path, aria_current="page" if name == here else None) for name, path in PAGES.items()]
    return Nav(*links, cls="row", aria_label="Examples")


@app.get("/")
def counter(counter: Annotated[Counter, Shared("lobby")]):
    return menu("Counter"), face(counter), P("Open this page in a second tab, and click in one of them.", cls="muted")


@app.get("/todo")
async def todos(show: str = "all"):
    return menu("Todo"), await todo.home(show=show)
