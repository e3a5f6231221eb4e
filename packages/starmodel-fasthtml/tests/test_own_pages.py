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


@pytest.mark.parametrize("address", ["/board", "/board?sort=notes"])
async def test_one_that_comes_later_takes_the_place_of_a_page_that_was_shown_before(app, address):
    visitor = Visitor(app)
    assert "New board" in (await visitor.get(address)).text
    assert "New board" in (await visitor.get(address)).text

    app.get("/board")(lambda: "my own boards")

    assert "my own boards" in (await visitor.get(address)).text


@pytest.mark.parametrize("address", ["/board", "/board?sort=notes"])
async def test_one_for_a_host_stands_there_alone(app, address):
    app.get("/board", host="127.0.0.1")(lambda: "my own boards")
    everywhere, there = Visitor(app), Visitor(app, host="127.0.0.1")
    for _ in range(2):
        assert "New board" in (await everywhere.get(address)).text
        assert "my own boards" in (await there.get(address)).text


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
