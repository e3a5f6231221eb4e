"""One process at a time tells handlers what a shared log recorded; the right to do so is kept, lost and passed on."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest

from starmodel.app import relay
from starmodel.app.relay import Relay
from starmodel.core.changes import Changes, Commit, Position
from starmodel.core.commands import Command
from starmodel.core.domain_events import DomainEvent, Recorded
from starmodel.core.errors import StoreError
from starmodel.testing.store.base import AT


class SharedLog:
    """A log in memory with the lease of one task, which can be made to fail."""

    def __init__(self):
        self.commits, self.holder, self.until, self.at, self.failing = [], None, 0.0, Position("e", 0), 0

    def record(self):
        position = Position("e", len(self.commits) + 1)
        fact = Recorded(f"{position}", "Item", "a", position.number, DomainEvent(), AT)
        command = Command(entity="Item", event="change", id=f"{position}")
        self.commits.append(Commit(position, command, "", (), (fact,), None, AT))

    async def changes(self, after, /, *, limit=1000):
        found = tuple(self.commits[after.number : after.number + limit])
        return Changes(found, found[-1].position if found else after)

    async def wait(self, after, /, *, seconds):
        await asyncio.sleep(0.01)

    async def lease(self, task, holder, /, *, seconds):
        if self.failing:
            self.failing -= 1
            raise StoreError("planned")
        now = time.monotonic()
        if self.holder not in (None, holder) and self.until > now:
            return None
        self.holder, self.until = holder, now + seconds
        return self.at

    async def advance(self, task, holder, position, /):
        if self.holder == holder:
            self.at = position
        return self.holder == holder


@pytest.fixture(autouse=True)
def short_lease(monkeypatch):
    monkeypatch.setattr(relay, "LEASE", 0.3)
    monkeypatch.setattr(relay, "_RENEW", 0.05)
    monkeypatch.setattr(relay, "_PAUSE", 0.05)


@pytest.fixture
def log():
    return SharedLog()


@pytest.fixture
async def told(log):
    """What one relay has told, as positions; it works while the test runs."""
    heard = []

    async def tell(commit):
        heard.append(commit.position.number)

    working = Relay(log, tell)
    await working.open()
    yield heard
    await working.close(patience=1)


async def until(condition, seconds=5.0):
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  (what is looked at is no event)
            await asyncio.sleep(0.005)


async def test_everything_is_told_in_order(log, told):
    for _ in range(5):
        log.record()
    await until(lambda: len(told) == 5)
    assert told == [1, 2, 3, 4, 5]


async def test_a_renewal_that_fails_once_does_not_cost_the_right(log, told, caplog):
    with caplog.at_level(logging.WARNING, "starmodel.relay"):
        log.failing = 1
        await until(lambda: "could not keep the right" in caplog.text)
        await asyncio.sleep(2 * relay.LEASE)  # what was held before has run out
    assert await log.lease("handlers", "another", seconds=1) is None
    log.record()
    await until(lambda: told)
    assert told == [1]


async def test_who_could_not_renew_its_right_in_time_tells_nothing_more(log):
    heard = []

    async def tell(commit):
        heard.append(commit.position.number)
        await asyncio.sleep(0.5)

    working = Relay(log, tell)
    await working.open()
    log.failing = 1000
    log.record()
    log.record()
    await asyncio.sleep(0.8)
    assert heard == [1]  # another process may be telling the second by now
    log.failing = 0
    await until(lambda: len(heard) > 1)
    assert heard == [1, 2]
    await working.close(patience=1)


async def test_another_takes_over_from_one_that_died(log):
    await log.lease("handlers", "dead", seconds=0.5)
    log.record()
    heard = []

    async def tell(commit):
        heard.append(commit.position.number)

    working = Relay(log, tell)
    await working.open()
    await asyncio.sleep(0.1)
    assert heard == []
    await until(lambda: heard)
    assert heard == [1]
    await working.close(patience=1)


async def test_who_comes_back_after_another_had_the_right_looks_anew_at_what_is_parked(log):
    begun = []

    async def begin():
        begun.append(log.holder)

    working = Relay(log, print, begin=begin)
    await working.open()
    log.failing = 1000
    await asyncio.sleep(0.4)
    log.failing = 0
    assert await log.lease("handlers", "another", seconds=0.1) is not None  # and it may have parked something
    log.failing = 1000
    await asyncio.sleep(0.2)
    log.failing = 0
    await asyncio.sleep(0.3)
    await working.close(patience=1)
    assert len(begun) == 2
