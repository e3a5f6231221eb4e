"""What the tests of core and app share: applications that end with their test."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest
from hypothesis import settings

from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.app import Application
from starmodel.testing import PlainCodec

settings.register_profile("starmodel", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("starmodel")


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def start():
    """Open an application of some entities; it is closed after the test."""
    async with AsyncExitStack() as stack:

        async def start(*entities, **options):
            options = {"codec": PlainCodec(), "stores": {"memory": MemoryRepo()}, **options}
            return await stack.enter_async_context(Application(entities, **options))

        yield start
