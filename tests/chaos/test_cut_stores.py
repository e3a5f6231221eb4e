"""What goes between a process and its store is cut, again and again: every command takes effect once."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy.engine import make_url

from rig.proxy import Proxy
from starmodel.adapters.persistence.redis import RedisRepo
from starmodel.adapters.persistence.sqlmodel import SQLRepo
from starmodel.bootstrap import create_application
from starmodel.core import Entity, event
from starmodel.core.errors import StoreError

SENT = 30


class Tally(Entity):
    count: int = 0
    model_config = {"store": "kept"}

    @event
    def increment(self) -> None:
        self.count += 1


@pytest.fixture(params=["redis", "postgres"])
def cut(request):
    """A store behind a proxy."""
    url = make_url(request.getfixturevalue(f"{request.param}_url"))
    with Proxy([url.port]) as proxy:
        there = url.set(port=proxy.port).render_as_string(hide_password=False)
        yield proxy, RedisRepo(there) if request.param == "redis" else SQLRepo(there)


async def sent_until_acknowledged(app, command):
    for _ in range(50):
        try:
            return await app.dispatch(command)
        except StoreError:
            await asyncio.sleep(0.01)
    raise AssertionError("never acknowledged")


async def test_every_command_takes_effect_once_however_often_the_connection_is_cut(cut):
    proxy, store = cut
    async with create_application(Tally, stores={"kept": store}) as app:
        tally = (await app.dispatch(Tally.create())).entity
        command = Tally.increment().on(tally.id)
        for number in range(SENT):
            sending = asyncio.create_task(sent_until_acknowledged(app, replace(command, id=f"tally-{number}")))
            await asyncio.sleep(0.0005 * (number % 8))  # at another moment of it each time
            await asyncio.to_thread(proxy.cut)
            await sending
        assert (await app.load(Tally, tally.id)).entity.count == SENT
    assert proxy.cuts >= SENT
