"""What the tests at the HTTP door share: applications that end with their test, and visitors to them."""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from hypothesis import settings

from starmodel.adapters.fasthtml import StarModelApp
from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.testing import RecordingBus, application

sys.path.append(str(Path(__file__).parent))  # for `asgi_visitors`: --import-mode=importlib adds no folder itself
from asgi_visitors import Visitor

settings.register_profile("starmodel", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("starmodel")

SECRET = "a secret that is long enough for tests"


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def build():
    """Return a web application of some entities, not yet running.  Options for either side go to where they belong."""

    def build(*entities, stores=None, bus=None, policies=(), codec=None, files="memory", **web):
        below = {"codec": codec, "files": files} if codec else {"files": files}
        inner = application(
            *entities, stores=stores or {"memory": MemoryRepo()}, bus=bus or RecordingBus(), policies=policies, **below
        )
        return StarModelApp(inner, **{"secret": SECRET, **web})

    return build


@pytest.fixture
async def start(build):
    """Return the same, and open it; it is closed after the test."""
    async with AsyncExitStack() as stack:

        async def start(*entities, app=None, **options):
            app = app if app is not None else build(*entities, **options)
            await stack.enter_async_context(app.router.lifespan_context(app))
            return app

        yield start


@pytest.fixture
def visitor(app):
    """Return a visitor to the ``app`` of the test's own module."""
    return Visitor(app)
