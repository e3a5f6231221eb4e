"""Deliveries: in order, to everybody, without waiting for anybody."""

# ruff: noqa: D102  (the name of a test is its sentence)

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import ClassVar

import pytest

from starmodel.core.changes import Commit
from starmodel.core.errors import StoreError
from starmodel.core.ports import EventBus, Subscription
from starmodel.testing.base import Contract, bare

from .samples import sample_commit

__all__ = ["BusContract"]


class BusContract(Contract):
    """What every bus must do.

    Subclass it, give it a bus, and run pytest::

        class TestMyBus(BusContract):
            @pytest.fixture
            def new_bus(self):
                return MyBus(capacity=50)

    ``new_bus`` is not open yet, and carries nothing of another test.
    """

    flood: ClassVar[int] = 200
    """More commits than one mailbox of ``new_bus`` holds."""

    patience: ClassVar[float] = 2.0
    """Seconds within which a delivery has arrived."""

    @pytest.fixture
    def new_bus(self) -> EventBus:
        """Make a bus that is not open yet: every subclass gives this fixture."""
        raise NotImplementedError(f"give {type(self).__name__} a fixture new_bus that returns an unopened bus")

    @pytest.fixture
    async def bus(self, new_bus: EventBus) -> AsyncIterator[EventBus]:
        """Open the bus for one test."""
        await new_bus.open()
        yield new_bus
        await new_bus.close()

    async def next_of(self, subscription: Subscription) -> Commit:
        """Return the next delivery; fails when it takes too long."""
        return await asyncio.wait_for(anext(aiter(subscription)), self.patience)

    async def numbers(self, subscription: Subscription, count: int) -> list[int]:
        """Return the positions of the next *count* deliveries."""
        return [(await self.next_of(subscription)).position.number for _ in range(count)]

    async def publish(self, bus: EventBus, *numbers: int) -> None:
        """Publish the sample commits of these numbers; fails when the bus waits for somebody."""
        for number in numbers:
            await asyncio.wait_for(bus.publish(sample_commit(number)), self.patience)

    async def test_a_bus_has_the_shape_of_one(self, bus: EventBus) -> None:
        assert isinstance(bus, EventBus)
        subscription = bus.subscribe()
        assert subscription.lagged is False
        subscription.close()

    async def test_what_arrives_is_what_was_published(self, bus: EventBus) -> None:
        subscription = bus.subscribe()
        await self.publish(bus, 1)
        assert bare(await self.next_of(subscription)) == bare(sample_commit(1))

    async def test_commits_arrive_in_order(self, bus: EventBus) -> None:
        subscription = bus.subscribe()
        await self.publish(bus, *range(30))
        assert await self.numbers(subscription, 30) == [*range(30)]

    async def test_every_subscription_gets_everything(self, bus: EventBus) -> None:
        subscriptions = [bus.subscribe() for _ in range(100)]
        await self.publish(bus, 1, 2, 3)
        assert [await self.numbers(one, 3) for one in subscriptions] == [[1, 2, 3]] * 100

    async def test_a_subscription_begins_when_it_is_made(self, bus: EventBus) -> None:
        early = bus.subscribe()
        await self.publish(bus, 1)
        await self.numbers(early, 1)
        late = bus.subscribe()
        await self.publish(bus, 2)
        assert (await self.numbers(early, 1), await self.numbers(late, 1)) == ([2], [2])

    async def test_publishing_to_nobody_is_harmless(self, bus: EventBus) -> None:
        await self.publish(bus, 1, 2)
        late = bus.subscribe()
        await self.publish(bus, 3)
        assert await self.numbers(late, 1) == [3]

    async def test_a_waiting_reader_is_woken(self, bus: EventBus) -> None:
        subscription = bus.subscribe()
        waiting = asyncio.ensure_future(self.next_of(subscription))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        await self.publish(bus, 1)
        assert (await waiting).position.number == 1

    async def test_a_reader_that_lost_patience_loses_no_commit(self, bus: EventBus) -> None:
        subscription = bus.subscribe()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(aiter(subscription)), 0.01)
        await self.publish(bus, 1, 2)
        assert await self.numbers(subscription, 2) == [1, 2]

    async def test_many_publishers_lose_nothing(self, bus: EventBus) -> None:
        subscription = bus.subscribe()
        await asyncio.gather(*(self.publish(bus, number) for number in range(30)))
        assert sorted(await self.numbers(subscription, 30)) == [*range(30)]

    async def test_a_slow_subscriber_holds_nobody_up(self, bus: EventBus) -> None:
        slow, quick = bus.subscribe(), bus.subscribe()
        seen: list[int] = []
        for number in range(self.flood):
            await self.publish(bus, number)
            seen += await self.numbers(quick, 1)
        assert (seen, quick.lagged) == ([*range(self.flood)], False)
        assert slow.lagged is True

    async def test_a_mailbox_is_bounded_and_says_when_it_ran_over(self, bus: EventBus) -> None:
        subscription = bus.subscribe()
        await self.publish(bus, *range(self.flood))
        await asyncio.sleep(0.01)
        assert subscription.lagged is True
        kept = await self._until(subscription, self.flood - 1)
        assert len(kept) < self.flood, "what is in a mailbox that ran over is dropped"
        assert kept == [*range(self.flood - len(kept), self.flood)]

    async def test_a_reader_that_lagged_goes_on_after_it_cleared_the_flag(self, bus: EventBus) -> None:
        subscription = bus.subscribe()
        await self.publish(bus, *range(self.flood))
        await self._until(subscription, self.flood - 1)
        subscription.lagged = False
        await self.publish(bus, self.flood, self.flood + 1)
        assert await self.numbers(subscription, 2) == [self.flood, self.flood + 1]
        assert subscription.lagged is False

    async def _until(self, subscription: Subscription, last: int) -> list[int]:
        """Read until the commit *last* has arrived."""
        seen: list[int] = []
        while last not in seen:
            seen += await self.numbers(subscription, 1)
        return seen

    async def test_closing_a_subscription_ends_its_reader(self, bus: EventBus) -> None:
        subscription = bus.subscribe()
        reader = asyncio.ensure_future(self._read_to_the_end(subscription))
        await asyncio.sleep(0.01)
        subscription.close()
        assert await asyncio.wait_for(reader, self.patience) == []

    async def test_closing_the_bus_ends_every_reader(self, bus: EventBus) -> None:
        subscriptions = [bus.subscribe() for _ in range(3)]
        readers = [asyncio.ensure_future(self._read_to_the_end(one)) for one in subscriptions]
        await self.publish(bus, 1)
        await asyncio.sleep(0.05)
        await bus.close()
        assert await asyncio.wait_for(asyncio.gather(*readers), self.patience) == [[1]] * 3

    async def _read_to_the_end(self, subscription: Subscription) -> list[int]:
        return [commit.position.number async for commit in subscription]

    async def test_closing_twice_is_harmless(self, bus: EventBus) -> None:
        subscription = bus.subscribe()
        subscription.close()
        subscription.close()
        await bus.close()
        await bus.close()

    async def test_a_closed_subscription_gets_nothing_more(self, bus: EventBus) -> None:
        closed, open_ = bus.subscribe(), bus.subscribe()
        closed.close()
        await self.publish(bus, 1)
        assert await self.numbers(open_, 1) == [1]
        assert await asyncio.wait_for(self._read_to_the_end(closed), self.patience) == []

    async def test_a_subscription_may_be_closed_while_others_read(self, bus: EventBus) -> None:
        first, second = bus.subscribe(), bus.subscribe()
        await self.publish(bus, 1)
        await self.numbers(first, 1)
        first.close()
        await self.publish(bus, 2)
        assert await self.numbers(second, 2) == [1, 2]

    async def test_publishing_after_the_end_neither_hangs_nor_breaks(self, bus: EventBus) -> None:
        subscription = bus.subscribe()
        await bus.close()
        with suppress(StoreError):
            await self.publish(bus, 1)
        assert await asyncio.wait_for(self._read_to_the_end(subscription), self.patience) == []
