"""Bodies that wait or compute for long do not hold up anybody else."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest

from starmodel.core import Entity, Unit, event

LOG = []


class Slow(Entity):
    n: int = 0

    @event(blocking=True)
    def compute(self, seconds: float) -> None:
        time.sleep(seconds)
        self.n += 1
        LOG.append(threading.current_thread() is threading.main_thread())
        Unit.current().add(Slow(n=100))

    @event(blocking=True)
    def steps(self, seconds: float) -> Iterator[int]:
        try:
            for number in range(2):
                time.sleep(seconds)
                self.n += 1
                yield number
        finally:
            LOG.append("closed")


@pytest.fixture
async def slow(start):
    LOG.clear()
    app = await start(Slow)
    made = (await app.dispatch(Slow.create())).entity
    return app, made.id


async def ticks(task):
    count = 0
    while not task.done():
        await asyncio.sleep(0.005)
        count += 1
    return count


@pytest.mark.parametrize("name", ["compute", "steps"])
async def test_a_blocking_event_leaves_the_loop_free(slow, name):
    app, id = slow
    task = asyncio.create_task(app.dispatch(getattr(Slow, name)(0.1).on(id)))
    assert await ticks(task) >= 5
    assert (await app.load(Slow, id)).entity.n == {"compute": 1, "steps": 2}[name]


async def test_a_blocking_event_runs_in_a_thread_with_its_unit(slow):
    app, id = slow
    await app.dispatch(Slow.compute(0).on(id))
    assert LOG == [False]
    assert await app.count(Slow, {"n": 100}) == 1


async def test_a_caller_that_goes_away_from_a_blocking_event_is_let_go_at_once(slow):
    app, id = slow
    for name in ("compute", "steps"):
        task = asyncio.create_task(app.dispatch(getattr(Slow, name)(0.05).on(id)))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await asyncio.sleep(0.1)
    assert (await app.load(Slow, id)).entity.n == 0


async def test_a_generator_is_closed_when_its_watcher_fails(slow):
    app, id = slow

    async def on_step(value, snapshot):
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        await app.dispatch(Slow.steps(0).on(id), on_step=on_step)
    assert LOG == ["closed"]
