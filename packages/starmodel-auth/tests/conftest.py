"""An application that people sign in to, over the memory store, with hashes that cost next to nothing."""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from starmodel.adapters.auth import PasswordAuth, PasswordHashing, SignInLimits
from starmodel.bootstrap import Settings, create_app
from starmodel.core import Entity

sys.path.append(str(Path(__file__).parents[2] / "starmodel-fasthtml" / "tests"))
from asgi_visitors import Visitor

PASSWORD = "a few words for ada"


class Note(Entity):
    text: str = ""


def quick_hashing(**options):
    return PasswordHashing(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1), **options)


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def now():
    """The time that limits count by, in a list so that a test can move it."""
    return [0.0]


@pytest.fixture
def auth(now):
    return PasswordAuth(hashing=quick_hashing(), limits=SignInLimits(clock=lambda: now[0]))


@pytest.fixture
async def start():
    """Return an application that runs until the test ends."""
    async with AsyncExitStack() as running:

        async def start(*entities, settings=None, **options):
            app = create_app(*entities, settings=settings or Settings(), ui="plain", **options)
            await running.enter_async_context(app.router.lifespan_context(app))
            return app

        yield start


@pytest.fixture
async def app(auth, start):
    app = await start(Note, auth=auth)
    await auth.accounts.add("Ada", PASSWORD, ["editor"])

    @app.get("/who")
    async def who(request):
        actor = await app.runtime.actor(request.scope)
        return f"{actor.id if not actor.id.startswith('visitor-') else 'nobody'} {sorted(actor.roles)}"

    return app


@pytest.fixture
def visitor(app):
    return Visitor(app)


@pytest.fixture
def sign_in():
    """Send the form of signing in, as a browser without scripts does."""

    async def sign_in(visitor, name="ada", password=PASSWORD, **more):
        return await visitor.form("/login", {"name": name, "password": password, **more})

    return sign_in
