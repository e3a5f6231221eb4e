"""Many may wait for news of one log, one for each plugin that listens: none of them waits for the others."""

from __future__ import annotations

import asyncio
from time import monotonic

import pytest

from starmodel.adapters.persistence.sqlmodel import SQLRepo


@pytest.fixture
async def store(postgres_url):
    store = SQLRepo(postgres_url)
    await store.open()
    yield store
    await store.close()


async def test_each_is_back_when_it_said(store):
    start = await store.position()
    begun = monotonic()
    await asyncio.gather(*[store.wait(start, seconds=0.3) for _ in range(8)])
    assert monotonic() - begun < 1
