"""A background task is ended without taking along whoever ends it, and without hiding that they are cancelled."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from starmodel.app.ending import ended


async def forever() -> None:
    await asyncio.sleep(60)


async def briefly() -> None:
    await asyncio.sleep(0.01)


async def broken() -> None:
    raise ValueError("what it raised")


@pytest.mark.anyio
async def test_a_task_that_goes_on_is_cancelled() -> None:
    task = asyncio.create_task(forever())

    assert not await ended(task)
    assert task.cancelled()


@pytest.mark.anyio
async def test_a_task_is_given_the_time_that_was_granted() -> None:
    assert await ended(asyncio.create_task(briefly()), patience=5)


@pytest.mark.anyio
async def test_what_the_task_raised_is_not_raised_again() -> None:
    task = asyncio.create_task(broken())

    assert await ended(task, patience=5)
    assert isinstance(task.exception(), ValueError)


@pytest.mark.anyio
async def test_whoever_waits_can_still_be_cancelled() -> None:
    async def stubborn() -> None:
        while True:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(60)
                return
            await asyncio.sleep(0.2)
            return

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    waiting = asyncio.create_task(ended(task))
    await asyncio.sleep(0.01)
    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
    await task
