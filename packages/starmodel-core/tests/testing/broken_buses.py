"""Buses with one fault each, and the tests of the suite that must notice it.  Run by test_the_suites_bite.py."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import ClassVar

import pytest

from starmodel.app.bus import InProcessBus, Mailbox
from starmodel.testing import BusContract


class Suite(BusContract):
    """The bus suite on one broken bus."""

    __test__ = False
    patience = 0.2
    Bus: ClassVar[type[InProcessBus]]
    caught_by: ClassVar[tuple[str, ...]]

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.__test__ = True

    @pytest.fixture
    def new_bus(self):
        return self.Bus(capacity=50)


class BrokenMailbox(InProcessBus):
    Box: type[Mailbox]

    def subscribe(self):
        self._mailboxes.append(self.Box(self, self._capacity))
        return self._mailboxes[-1]


class TestPublishesNothing(Suite):
    caught_by = ("test_what_arrives_is_what_was_published", "test_a_waiting_reader_is_woken")

    class Bus(InProcessBus):
        async def publish(self, commit):
            pass


class TestLosesTheOrder(Suite):
    caught_by = ("test_commits_arrive_in_order",)

    class Bus(BrokenMailbox):
        class Box(Mailbox):
            def put(self, commit):
                super().put(commit)
                self._queue.rotate(1)


class TestTellsOneSubscriberOnly(Suite):
    caught_by = ("test_every_subscription_gets_everything",)

    class Bus(InProcessBus):
        async def publish(self, commit):
            for mailbox in self._mailboxes[:1]:
                mailbox.put(commit)


class TestTellsOldStories(Suite):
    caught_by = ("test_a_subscription_begins_when_it_is_made", "test_publishing_to_nobody_is_harmless")

    class Bus(InProcessBus):
        def __init__(self, **options):
            super().__init__(**options)
            self.told = []

        async def publish(self, commit):
            self.told.append(commit)
            await super().publish(commit)

        def subscribe(self):
            mailbox = super().subscribe()
            for commit in self.told:
                mailbox.put(commit)
            return mailbox


class TestWaitsForTheSlow(Suite):
    caught_by = ("test_a_slow_subscriber_holds_nobody_up", "test_a_mailbox_is_bounded_and_says_when_it_ran_over")

    class Bus(InProcessBus):
        async def publish(self, commit):
            while any(len(mailbox._queue) >= self._capacity for mailbox in self._mailboxes):  # noqa: ASYNC110  (a fault)
                await asyncio.sleep(0.001)
            await super().publish(commit)


class TestKeepsEverything(Suite):
    caught_by = ("test_a_mailbox_is_bounded_and_says_when_it_ran_over",)

    class Bus(InProcessBus):
        def __init__(self, **options):
            super().__init__(capacity=10**9)


class TestDropsWithoutAWord(Suite):
    caught_by = ("test_a_mailbox_is_bounded_and_says_when_it_ran_over", "test_a_slow_subscriber_holds_nobody_up")

    class Bus(BrokenMailbox):
        class Box(Mailbox):
            def __init__(self, *args):
                super().__init__(*args)
                self._queue = deque(maxlen=self._capacity - 1)


class TestNeverEndsItsReaders(Suite):
    caught_by = ("test_closing_a_subscription_ends_its_reader", "test_closing_the_bus_ends_every_reader")

    class Bus(BrokenMailbox):
        class Box(Mailbox):
            def close(self):
                self._bus.forget(self)


class TestSendsToTheClosed(Suite):
    caught_by = ("test_a_closed_subscription_gets_nothing_more",)

    class Bus(BrokenMailbox):
        class Box(Mailbox):
            def close(self):
                self._closed = True
                self._wake()


class TestLosesACommitWithItsReader(Suite):
    caught_by = ("test_a_reader_that_lost_patience_loses_no_commit",)

    class Bus(BrokenMailbox):
        class Box(Mailbox):
            async def __anext__(self):
                try:
                    return await super().__anext__()
                except asyncio.CancelledError:
                    self.close()
                    raise
