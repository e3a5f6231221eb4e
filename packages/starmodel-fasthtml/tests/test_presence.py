"""Who is on a page: shown as the application says, as long as a page of theirs is open, and to whoever it shows it."""

from __future__ import annotations

import pytest
from asgi_visitors import Visitor
from fasthtml.common import P

from starmodel.adapters.fasthtml import Presence, attendance
from starmodel.core.errors import ConfigurationError, EventError

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def no_grace(monkeypatch):
    monkeypatch.setattr(attendance, "GRACE", 0.01)


@pytest.fixture
async def app(start, build):
    app = build()
    presence = Presence(app)

    def told(people):
        return P(";".join(f"{'me:' if one.is_me else ''}{one.shown}" for one in people), "|")

    @app.get("/room/{name}")
    async def room(name: str, shown: str = ""):
        return told(await presence.here(name, shown=shown or None))

    @app.get("/long")
    async def long():
        return told(await presence.here("x", shown="line\n\x00break" + " " * 300))

    app.presence = presence
    return await start(app=app)


async def test_people_see_who_comes_and_who_goes(app):
    ada, bob = Visitor(app), Visitor(app)
    page = await ada.open("/room/tea?shown=Ada")
    assert "me:Ada|" in page.text.replace("\n", "").replace("  ", "")
    async with page.stream() as own:
        await own.hello()
        async with (await bob.open("/room/tea?shown=Bob")).stream() as other:
            await own.until("Bob")
            await other.until("me:Bob")
        gone = await own.until("datastar-patch-elements")
        while "Bob" in str(gone):
            gone = await own.until("datastar-patch-elements")
    assert "Ada" in str(gone)


async def test_who_only_looks_is_not_seen(app):
    ada, spy = Visitor(app), Visitor(app)
    async with (await spy.open("/room/tea")).stream() as looking:
        await looking.hello()
        async with (await ada.open("/room/tea?shown=Ada")).stream():
            await looking.until("Ada")
        here = await app.presence._app.find(app.application.catalog.kind("StarModelHere"))
        assert [one.entity.shown for one in here.items] in ([], ["Ada"])


async def test_two_pages_of_one_person_are_one_and_other_places_are_others(app):
    ada, bob = Visitor(app), Visitor(app)
    async with (await ada.open("/room/tea?shown=Ada")).stream() as first:
        await first.hello()
        async with (await ada.open("/room/tea?shown=Ada")).stream() as second:
            await second.hello()
            await first.until("Ada")
            page = (await bob.open("/room/tea")).text
            assert page.count("Ada") == 1
            assert "Ada" not in (await bob.open("/room/coffee")).text
        assert "Ada" in (await bob.open("/room/tea")).text


async def test_nobody_can_say_that_somebody_is_somewhere(app):
    ada = Visitor(app)
    args = {"place": "tea", "shown": "Bob", "who": "x", "seat": 1, "life": "x"}
    assert (await ada.post("/starmodelhere/enter", args)).status == 422
    async with (await ada.open("/room/tea?shown=Ada")).stream() as stream:
        await stream.until("Ada")
        (one,) = (await app.application.find(app.application.catalog.kind("StarModelHere"))).items
        assert (await ada.post(f"/starmodelhere/{one.entity.id}/leave", {})).status == 404


async def test_what_is_shown_is_one_line_of_text(app):
    assert "me:line break|" in (await Visitor(app).get("/long")).text.replace("\n", "").replace("  ", "")
    assert "me:" not in (await Visitor(app).get("/room/tea?shown=%0A")).text


async def test_it_is_asked_inside_a_page_function(app):
    with pytest.raises(EventError, match="page function"):
        await app.presence.here("tea")


async def test_an_application_has_one(app):
    with pytest.raises(ConfigurationError, match="already"):
        Presence(app)
