"""Two nodes on one database: a session that ends on one of them is over on the other, with its streams."""

from __future__ import annotations

import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from fasthtml.common import P

from starmodel.adapters.fasthtml import StarModelApp
from starmodel.adapters.persistence.sqlmodel import SQLRepo
from starmodel.adapters.pydantic import PydanticCodec
from starmodel.adapters.rest import RestApp
from starmodel.app import Application
from starmodel.core import Entity
from starmodel.core.actors import Actor
from starmodel.core.errors import StoreError

sys.path.append(str(Path(__file__).parents[2] / "packages" / "starmodel-fasthtml" / "tests"))
from asgi_visitors import Stream, Visitor

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


class Thing(Entity):
    name: str = ""
    model_config = {"store": "sql"}


class BySession:
    async def identify(self, headers, session, visitor):
        return Actor(session["user"], visitor) if "user" in session else None


def node(path):
    inner = Application([Thing], codec=PydanticCodec(), stores={"sql": SQLRepo(f"sqlite:///{path}")})
    app = StarModelApp(inner, secret="a secret of both of them, long enough", auth=[BySession()])
    rest = RestApp(inner, identify=app.runtime.actor)
    app.attach("/api", rest, drain=rest.drain, takes=rest.takes, end_those=rest.end_those)

    @app.get("/things")
    def things(things: list[Thing]):
        return P(len(things))

    @app.get("/login")
    def login(session):
        session["user"] = "ada"
        session.rotate()
        return P("hello")

    @app.get("/logout")
    def logout(session):
        session.clear()
        return P("bye")

    @app.get("/who")
    def who(session):
        return P(session.get("user", "nobody"))

    return app


@pytest.fixture
async def nodes(tmp_path):
    async with AsyncExitStack() as running:
        apps = []
        for _ in range(2):
            app = node(tmp_path / "data.db")
            await running.enter_async_context(app.router.lifespan_context(app))
            apps.append(app)
        yield apps


def on_other(visitor, app):
    there = Visitor(app)
    there.cookies = visitor.cookies
    return there


async def test_a_logout_on_one_node_ends_the_streams_on_the_other_within_two_seconds(nodes):
    here, there = nodes
    ada, stranger = Visitor(here), Visitor(there)
    await ada.get("/login")
    ada_there = on_other(ada, there)
    before = dict(ada.cookies)
    page = await ada_there.open("/things")
    feed = Stream(ada_there, "/api/thing", {"accept": "text/event-stream"})
    async with page.stream() as own, feed, (await stranger.open("/things")).stream() as other:
        for stream in (own, other):
            await stream.hello()
        await feed.until("reset")
        began = time.monotonic()
        await ada.get("/logout")
        await own.end()
        await feed.end()
        assert time.monotonic() - began < 2
        assert not other.ended
    assert there.runtime.sessions.visit(*before.values()) is None
    page.visitor = Visitor(there)
    page.visitor.cookies = before
    async with page.stream() as stale:
        await stale.until("sm-stale")


async def test_signing_out_an_actor_ends_their_sessions_on_every_node(nodes):
    here, there = nodes
    ada = Visitor(there)
    await ada.get("/login")
    async with (await ada.open("/things")).stream() as stream:
        await stream.hello()
        await here.sign_out("ada")
        await stream.end()
    assert "nobody" in (await ada.get("/who")).text


async def test_a_node_that_starts_later_knows_which_sessions_have_ended(nodes, tmp_path):
    here, _ = nodes
    ada = Visitor(here)
    await ada.get("/who")
    before = dict(ada.cookies)
    await ada.get("/login")
    third = node(tmp_path / "data.db")
    async with third.router.lifespan_context(third):
        old = Visitor(third)
        old.cookies = dict(before)
        await old.get("/who")
        await on_other(ada, third).get("/who")
        known = [third.runtime.sessions.visit(*cookies.values()) for cookies in (before, ada.cookies)]
        assert [visit is not None for visit in known] == [False, True]


async def test_a_visit_is_not_let_in_unseen_while_that_cannot_be_found_out(nodes, monkeypatch):
    here, there = nodes
    ada = Visitor(here)
    await ada.get("/who")

    async def broken(*_args):
        raise StoreError("the disk is away")

    monkeypatch.setattr(there.application.persistence.store("sql"), "get", broken)
    assert (await on_other(ada, there).get("/who")).status == 503


async def test_nobody_else_can_end_a_session(nodes):
    here, _ = nodes
    answer = await Visitor(here).post("/starmodelended/note", {"actor": "ada"})
    assert answer.status == 422
