"""The bus inside one process: ordered, bounded, and never waiting for a slow reader."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from starmodel.app import InProcessBus
from starmodel.core import Command
from starmodel.core.changes import Commit, Position


def commit(number):
    return Commit(Position("e", number), Command(entity="T", event="e"), "", (), (), None, datetime.now(UTC))


async def numbers(subscription):
    return [commit.position.number async for commit in subscription]


async def test_every_subscription_receives_everything_in_order():
    bus = InProcessBus()
    one, other = bus.subscribe(), bus.subscribe()
    for number in range(5):
        await bus.publish(commit(number))
    await bus.close()
    assert await numbers(one) == await numbers(other) == [0, 1, 2, 3, 4]


async def test_a_subscription_receives_what_is_published_from_then_on():
    bus = InProcessBus()
    await bus.publish(commit(1))
    late = bus.subscribe()
    await bus.publish(commit(2))
    await bus.close()
    assert await numbers(late) == [2]


async def test_a_waiting_reader_is_woken():
    bus = InProcessBus()
    waiting = asyncio.create_task(numbers(bus.subscribe()))
    await asyncio.sleep(0)
    await bus.publish(commit(1))
    await bus.publish(commit(2))
    await asyncio.sleep(0)
    await bus.close()
    assert await waiting == [1, 2]


async def test_a_full_mailbox_is_emptied_and_says_so():
    bus = InProcessBus(capacity=3)
    slow, quick = bus.subscribe(), bus.subscribe()
    for number in range(5):
        await bus.publish(commit(number))
        assert (await anext(quick)).position.number == number
    assert slow.lagged
    assert not quick.lagged
    slow.close()
    assert await numbers(slow) == [3, 4]


async def test_a_closed_subscription_gives_what_is_left_and_then_ends():
    bus = InProcessBus()
    subscription = bus.subscribe()
    await bus.publish(commit(1))
    subscription.close()
    await bus.publish(commit(2))
    assert await numbers(subscription) == [1]


async def test_closing_ends_a_waiting_reader_and_may_be_repeated():
    bus = InProcessBus()
    subscription = bus.subscribe()
    waiting = asyncio.create_task(numbers(subscription))
    await asyncio.sleep(0)
    await bus.close()
    await bus.close()
    subscription.close()
    assert await waiting == []


async def test_publishing_after_the_end_harms_nobody():
    bus = InProcessBus()
    await bus.open()
    await bus.close()
    await bus.publish(commit(1))


async def test_a_reader_that_is_cancelled_loses_nothing():
    bus = InProcessBus()
    subscription = bus.subscribe()
    waiting = asyncio.create_task(anext(subscription))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await bus.publish(commit(1))
    assert (await anext(subscription)).position.number == 1
