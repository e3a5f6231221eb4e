"""Core, pydantic, plugins and FastHTML: a live page and its buttons, put together by hand."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from typing import Annotated

from asking import Running, ask
from counting import Counter
from fasthtml.common import H1, Button, Div

from starmodel.adapters.fasthtml import Shared, StarModelApp, on_click, view
from starmodel.adapters.pydantic import PydanticCodec
from starmodel.app import Application

app = StarModelApp(Application([Counter], codec=PydanticCodec()), title="Counter")


@view
def face(counter: Counter) -> object:
    return Div(H1(counter.count), Button("+5", on_click(counter.increment, 5)))


@app.get("/")
def home(counter: Annotated[Counter, Shared("lobby")]) -> object:
    return face(counter)


async def main() -> None:
    async with Running(app):
        status, _, page = await ask(app, "GET", "/")
        assert status == 200, page
        assert "<h1>0</h1>" in page
        form = "application/x-www-form-urlencoded"
        origin = "http://127.0.0.1:8000"
        status, _, said = await ask(app, "POST", "/counter/lobby/increment?amount=5", content_type=form, origin=origin)
        assert status in (200, 204, 303), (status, said)
        assert "<h1>5</h1>" in (await ask(app, "GET", "/"))[2]
        refused, _, _ = await ask(app, "POST", "/counter/lobby/increment", content_type=form, origin="http://evil.test")
        assert refused == 403


asyncio.run(main())
assert find_spec("monsterui") is None
assert find_spec("sqlalchemy") is None
