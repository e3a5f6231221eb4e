"""Two nodes on one database: each shows who is on the pages of the other, until that one dies."""

from __future__ import annotations

import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from fasthtml.common import P

from starmodel.adapters.fasthtml import Presence, StarModelApp
from starmodel.adapters.persistence.sqlmodel import SQLRepo
from starmodel.adapters.pydantic import PydanticCodec
from starmodel.app import Application

sys.path.append(str(Path(__file__).parents[2] / "packages" / "starmodel-fasthtml" / "tests"))
from asgi_visitors import Visitor

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


def node(path):
    inner = Application(codec=PydanticCodec(), stores={"sql": SQLRepo(f"sqlite:///{path}")}, default_store="sql")
    app = StarModelApp(inner, secret="a secret of both of them, long enough")
    presence = Presence(app)

    @app.get("/")
    async def room(shown: str = ""):
        return P(";".join(one.shown for one in await presence.here("room", shown=shown)))

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


async def test_people_on_one_node_are_seen_on_the_other_until_they_leave(nodes):
    here, there = nodes
    async with (await Visitor(there).open("/")).stream() as looking:
        await looking.hello()
        async with (await Visitor(here).open("/?shown=Ada")).stream():
            await looking.until("Ada")
        began = time.monotonic()
        while "Ada" in str(await looking.until("datastar-patch-elements")):
            pass
        assert time.monotonic() - began < 5


async def test_people_on_a_node_that_died_are_gone_within_five_seconds(nodes):
    here, there = nodes
    async with (await Visitor(there).open("/")).stream() as looking:
        await looking.hello()
        async with (await Visitor(here).open("/?shown=Ada")).stream():
            await looking.until("Ada")
            here.runtime.hub.attendance._beating.cancel()  # it says nothing more, and leaves nothing in order
            began = time.monotonic()
            while "Ada" in str(await looking.until("datastar-patch-elements")):
                pass
            assert time.monotonic() - began < 5


async def test_a_node_that_was_taken_for_dead_says_anew_who_is_there(nodes):
    here, there = nodes
    attendance = here.runtime.hub.attendance
    async with (await Visitor(there).open("/")).stream() as looking:
        await looking.hello()
        async with (await Visitor(here).open("/?shown=Ada")).stream():
            await looking.until("Ada")
            seat = attendance._seat
            store = here.application.persistence.store("sql")
            await store.lease(f"seat-{seat}", attendance._life, seconds=0)
            await there.runtime.hub.attendance._look_at(seat)
            while "Ada" in str(await looking.until("datastar-patch-elements")):
                pass
            await store.lease(f"seat-{seat}", "somebody else", seconds=60)
            await looking.until("Ada")
    assert attendance._seat != seat
