"""The queue of what is for later, as settings and plugins say."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import entry_points

import pytest
from starlette.testclient import TestClient

from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.app import InProcessTasks
from starmodel.bootstrap import Settings, create_app, create_application
from starmodel.core import SYSTEM, Entity, event
from starmodel.core.durability import Durability
from starmodel.core.errors import AdapterNotFoundError, ConfigurationError
from starmodel.core.hooks import hookimpl
from starmodel.core.settings import PluginSetting
from starmodel.core.task_queue import Task
from starmodel.plugins import PluginHost
from starmodel.testing import FakeClock


class Bell(Entity):
    rung: int = 0

    @event
    def ring(self) -> None:
        self.rung += 1


class Ledger(InProcessTasks):
    """A queue that reads a setting."""

    declares = (PluginSetting("LEDGER_MOST", "How many tasks it keeps.", default="7"),)

    @classmethod
    def from_settings(cls, settings):
        return cls(most=int(settings["LEDGER_MOST"]))


class Brings:
    @hookimpl
    def starmodel_register(self, registry):
        registry.add("tasks", "ledger", Ledger)


def test_it_is_made_by_its_name_with_the_settings_that_it_declares(monkeypatch):
    monkeypatch.setenv("LEDGER_MOST", "3")
    host = PluginHost(strict=True)
    host.add(Brings(), "brings")
    queue = create_application(Bell, settings=Settings(tasks="ledger"), plugins=host).tasks.queue
    assert (type(queue), queue._most) == (Ledger, 3)


def test_memory_is_offered_by_name_and_used_unless_something_else_is_said():
    assert [point.load() for point in entry_points(group="starmodel.tasks", name="memory")] == [InProcessTasks]
    assert type(create_application(Bell, settings=Settings(), tasks="memory").tasks.queue) is InProcessTasks
    assert create_application(Bell, settings=Settings()).tasks.queue is None
    own = InProcessTasks()
    assert create_app(Bell, settings=Settings(tasks="ledger"), tasks=own, ui="plain").application.tasks.queue is own


class Lasting(InProcessTasks):
    """As a queue is that has tasks in it when a process begins."""

    durability = Durability.DISK


class Watches:
    """A plugin that takes part in commands, and has to get ready."""

    def __init__(self):
        self.seen = []

    @hookimpl
    async def starmodel_startup(self, app):
        await asyncio.sleep(0.02)
        self.seen.append("started")

    @hookimpl
    async def starmodel_before_event(self, command):
        self.seen.append(command.event)


def waiting_queue():
    queue = Lasting()
    command = replace(Bell.ring().on("one"), id="r")
    asyncio.run(queue.enqueue(Task(command, SYSTEM, datetime.now(UTC))))
    return queue


def watching():
    host, plugin = PluginHost(strict=True), Watches()
    host.add(plugin, "watches")
    return host, plugin


async def until(holds):
    async with asyncio.timeout(5):
        while not await holds():  # noqa: ASYNC110  (as a visitor asks)
            await asyncio.sleep(0.005)


def test_plugins_have_started_before_a_task_is_run():
    queue, (host, plugin) = waiting_queue(), watching()
    store = MemoryRepo()
    app = create_app(
        Bell, settings=Settings(), stores={"memory": store}, plugins=host, tasks=queue, ui="plain", api=None
    )

    async def is_done():
        return (await queue.count()).waiting == 0

    with TestClient(app) as client:
        client.portal.call(until, is_done)
        assert plugin.seen == ["started", "ring"]
        assert client.portal.call(queue.count).parked == 1


async def test_without_a_web_tasks_are_run_from_the_opening_on_plugins_or_not():
    host, plugin = watching()
    async with create_application(Bell, settings=Settings(), plugins=host) as app:
        bell = (await app.dispatch(Bell.create())).entity
        await app.later(Bell.ring().on(bell.id))

        async def is_rung():
            return (await app.load(Bell, bell.id)).entity.rung == 1

        await until(is_rung)
    assert plugin.seen == ["create", "ring"]


async def test_a_queue_in_memory_goes_by_the_clock_of_the_application():
    clock = FakeClock()
    async with create_application(Bell, settings=Settings(tasks="memory"), clock=clock) as app:
        bell = (await app.dispatch(Bell.create())).entity
        await app.later(Bell.ring().on(bell.id), after=timedelta(days=1))
        clock.advance(24 * 3600)
        await app.tasks.work_off()
        assert (await app.load(Bell, bell.id)).entity.rung == 1


def test_what_cannot_be_is_told_at_the_start():
    with pytest.raises(AdapterNotFoundError, match=r"'memorie'; did you mean 'memory'.*set STARMODEL_TASKS"):
        create_application(Bell, settings=Settings(tasks="memorie"))
    shared = Settings(tasks="memory", workers=2, store="sql", database_url="sqlite:///x.db")
    with pytest.raises(ConfigurationError, match="2 workers cannot share tasks"):
        create_application(Bell, settings=shared)


def test_a_web_application_runs_what_it_was_given_and_its_health_says_how_much_waits():
    app = create_app(Bell, settings=Settings(), ui="plain", api=None)

    @app.post("/ring")
    async def ring(bell: str):
        await app.application.later(Bell.ring().on(bell))
        return "soon"

    with TestClient(app) as client:
        nothing = {"durability": "ephemeral", "waiting": 0, "parked": 0}
        assert client.get("/_starmodel/health").json()["tasks"] == nothing
        bell = client.post("/bell/create", json={}).json()["id"]
        client.post("/ring", data={"bell": bell})
        client.post("/ring", data={"bell": "nobody"})
        ends = time.monotonic() + 5
        while client.get("/_starmodel/health").json()["tasks"]["parked"] != 1 and time.monotonic() < ends:
            time.sleep(0.01)
        assert client.get("/_starmodel/health").json()["tasks"] == {**nothing, "parked": 1}
        assert client.portal.call(app.application.load, Bell, bell).entity.rung == 1
