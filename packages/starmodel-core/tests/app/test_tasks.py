"""Commands for later: checked when they are asked for, run like any other command, tried again or parked."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import pytest

from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.app import Application, InProcessTasks, tasks
from starmodel.core import (
    Accept,
    Actor,
    Command,
    DomainEvent,
    Entity,
    File,
    InvalidError,
    RefusedError,
    Secret,
    anyone,
    event,
    roles,
)
from starmodel.core.durability import Durability
from starmodel.core.errors import (
    CommandReusedError,
    ConfigurationError,
    EventError,
    QueueFullError,
    StoreError,
    UnknownEntityError,
    UnknownEventError,
)
from starmodel.core.task_queue import MAX_TASK, TaskCounts
from starmodel.testing import FakeClock, FaultyStore, PlainCodec, application

ADA = Actor("ada", roles=frozenset({"ringer"}))
HOUR = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Rung(DomainEvent):
    times: int


class Bell(Entity):
    rung: int = 0
    text: str = ""

    @event
    def ring(self, times: int = 1) -> None:
        if times > 100:
            raise RefusedError("The rope would break.")
        self.rung += times
        self.record(Rung(times=times))

    @event
    def write(self, text: str) -> None:
        self.text = text

    @event
    def unlock(self, key: Secret[str]) -> None:
        self.text = "open"

    @event
    def paint(self, picture: Annotated[File, Accept("image/png")]) -> None:
        self.text = picture.name

    @event(method="get")
    def look(self) -> int:
        return self.rung

    @event
    async def wait(self) -> None:
        begun.set()
        await go_on.wait()
        self.rung += 1

    @event
    def crash(self) -> None:
        raise ZeroDivisionError("the clapper is loose")


class Tower(Entity):
    rung: int = 0
    model_config = {"policy": {"read": anyone, "*": roles("ringer")}}

    @event
    def ring(self) -> None:
        self.rung += 1


begun, go_on = asyncio.Event(), asyncio.Event()


@pytest.fixture(autouse=True)
def _events_of_this_loop(monkeypatch):
    for name in ("begun", "go_on"):
        monkeypatch.setitem(globals(), name, asyncio.Event())


@pytest.fixture
async def app():
    async with application(Bell, Tower) as app:
        yield app


@pytest.fixture
async def bell(app):
    return (await app.dispatch(Bell.create())).entity


async def rung(app, bell):
    return (await app.load(type(bell), bell.id)).entity.rung


async def parked(app):
    return [(one.task.command.event, one.error, one.tries) for one in await app.tasks.parked()]


async def test_it_is_done_when_it_is_due(app, bell):
    await app.later(Bell.ring(2).on(bell.id), after=HOUR)
    await app.later(Bell.ring(10).on(bell.id), at=app.clock.now() + 2 * HOUR)
    await app.tasks.work_off()
    assert await rung(app, bell) == 0
    app.clock.advance(3600)
    await app.tasks.work_off()
    assert await rung(app, bell) == 2
    app.clock.advance(3600)
    await app.tasks.work_off()
    assert await rung(app, bell) == 12


async def test_without_a_time_it_is_done_in_the_background_while_the_application_is_open(app, bell):
    told = asyncio.Event()
    app.on(Rung)(lambda _: told.set())
    task = await app.later(Bell.ring().on(bell.id))
    assert task.due == app.clock.now()
    await asyncio.wait_for(told.wait(), 5)
    assert await rung(app, bell) == 1


async def test_a_time_in_the_past_is_now_and_any_zone_will_do(app, bell):
    past = await app.later(Bell.ring().on(bell.id), at=datetime(1999, 1, 1, tzinfo=UTC))
    assert past.due == app.clock.now()
    behind = datetime.fromisoformat("2030-01-01T02:00:00+02:00")
    assert (await app.later(Bell.ring().on(bell.id), at=behind)).due == datetime(2030, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ({"at": datetime(2030, 1, 1)}, "at: 2030-01-01T00:00:00 has no zone; say which it is"),
        ({"at": date(2030, 1, 1)}, "give a datetime"),
        ({"at": "tomorrow"}, "give a datetime"),
        ({"after": 5}, "give a timedelta"),
        ({"after": timedelta.max}, "beyond all years"),
        ({"at": datetime.max.replace(tzinfo=UTC), "after": HOUR}, "give at or after, not both"),
    ],
)
async def test_a_time_that_does_not_fit_is_refused(app, bell, when, why):
    with pytest.raises(InvalidError, match=why):
        await app.later(Bell.ring().on(bell.id), **when)
    assert await app.tasks.count() == TaskCounts(0, 0)


async def test_bad_input_is_told_to_whoever_asks(app, bell):
    with pytest.raises(UnknownEntityError, match="did you mean 'Bell'"):
        await app.later(Command(entity="Bel", event="ring"))
    with pytest.raises(UnknownEventError, match="did you mean 'ring'"):
        await app.later(Command(entity="Bell", event="rin", entity_id=bell.id))
    with pytest.raises(InvalidError, match="times"):
        await app.later(Bell.ring("often").on(bell.id))
    with pytest.raises(InvalidError, match="did you mean 'times'"):
        await app.later(Command(entity="Bell", event="ring", entity_id=bell.id, args={"time": 1}))
    with pytest.raises(InvalidError, match="say which Bell"):
        await app.later(Bell.ring())
    with pytest.raises(EventError, match="a command is asked for"):
        await app.later(bell.ring())
    with pytest.raises(InvalidError, match=f"it may have {MAX_TASK}; store them, and send the id"):
        await app.later(Bell.write("x" * MAX_TASK).on(bell.id))
    assert await app.tasks.count() == TaskCounts(0, 0)


async def test_what_should_not_or_cannot_wait_is_refused(app, bell):
    with pytest.raises(InvalidError, match="key: is secret: it cannot wait in a queue; dispatch it now"):
        await app.later(Bell.unlock("sesame").on(bell.id))
    with pytest.raises(InvalidError, match="picture: is a file"):
        await app.later(Command(entity="Bell", event="paint", entity_id=bell.id, args={"picture": {"name": "a.png"}}))
    with pytest.raises(EventError, match="only reads"):
        await app.later(Bell.look().on(bell.id))


async def test_whether_somebody_may_is_asked_when_it_is_run(app):
    tower = (await app.dispatch(Tower.create())).entity
    await app.later(Tower.ring().on(tower.id), actor=ADA)
    await app.later(Tower.ring().on(tower.id), actor=Actor("bob"))
    await app.tasks.work_off()
    assert await rung(app, tower) == 1
    [(name, error, tries)] = await parked(app)
    assert (name, tries) == ("ring", 1)
    assert "Tower.ring" in error
    [change] = (await app.persistence.for_class(Tower).history(Tower, tower.id))[1:]
    assert change.command.actor == "ada"


async def test_the_log_says_when_it_was_done(app, bell):
    await app.later(Bell.ring().on(bell.id), after=HOUR)
    app.clock.advance(7200)
    await app.tasks.work_off()
    [_, commit] = await app.persistence.for_class(Bell).history(Bell, bell.id)
    assert commit.command.at == app.clock.now()


async def test_what_is_refused_is_parked_and_can_be_tried_again(app, bell):
    task = await app.later(Bell.ring(101).on(bell.id))
    gone = await app.later(Bell.ring().on("nobody"))
    await app.tasks.work_off()
    assert sorted(await parked(app)) == [
        ("ring", "The rope would break.", 1),
        ("ring", "there is no Bell with the id 'nobody'; it may have been deleted: reload and choose another", 1),
    ]
    assert await app.tasks.retry(task.id) is True
    await app.tasks.work_off()
    assert await app.tasks.count() == TaskCounts(0, 2)
    assert [await app.tasks.cancel(id) for id in (task.id, gone.id, "unknown")] == [True, True, False]
    assert await app.tasks.count() == TaskCounts(0, 0)


async def test_a_task_can_be_cancelled_before_it_is_due(app, bell):
    task = await app.later(Bell.ring().on(bell.id), after=HOUR)
    assert await app.tasks.cancel(task.id) is True
    app.clock.advance(3600)
    await app.tasks.work_off()
    assert await rung(app, bell) == 0


async def test_the_same_id_twice_is_one_task_and_run_twice_it_has_one_effect(app, bell):
    command = replace(Bell.ring(5).on(bell.id), id="morning")
    first = await app.later(command, after=HOUR)
    assert await app.later(command) == first
    with pytest.raises(CommandReusedError):
        await app.later(replace(command, args={"times": 6}))
    with pytest.raises(CommandReusedError):
        await app.later(command, actor=ADA)
    app.clock.advance(3600)
    await app.tasks.work_off()
    await app.later(command)  # the queue has forgotten it by now; the log has not
    await app.tasks.work_off()
    assert (await rung(app, bell), await parked(app)) == (5, [])


async def test_a_fault_is_tried_again_and_parked_in_the_end(app, bell, caplog):
    await app.later(Bell.crash().on(bell.id))
    for _ in range(12):
        await app.tasks.work_off()
        app.clock.advance(600)
    [(_, error, tries)] = await parked(app)
    assert (error, tries) == ("ZeroDivisionError: the clapper is loose", 12)
    assert caplog.text.count("Bell.crash, task") == 12


async def test_what_may_pass_is_tried_again():
    store = FaultyStore(MemoryRepo())
    async with application(Bell, stores={"memory": store}) as app:
        bell = (await app.dispatch(Bell.create())).entity
        store.fail("commit")
        await app.later(Bell.ring().on(bell.id))
        await app.tasks.work_off()
        assert (await app.tasks.count(), await rung(app, bell)) == (TaskCounts(1, 0), 0)
        app.clock.advance(1)
        await app.tasks.work_off()
        assert (await app.tasks.count(), await rung(app, bell)) == (TaskCounts(0, 0), 1)


async def test_an_event_that_only_a_newer_node_knows_waits_for_it():
    queue = InProcessTasks(clock=FakeClock())
    async with application(Bell, Tower, tasks=queue) as newer:
        await newer.later(Tower.ring().on("t"), after=HOUR)
        newer.tasks._stop.set()
        async with application(Bell, tasks=queue, clock=queue._clock) as older:
            queue._clock.advance(3600)
            await older.tasks.work_off()
            assert await queue.count() == TaskCounts(1, 0)


async def test_an_event_cannot_put_a_task_there_and_a_handler_of_what_it_records_can(app, bell):
    class Clumsy(Entity):
        @event
        async def go(self) -> None:
            await app.later(Bell.ring().on(bell.id))

    app.add(Clumsy)
    clumsy = (await app.dispatch(Clumsy.create())).entity
    with pytest.raises(EventError, match="record a domain event, and let its handler do it"):
        await app.dispatch(Clumsy.go().on(clumsy.id))

    @app.on(Rung)
    async def write_it_down(recorded):
        await app.later(replace(Bell.write("rung").on(recorded.entity_id), id=f"write:{recorded.id}"))
        told.set()

    told = asyncio.Event()
    await app.dispatch(Bell.ring().on(bell.id))
    await asyncio.wait_for(told.wait(), 5)
    await app.tasks.work_off()
    assert (await app.load(Bell, bell.id)).entity.text == "rung"


async def test_closing_finishes_what_is_in_hand_and_tells_what_is_lost(caplog):
    store = MemoryRepo()
    async with application(Bell, stores={"memory": store}) as app:
        bell = (await app.dispatch(Bell.create())).entity
        await app.later(Bell.wait().on(bell.id))
        await app.later(Bell.ring().on(bell.id), after=HOUR)
        await asyncio.wait_for(begun.wait(), 5)
        asyncio.get_running_loop().call_later(0.02, go_on.set)
    assert (await store.get(Bell, bell.id)).entity.rung == 1
    assert "1 tasks wait in memory, and 0 are parked: they end with this process" in caplog.text
    with pytest.raises(ConfigurationError, match="the application is not open"):
        await app.later(Bell.ring().on(bell.id))


async def test_who_does_not_finish_in_time_is_let_go_and_run_again(monkeypatch, caplog):
    monkeypatch.setattr(tasks, "PATIENCE", 0.01)
    app = application(Bell)
    async with app:
        bell = (await app.dispatch(Bell.create())).entity
        await app.later(Bell.wait().on(bell.id))
        await asyncio.wait_for(begun.wait(), 5)
    assert "they are run again when the queue is served" in caplog.text
    go_on.set()
    async with app:  # opened again, it goes on with what it had
        await app.tasks.work_off()
        assert await rung(app, bell) == 1


class Lasting(InProcessTasks):
    """As a queue that survives the process would begin: served as soon as the application is open."""

    durability = Durability.DISK
    single_process = False
    is_away = False

    async def serve(self, handle, stop, /):
        if self.is_away:
            self.is_away = False
            raise StoreError("the queue is away")
        await super().serve(handle, stop)


async def test_what_was_put_there_before_is_run_and_an_outage_is_told_and_waited_for(monkeypatch, caplog):
    monkeypatch.setattr(tasks, "_PAUSE", 0.01)
    queue, store = Lasting(clock=FakeClock()), MemoryRepo()
    async with application(Bell, tasks=queue, stores={"memory": store}, clock=queue._clock) as app:
        bell = (await app.dispatch(Bell.create())).entity
        await app.later(Bell.ring().on(bell.id), after=HOUR)
    queue._clock.advance(3600)
    queue.is_away = True
    told = asyncio.Event()
    again = application(Bell, tasks=queue, stores={"memory": store}, clock=queue._clock)
    again.on(Rung)(lambda _: told.set())
    async with again:
        await asyncio.wait_for(told.wait(), 5)
    assert "tasks cannot be served now: the queue is away" in caplog.text
    assert "end with this process" not in caplog.text


async def test_nothing_is_run_before_those_are_ready_who_take_part():
    app = application(Bell, tasks=InProcessTasks(clock=FakeClock()))
    app.tasks.is_held = True
    async with app:
        bell = (await app.dispatch(Bell.create())).entity
        told = asyncio.Event()
        app.on(Rung)(lambda _: told.set())
        await app.later(Bell.ring().on(bell.id))
        await asyncio.sleep(0.01)
        assert await rung(app, bell) == 0
        app.tasks.begin()
        await asyncio.wait_for(told.wait(), 5)


async def test_tasks_of_one_process_are_refused_where_several_serve():
    app = Application([Bell], codec=PlainCodec(), tasks=InProcessTasks(), workers=2, stores={"memory": Shared()})
    with pytest.raises(ConfigurationError, match=r"2 workers cannot share tasks .* set STARMODEL_TASKS"):
        await app.open()
    async with Application([Bell], codec=PlainCodec(), workers=2, stores={"memory": Shared()}) as unused:
        with pytest.raises(ConfigurationError, match="set STARMODEL_TASKS to a queue that processes share"):
            await unused.later(Bell.ring().on("x"))


class Shared(MemoryRepo):
    """As far as this test goes."""

    single_process = False


async def test_a_full_queue_is_told():
    async with application(Bell, tasks=InProcessTasks(most=1)) as app:
        await app.later(Bell.ring().on("x"), after=HOUR)
        with pytest.raises(QueueFullError):
            await app.later(Bell.ring().on("x"), after=HOUR)


async def test_who_uses_no_tasks_pays_nothing():
    before = asyncio.all_tasks()
    async with application(Bell) as app:
        assert not [one for one in asyncio.all_tasks() - before if "tasks" in one.get_name()]
        assert (app.tasks.queue, await app.tasks.count(), await app.tasks.parked()) == (None, TaskCounts(0, 0), ())
        await app.tasks.work_off()
