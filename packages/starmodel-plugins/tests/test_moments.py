"""Plugins around commands: who may refuse does, who only watches changes nothing, and nobody waits for long."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import pytest

from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.app import Application, telling
from starmodel.core import Command, DomainEvent, Entity, Secret, event
from starmodel.core.actors import SYSTEM, Actor, Decision
from starmodel.core.errors import ForbiddenError, InvalidError, NotFoundError
from starmodel.core.hooks import hookimpl
from starmodel.plugins import EventMoments, HookFailedError, PluginHost
from starmodel.testing import FaultyStore, PlainCodec

pytestmark = pytest.mark.anyio

ADA = Actor("ada")


@dataclass(frozen=True)
class Counted(DomainEvent):
    amount: int


class Counter(Entity):
    count: int = 0

    @event
    def add(self, amount: int) -> None:
        if amount > 100:
            raise ValueError("that is too much")
        self.count += amount
        self.record(Counted(amount))

    @event
    async def slowly(self) -> None:
        await asyncio.sleep(0)
        self.count += 1


def plugin(**functions):
    """Return a plugin that takes part in the hooks that are named without their prefix."""
    parts = {f"starmodel_{name}": staticmethod(hookimpl(function)) for name, function in functions.items()}
    return type("Plugin", (), parts)()


@asynccontextmanager
async def running(*plugins, host=None, **options):
    host = host or PluginHost(**options)
    for number, one in enumerate(plugins):
        host.add(one, f"plugin-{number}")
    application = Application([Counter], codec=PlainCodec())
    moments = EventMoments.of(host)
    application.join(moments)
    async with application:
        await application.dispatch(Counter.create().on("one"))
        await moments.close()  # nothing of the preparation is seen by the tests
        yield application, host


def record(host):
    return host.records[0]


def test_without_a_plugin_in_these_hooks_nobody_takes_part():
    host = PluginHost()
    host.add(plugin(page_head=lambda request: []), "head")
    assert EventMoments.of(host) is None


async def refused_by(function, **options):
    async with running(
        plugin(before_event=lambda command: function() if command.event == "add" else None), **options
    ) as (app, host):
        with pytest.raises((ForbiddenError, NotFoundError)) as refusal:
            await app.dispatch(Counter.add(1).on("one"), actor=ADA)
        assert (await app.load(Counter, "one")).entity.count == 0
        return refusal.value, host


async def test_a_plugin_refuses_before_an_event_by_an_error_or_by_its_answer():
    def forbidden():
        raise ForbiddenError("adding", "it is Sunday")

    for function in (forbidden, lambda: Decision(allowed=False, why="it is Sunday")):
        refusal, _ = await refused_by(function)
        assert str(refusal) == "Counter.add is not allowed: it is Sunday"
    assert isinstance((await refused_by(lambda: False))[0], ForbiddenError)
    assert isinstance((await refused_by(lambda: Decision(allowed=False, hidden=True)))[0], NotFoundError)


async def test_what_would_be_refused_cannot_be_previewed_either():
    async with running(plugin(before_event=lambda command: command.event != "add" and None)) as (app, _):
        with pytest.raises(ForbiddenError):
            await app.preview(Counter.add(1).on("one"))


async def test_a_broken_plugin_stops_nothing_and_a_required_one_refuses():
    def broken():
        raise RuntimeError("no connection")

    async with running(plugin(before_event=broken)) as (app, host):
        assert (await app.dispatch(Counter.add(1).on("one"))).entity.count == 1
        assert record(host).error == "starmodel_before_event: RuntimeError: no connection"
    host = PluginHost()
    host.add(plugin(before_event=broken), "limits")
    host.required = frozenset({"limits"})
    with pytest.raises(ForbiddenError):
        async with running(host=host):
            pass


async def test_an_answer_that_means_nothing_is_recorded_and_refuses_nothing():
    async with running(plugin(before_event=lambda: "no")) as (app, host):
        await app.dispatch(Counter.add(1).on("one"))
        assert "must be None, False or a Decision, not 'no'" in record(host).error


async def test_a_slow_plugin_keeps_one_command_waiting_and_no_longer_than_its_time():
    async def before(command):
        if command.entity_id == "one":
            await asyncio.sleep(60)

    async with running(plugin(before_event=before), timeout=0.2) as (app, host):
        await app.dispatch(Counter.create().on("two"))
        slow = asyncio.create_task(app.dispatch(Counter.add(1).on("one")))
        await asyncio.sleep(0)
        await app.dispatch(Counter.add(1).on("two"))
        assert not slow.done()
        assert (await slow).entity.count == 1
        assert record(host).error == "starmodel_before_event: TimeoutError: no answer within 0.2 s"


async def test_a_plain_function_that_keeps_everybody_waiting_is_told_so_and_its_answer_counts():
    def before(command):
        time.sleep(0.26 if command.event == "add" else 0)
        return command.event != "add" and None

    async with running(plugin(before_event=before)) as (app, host):
        with pytest.raises(ForbiddenError):
            await app.dispatch(Counter.add(1).on("one"))
        assert "write it `async def`" in record(host).error


async def test_it_is_asked_once_however_often_the_event_is_run():
    asked, entered = [], []

    @asynccontextmanager
    async def wrap(command):
        entered.append(command.id)
        yield

    host = PluginHost()
    host.add(plugin(before_event=lambda command: asked.append(command.id), wrap_event=wrap), "watch")
    store = FaultyStore(MemoryRepo())
    app = Application([Counter], codec=PlainCodec(), stores={"memory": store})
    app.join(EventMoments.of(host))
    async with app:
        await app.dispatch(Counter.create().on("one"))
        store.conflict(times=2)
        done = await app.dispatch(Command(entity="Counter", event="slowly", args={}, entity_id="one", id="mine"))
        assert done.entity.count == 1
        await app.dispatch(Command(entity="Counter", event="slowly", args={}, entity_id="one", id="mine"))
    assert asked.count("mine") == entered.count("mine") == 1


async def test_a_command_that_does_not_fit_never_comes_to_a_plugin():
    asked = []
    async with running(plugin(before_event=lambda command: asked.append(command.event))) as (app, _):
        with pytest.raises(InvalidError):
            await app.dispatch(Command(entity="Counter", event="add", args={"amount": "many"}, entity_id="one"))
        assert "add" not in asked


class Account(Entity):
    name: str = ""

    @event
    def rename(self, name: str, password: Secret[str]) -> None:
        self.name = name


async def test_no_plugin_is_shown_a_secret_argument():
    seen = []
    host = PluginHost(strict=True)
    watch = plugin(
        before_event=lambda command: seen.append(command),
        after_event=lambda command, outcome: seen.extend((command, outcome)),
    )
    host.add(watch, "watch")
    app = Application([Account], codec=PlainCodec())
    app.join(EventMoments.of(host))
    async with app:
        await app.dispatch(Account.create().on("ada"))
        await app.dispatch(Account.rename(name="Ada", password="sesame").on("ada"))
    assert len(seen) == 6
    assert "sesame" not in repr(seen)


async def test_wraps_are_entered_in_order_and_see_what_the_event_raised_but_cannot_swallow_it():
    told, trace = [], ContextVar("trace", default="none")

    def wrapping(name):
        @asynccontextmanager
        async def wrap(command):
            trace.set(name)
            told.append(f"+{name}")
            try:
                yield
            except ValueError as error:
                told.append(f"-{name} {error}")

        return wrap

    inner = plugin(wrap_event=wrapping("b"), before_event=lambda command: told.append(trace.get()))
    async with running(plugin(wrap_event=wrapping("a")), inner) as (app, host):
        told.clear()
        with pytest.raises(ValueError, match="too much"):
            await app.dispatch(Counter.add(101).on("one"))
        assert told == ["+a", "+b", "b", "-b that is too much", "-a that is too much"]
        assert record(host).failures == 0


async def test_a_wrap_that_fails_changes_nothing():
    @asynccontextmanager
    async def at_the_end():
        yield
        raise RuntimeError("no exporter")

    async def forgotten_yield():
        yield

    async with running(plugin(wrap_event=at_the_end), plugin(wrap_event=forgotten_yield)) as (app, host):
        assert (await app.dispatch(Counter.add(1).on("one"))).entity.count == 1
        first, second = host.records
        assert first.error == "starmodel_wrap_event: RuntimeError: no exporter"
        assert "@contextlib.asynccontextmanager" in second.error


async def test_who_watches_is_told_what_was_done_and_what_was_not():
    told = []
    watch = plugin(
        after_event=lambda command, actor, outcome: told.append((command.event, actor.id, outcome.entity.count)),
        event_failed=lambda command, error: told.append((command.event, type(error).__name__)),
    )
    async with running(watch, plugin(authorize=lambda command: command.event != "slowly")) as (app, host):
        told.clear()
        app.dispatcher.add_guard(lambda actor, command: refuse(host, actor, command))
        await app.dispatch(Counter.add(1).on("one"), actor=ADA)
        for command in (Counter.add(101).on("one"), Counter.slowly().on("one"), Counter.add("x").on("one")):
            with pytest.raises((ValueError, ForbiddenError)):
                await app.dispatch(command, actor=ADA)
        assert told == []  # nobody waited for it
    assert told[0] == ("add", "ada", 1)
    assert sorted(told[1:]) == [("add", "InvalidError"), ("add", "ValueError"), ("slowly", "ForbiddenError")]


async def refuse(host, actor, command):
    if (await host.authorize(actor, command)).allowed is False:
        raise ForbiddenError(command.event)


async def test_who_watches_slowly_delays_nothing_and_misses_the_newest():
    seen = []

    async def after(outcome):
        seen.append(outcome.entity.count)
        await asyncio.sleep(60)

    async with running(plugin(after_event=after), timeout=0.05) as (app, host):
        begun = time.perf_counter()
        for _ in range(1002):
            await app.dispatch(Counter.add(1).on("one"))
        assert time.perf_counter() - begun < 5
        assert "1000 notes wait for it" in record(host).error
    assert 1 in seen


async def test_a_strict_host_raises_what_a_watcher_did_when_the_application_closes():
    with pytest.raises(HookFailedError, match="ZeroDivisionError"):
        async with running(
            plugin(after_event=lambda command: 1 / 0 if command.event != "create" else None), strict=True
        ) as (app, _):
            await app.dispatch(Counter.add(1).on("one"))


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  (an Event would have to be set by what is tested)
            await asyncio.sleep(0.005)


async def test_a_domain_event_is_told_with_its_commit_and_again_after_a_failure():
    told = []

    def listen(event, commit):
        told.append((event.event.amount, commit.command.actor))
        if len(told) == 1:
            raise ConnectionError("not yet")

    async with running(plugin(domain_event=listen)) as (app, host):
        await app.dispatch(Counter.add(7).on("one"), actor=ADA)
        await until(lambda: len(told) == 2)
        assert told == [(7, "ada")] * 2
        assert record(host).failures == 1


async def test_a_plugin_that_never_answers_delays_no_handler_of_the_application(monkeypatch):
    monkeypatch.setattr(telling, "PAUSE", 0.001)
    told = []

    async def never():
        await asyncio.sleep(60)

    host = PluginHost(timeout=0.05)
    host.add(plugin(domain_event=never), "stuck")
    app = Application([Counter], codec=PlainCodec())
    app.on(Counted)(lambda fact: told.append(fact.event.amount))
    app.join(EventMoments.of(host))
    async with app:
        await app.dispatch(Counter.create().on("one"))
        for amount in (1, 2):
            await app.dispatch(Counter.add(amount).on("one"))
        await until(lambda: told == [1, 2])
        assert (await app.parking.count())["memory"] == 0
        for _ in range(400):
            if (await app.parking.count())["memory@stuck"] == 2:
                break
            await asyncio.sleep(0.01)
        (store, first), _ = [one for one in await app.parking.list() if one[0] == "memory@stuck"]
        assert "the plugin 'stuck' failed in starmodel_domain_event: TimeoutError" in first.error
        await app.parking.drop(store, first.number)


async def test_what_happened_is_told_before_the_plugins_are_shut_down_and_nothing_after():
    told = []
    async with running(
        plugin(
            after_event=lambda command: told.append(command.event),
            domain_event=lambda event: told.append(event.event.amount),
        )
    ) as (app, _):
        told.clear()
        await app.dispatch(Counter.add(3).on("one"))
        await app.leave()
        assert sorted(map(str, told)) == ["3", "add"]
        await app.dispatch(Counter.add(4).on("one"))
    assert len(told) == 2


async def test_the_program_itself_is_asked_about_too():
    actors = []
    async with running(plugin(before_event=lambda actor: actors.append(actor))) as (app, _):
        await app.dispatch(Counter.add(1).on("one"))
    assert actors == [SYSTEM, SYSTEM]
