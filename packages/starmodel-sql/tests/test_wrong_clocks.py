"""Nodes whose clocks disagree share a Postgres: what has expired is what the server says has."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from starmodel.adapters.persistence.sqlmodel import SQLRepo, shared_time
from starmodel.app.sources import SystemClock
from starmodel.core import Entity
from starmodel.testing.store.base import put


class Seat(Entity):
    model_config = {"store": "sql", "ttl": 600}


@asynccontextmanager
async def node(url, monkeypatch, *, ahead):
    """A node with a clock that is so many hours ahead."""

    class WrongClock(SystemClock):
        def now(self):
            return super().now() + timedelta(hours=ahead)

    monkeypatch.setattr(shared_time, "SystemClock", WrongClock)
    store = SQLRepo(url)
    await store.open([Seat])
    yield store
    await store.close()


@pytest.mark.parametrize("ahead", [1, -1])
async def test_a_task_goes_over_when_its_time_is_up_whatever_its_holder_thinks(postgres_url, monkeypatch, ahead):
    async with node(postgres_url, monkeypatch, ahead=ahead) as one, node(postgres_url, monkeypatch, ahead=0) as two:
        for holder, other in ((one, two), (two, one)):
            assert await holder.lease("tell", "holder", seconds=0.5) is not None
            assert await other.lease("tell", "other", seconds=0) is None
            await asyncio.sleep(0.55)
            assert await other.lease("tell", "other", seconds=0) is not None


@pytest.mark.parametrize("ahead", [1, -1])
async def test_what_has_not_expired_is_there_for_every_node(postgres_url, monkeypatch, ahead):
    async with node(postgres_url, monkeypatch, ahead=ahead) as one, node(postgres_url, monkeypatch, ahead=0) as two:
        for number, (maker, reader) in enumerate(((one, two), (two, one))):
            await put(maker, Seat(id=str(number)))
            assert await reader.get(Seat, str(number)) is not None
            assert await reader.free_expired() == 0
