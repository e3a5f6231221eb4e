"""Those who wait for the same thing wait together."""

from __future__ import annotations

import asyncio

import pytest

from starmodel.app.waits import Waits
from starmodel.core.errors import StoreError


@pytest.fixture
def waits():
    return Waits()


@pytest.fixture
def call():
    """A wait that counts how often it begins, and ends when it is told to."""

    class Call:
        def __init__(self):
            self.begun, self.comes, self.error = 0, asyncio.Event(), None

        async def __call__(self):
            self.begun += 1
            await self.comes.wait()
            if self.error is not None:
                raise self.error

    return Call()


async def test_what_wakes_one_wakes_all_and_is_waited_for_once(waits, call):
    waiting = [asyncio.ensure_future(waits.together("news", call, 5)) for _ in range(3)]
    await asyncio.sleep(0)
    call.comes.set()
    await asyncio.wait_for(asyncio.gather(*waiting), 1)
    assert call.begun == 1
    await waits.together("news", call, 5)
    assert call.begun == 2


async def test_other_news_are_waited_for_besides(waits, call):
    call.comes.set()
    await asyncio.gather(waits.together("a", call, 5), waits.together("b", call, 5))
    assert call.begun == 2


async def test_who_is_tired_or_goes_away_leaves_the_others_waiting(waits, call):
    patient = asyncio.ensure_future(waits.together("news", call, 5))
    gone = asyncio.ensure_future(waits.together("news", call, 5))
    await waits.together("news", call, 0.001)
    gone.cancel()
    await asyncio.sleep(0)
    assert not patient.done()
    call.comes.set()
    await asyncio.wait_for(patient, 1)


async def test_a_failure_is_told_to_all(waits, call):
    call.error = StoreError("gone for lunch")
    call.comes.set()
    waiting = [waits.together("news", call, 5) for _ in range(2)]
    assert await asyncio.gather(*waiting, return_exceptions=True) == [call.error] * 2


async def test_at_the_end_nobody_waits_any_more(waits, call):
    waiting = asyncio.ensure_future(waits.together("news", call, 5))
    await asyncio.sleep(0)
    await waits.close()
    await asyncio.wait_for(waiting, 1)
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "starmodel: wait for news"]
