"""A page of the application's own in the frame of the site: listed, titled and live like the others."""

from __future__ import annotations

from typing import Annotated

import pytest
from asgi_visitors import Visitor
from fasthtml.common import Div, P

from starmodel.adapters.fasthtml import Shared, view
from starmodel.core import Entity, event


class Board(Entity):
    notes: int = 0

    @event
    def add(self) -> None:
        self.notes += 1


@view
def face(board: Board):
    return Div(f"notes={board.notes};")


@pytest.fixture
async def app(build, start):
    app = build(Board, title="Desk")

    @app.page("/", "Home", icon="house")
    def home(board: Annotated[Board, Shared("main")]):
        return face(board), P("<b>text</b>")

    @app.page("/about", "About us", listed=False)
    async def about():
        return P("who we are")

    return await start(app=app)


async def test_it_stands_in_the_frame_with_the_others(app):
    visitor = Visitor(app)
    home, listed = (await visitor.get("/")).text, (await visitor.get("/board")).text
    for text in (home, listed):
        assert '<nav aria-label="Menu">' in text
        assert ">Home</a>" in text
        assert ">Boards</a>" in text
    assert '<a href="/" aria-current="page">Home</a>' in home
    assert '<a href="/board" aria-current="page">Boards</a>' in listed
    assert "<title>Home · Desk</title>" in home
    assert "&lt;b&gt;text" in home


async def test_one_that_is_not_listed_is_there_all_the_same(app):
    text = (await Visitor(app).get("/about")).text
    assert "who we are" in text
    assert ">About us</a>" not in text


async def test_it_is_live(app):
    visitor = Visitor(app)
    page = await visitor.open("/")
    async with page.stream() as stream:
        await stream.hello()
        await visitor.click("/board/main/add")
        assert "notes=1;" in str(await stream.until("datastar-patch-elements"))
