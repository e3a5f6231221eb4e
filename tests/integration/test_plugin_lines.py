"""Plugins around commands on a store that keeps a log: each has its own place in it, and no turn waits for one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from starmodel.adapters.persistence.sqlmodel import SQLRepo
from starmodel.adapters.pydantic import PydanticCodec
from starmodel.app import Application, telling
from starmodel.core import DomainEvent, Entity, event
from starmodel.core.hooks import hookimpl
from starmodel.plugins import EventMoments, PluginHost

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


@dataclass(frozen=True)
class Weighed(DomainEvent):
    grams: int


class Scale(Entity):
    model_config = {"store": "sql"}

    grams: int = 0

    @event
    def weigh(self, grams: int) -> None:
        self.grams = grams
        self.record(Weighed(grams))


class Audit:
    """Keeps what it hears, unless it is down; takes long over whatever weighs a ton."""

    def __init__(self, *, is_down=False):
        self.is_down, self.told = is_down, []

    @hookimpl
    async def starmodel_domain_event(self, event, commit):
        if self.is_down:
            raise ConnectionError("the archive is closed")
        self.told.append((event.event.grams, commit and commit.command.event))

    @hookimpl
    async def starmodel_before_event(self, command):
        if command.args.get("grams") == 1_000_000:
            await asyncio.sleep(0.3)


def application(folder, audit):
    app = Application([Scale], codec=PydanticCodec(), stores={"sql": SQLRepo(f"sqlite:///{folder}/scales.db")})
    host = PluginHost()
    host.add(audit, "audit")
    app.join(EventMoments.of(host))
    return app


async def until(condition):
    async with asyncio.timeout(10):
        while not await condition():  # noqa: ASYNC110  (an Event would have to be set by what is tested)
            await asyncio.sleep(0.01)


async def test_what_a_plugin_cannot_be_told_is_parked_for_it_and_told_after_a_restart(tmp_path, monkeypatch):
    monkeypatch.setattr(telling, "PAUSE", 0.001)
    first = application(tmp_path, Audit(is_down=True))
    told = []
    first.on(Weighed)(lambda fact: told.append(fact.event.grams))
    async with first:
        await first.dispatch(Scale.create().on("kitchen"))
        for grams in (5, 7):
            await first.dispatch(Scale.weigh(grams).on("kitchen"))

        async def parked():
            return await first.parking.count() == {"sql": 0, "sql@audit": 2} and told == [5, 7]

        await until(parked)
    audit = Audit()
    second = application(tmp_path, audit)
    async with second:
        (store, waiting), _ = await second.parking.list()
        assert (store, waiting.handler, "the archive is closed" in waiting.error) == ("sql@audit", "audit", True)
        await second.parking.retry(store, waiting.number)

        async def caught_up():
            return not (await second.parking.count())["sql@audit"]

        await until(caught_up)
        await second.dispatch(Scale.weigh(9).on("kitchen"))
    assert audit.told == [(5, None), (7, None), (9, "weigh")]


async def test_a_plugin_that_takes_long_over_one_command_holds_no_turn_at_its_entity(tmp_path):
    async with application(tmp_path, Audit()) as app:
        await app.dispatch(Scale.create().on("truck"))
        heavy = asyncio.create_task(app.dispatch(Scale.weigh(1_000_000).on("truck")))
        await asyncio.sleep(0.01)
        await asyncio.gather(*(app.dispatch(Scale.weigh(grams).on("truck")) for grams in range(10)))
        assert not heavy.done()
        assert (await heavy).entity.grams == 1_000_000
