"""Pages are compressed for those who asked for them themselves, and for nobody else."""

from __future__ import annotations

import gzip

import pytest
from asgi_visitors import Visitor
from starlette.responses import HTMLResponse, StreamingResponse

from starmodel.core import Entity

OWN = {"accept_encoding": "gzip, deflate, br", "sec_fetch_site": "same-origin"}


class Note(Entity):
    text: str


@pytest.fixture
async def app(start):
    app = await start(Note)

    @app.get("/packed")
    def once():
        return HTMLResponse("x" * 2000, headers={"content-encoding": "identity"})

    @app.get("/stepwise")
    def stepwise():
        return StreamingResponse(iter(["<p>one" * 500, "<p>two"]), media_type="text/html")

    return app


async def coding(app, path="/note", **headers):
    return (await Visitor(app).get(path, **headers)).header("content-encoding")


@pytest.mark.parametrize("site", ["same-origin", "none"])
async def test_a_page_that_was_asked_for_is_packed_and_whole(app, site):
    visitor = Visitor(app)
    plain = await visitor.get("/note")
    answer = await visitor.get("/note", **{**OWN, "sec_fetch_site": site})
    assert answer.header("content-encoding") == "gzip"
    assert int(answer.header("content-length")) == len(answer.body) < len(plain.body) / 2
    assert len(answer.all("content-length")) == 1
    assert "accept-encoding" in answer.header("vary")
    assert "<h1>Notes</h1>" in gzip.decompress(answer.body).decode()
    assert answer.header("content-security-policy")


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "nonsense"])
async def test_what_another_site_asks_for_says_nothing_by_its_length(app, site):
    assert await coding(app, **{**OWN, "sec_fetch_site": site}) is None


async def test_a_browser_that_does_not_say_who_asks_gets_it_as_it_is(app):
    assert await coding(app, accept_encoding="gzip") is None


@pytest.mark.parametrize(
    ("accepted", "is_packed"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip;q=0.0, br", False),
        ("x-gzip", False),
        ("", False),
    ],
)
async def test_it_is_packed_as_the_browser_takes_it(app, accepted, is_packed):
    assert (await coding(app, **{**OWN, "accept_encoding": accepted}) == "gzip") is is_packed


async def test_what_is_small_streamed_encoded_or_no_page_passes_untouched(app):
    assert await coding(app, "/packed", **OWN) == "identity"
    assert await coding(app, "/stepwise", **OWN) is None
    assert await coding(app, "/note/export.json", **OWN) is None
    assert "two" in (await Visitor(app).get("/stepwise", **OWN)).text


async def test_a_head_is_told_the_length_of_the_page_as_it_is(app):
    answer = await Visitor(app).ask("HEAD", "/note", **OWN)
    assert answer.header("content-encoding") is None


async def test_an_error_page_is_packed_too(app):
    answer = await Visitor(app).get("/nothing", accept="text/html", **OWN)
    assert answer.status == 404
    assert "Not found" in gzip.decompress(answer.body).decode()
