"""The queue in memory, beyond its contract: its clock, its bounds, and handlers that behave badly."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from starmodel.app import InProcessTasks
from starmodel.core import Actor, Command
from starmodel.core.errors import ConfigurationError, InvalidError, QueueFullError, StoreError
from starmodel.core.task_queue import Task, TaskCounts
from starmodel.testing import FakeClock


def task(id, clock, seconds=0.0, **args):
    command = Command(entity="Bell", event="ring", id=id, args=args)
    return Task(command, Actor("ada"), clock.now() + timedelta(seconds=seconds))


async def test_time_is_what_the_clock_says():
    clock, rung = FakeClock(), []
    queue = InProcessTasks(clock=clock)

    async def ring(task):
        rung.append(task.id)

    await queue.enqueue(task("tomorrow", clock, 24 * 3600))
    await queue.enqueue(task("soon", clock, 60))
    await queue.work_off(ring)
    clock.advance(60)
    await queue.work_off(ring)
    assert rung == ["soon"]
    clock.advance(24 * 3600)
    await queue.work_off(ring)
    assert rung == ["soon", "tomorrow"]


async def test_a_pause_doubles_up_to_the_longest():
    clock, times = FakeClock(), []
    queue = InProcessTasks(clock=clock, tries=6, pause=10, longest=60)

    async def fail(_):
        times.append(clock.monotonic())
        raise OSError("not now")

    await queue.enqueue(task("a", clock))
    while not (await queue.count()).parked:
        await queue.work_off(fail)
        clock.advance(1)
    assert [after - before for before, after in pairwise(times)] == [10, 20, 40, 60, 60]
    assert [(one.error, one.tries) for one in await queue.parked()] == [("OSError: not now", 6)]


async def test_a_full_queue_says_so_and_keeps_what_it_has():
    clock = FakeClock()
    queue = InProcessTasks(clock=clock, most=2, max_bytes=10_000)
    await queue.enqueue(task("a", clock))
    with pytest.raises(QueueFullError, match="takes up to 2 of 10000 bytes") as refused:
        await queue.enqueue(task("long", clock, text="x" * 10_000))
    assert isinstance(refused.value, StoreError)
    await queue.enqueue(task("b", clock))
    with pytest.raises(QueueFullError, match="2 tasks wait and 0 are parked"):
        await queue.enqueue(task("c", clock))
    assert (await queue.enqueue(task("a", clock))).id == "a", "it is there already"

    async def refuse(_):
        return "no"

    await queue.work_off(refuse)
    with pytest.raises(QueueFullError, match="0 tasks wait and 2 are parked"):
        await queue.enqueue(task("c", clock))
    await queue.cancel("a")
    await queue.enqueue(task("c", clock))
    await queue.cancel("b")
    await queue.cancel("c")
    await queue.enqueue(task("d", clock, text="x" * 9_000))  # nothing of those that went takes room


async def test_a_handler_that_cancels_itself_has_failed():
    clock = FakeClock()
    queue = InProcessTasks(clock=clock, tries=1)

    async def cancelled(_):
        raise asyncio.CancelledError

    await queue.enqueue(task("a", clock))
    await queue.work_off(cancelled)
    assert [one.error for one in await queue.parked()] == ["CancelledError: it cancelled itself"]


async def test_who_is_cut_off_before_a_handler_begins_loses_nothing():
    clock = FakeClock()
    queue = InProcessTasks(clock=clock)
    await queue.enqueue(task("a", clock))
    server = asyncio.create_task(queue.serve(refuse_to_begin, asyncio.Event()))
    await asyncio.sleep(0)
    server.cancel()
    await asyncio.wait([server])
    done = []

    async def note(task):
        done.append(task.id)

    await queue.work_off(note)
    assert (done, await queue.count()) == (["a"], TaskCounts(0, 0))


async def refuse_to_begin(_):
    await asyncio.Event().wait()


async def test_what_was_cancelled_takes_no_room():
    clock = FakeClock()
    queue = InProcessTasks(clock=clock)
    for number in range(1000):
        await queue.enqueue(task(f"t{number}", clock, 3600))
        await queue.cancel(f"t{number}")
    assert len(queue._by_time) < 200


@pytest.mark.parametrize("options", [{"most": 0}, {"tries": 0}, {"pause": -1}, {"at_once": 0}])
def test_bounds_that_make_no_sense_are_refused(options):
    with pytest.raises(ConfigurationError, match="one task or more"):
        InProcessTasks(**options)


def test_a_task_travels_as_json():
    actor = Actor("ada", "visitor-1", frozenset({"b", "a"}), address="10.0.0.1")
    command = Command(entity="Bell", event="ring", id="x", entity_id="b", args={"text": "ключ"}, base_version=3)
    told = Task(command, actor, datetime(2030, 1, 1, tzinfo=UTC))
    again = Task.from_json(told.to_json())
    assert again == told
    assert again.actor.address is None
    assert "10.0.0.1" not in told.to_json()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"command": {}, "actor": {"id": "a"}, "due": "2030-01-01T00:00:00+00:00"}', '{"due": 1}'],
)
def test_what_is_no_task_is_refused(text):
    with pytest.raises(InvalidError, match="this is not the JSON of a task"):
        Task.from_json(text)


def test_a_task_without_a_zone_and_one_whose_command_is_none_are_refused():
    good = Task(Command(entity="Bell", event="ring", id="x"), Actor("ada"), datetime(2030, 1, 1, tzinfo=UTC)).to_json()
    with pytest.raises(InvalidError, match="offset from UTC"):
        Task.from_json(good.replace("+00:00", ""))
    with pytest.raises(InvalidError, match="must be text"):
        Task.from_json(good.replace('"entity":"Bell"', '"entity":1'))
