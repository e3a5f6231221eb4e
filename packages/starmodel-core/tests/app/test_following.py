"""A follower sees every commit once and in order, whatever the bus dropped, swapped or never carried."""

from __future__ import annotations

import asyncio
import logging

import pytest

from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.app import Application, Follower, InProcessBus
from starmodel.core import Entity, event
from starmodel.testing import FaultyStore, PlainCodec


class Counter(Entity):
    count: int = 0

    @event
    def add(self, n: int = 1) -> None:
        self.count += n


class Other(Entity):
    n: int = 0
    model_config = {"store": "second"}


class LossyBus(InProcessBus):
    """Drops what it is told to."""

    def __init__(self):
        super().__init__()
        self.dropping = False

    async def publish(self, commit, /):
        if not self.dropping:
            await super().publish(commit)


class HoldingBus(InProcessBus):
    """Keeps everything back."""

    def __init__(self):
        super().__init__()
        self.held = []

    async def publish(self, commit, /):
        self.held.append(commit)


def application(*, keep=10_000, **options):
    options.setdefault("stores", {"memory": MemoryRepo(keep=keep), "second": MemoryRepo()})
    return Application([Counter, Other], codec=PlainCodec(), **options)


async def following(app):
    follower = Follower(app.bus, app.persistence)
    await follower.start()
    return follower


async def seen_by(follower):
    follower.close()
    return [commit.position.number async for commit in follower]


async def create(app, times):
    for _ in range(times):
        await app.dispatch(Counter.create())


async def test_it_sees_every_commit_from_now_on():
    async with application() as app:
        await create(app, 2)
        follower = await following(app)
        await create(app, 3)
        assert await seen_by(follower) == [3, 4, 5]


async def test_what_a_full_mailbox_dropped_is_read_from_the_log():
    async with application(bus=InProcessBus(capacity=4)) as app:
        follower = await following(app)
        await create(app, 50)
        assert await seen_by(follower) == list(range(1, 51))


async def test_nothing_is_lost_or_repeated_while_writing_goes_on():
    async with application(bus=InProcessBus(capacity=2)) as app:
        follower = await following(app)
        seen = []

        async def read():
            async for commit in follower:
                seen.append(commit.position.number)
                await asyncio.sleep(0)

        reading = asyncio.create_task(read())
        for _ in range(40):
            await create(app, 5)
            await asyncio.sleep(0)
        follower.close()
        await reading
        assert seen == list(range(1, 201))


async def test_what_the_bus_never_carried_is_noticed_by_the_next_commit():
    bus = LossyBus()
    async with application(bus=bus) as app:
        follower = await following(app)
        await create(app, 1)
        bus.dropping = True
        await create(app, 2)
        bus.dropping = False
        await create(app, 1)
        assert await seen_by(follower) == [1, 2, 3, 4]


async def test_commits_that_come_in_another_order_are_put_right():
    bus = HoldingBus()
    async with application(bus=bus) as app:
        follower = await following(app)
        await create(app, 3)
        one, two, three = bus.held
        for commit in (three, one, two):
            await InProcessBus.publish(bus, commit)
        assert await seen_by(follower) == [1, 2, 3]


async def test_the_commits_of_two_stores_are_told_apart():
    async with application(bus=InProcessBus(capacity=3)) as app:
        follower = await following(app)
        for _ in range(3):
            await create(app, 2)
            await app.dispatch(Other.create(n=1))
        follower.close()
        seen = [(commit.changes[0].entity, commit.position.number) async for commit in follower]
        assert [number for name, number in seen if name == "Counter"] == [1, 2, 3, 4, 5, 6]
        assert [number for name, number in seen if name == "Other"] == [1, 2, 3]


async def test_a_log_that_does_not_reach_back_is_told_of_and_followed_from_where_it_is(caplog):
    async with application(keep=3, bus=InProcessBus(capacity=2)) as app:
        follower = await following(app)
        await create(app, 20)
        with caplog.at_level(logging.WARNING, "starmodel.following"):
            seen = await seen_by(follower)
        assert seen[-1] == 20
        assert seen == sorted(set(seen))
        assert "the log does not reach back to what was missed" in caplog.text
        assert follower.gaps == 1


async def test_a_store_it_did_not_know_of_is_followed_from_its_first_commit():
    async with application() as app:
        follower = Follower(app.bus, app.persistence)
        await create(app, 2)
        assert await seen_by(follower) == [1, 2]


async def test_a_store_that_cannot_be_read_is_an_error_after_which_following_may_go_on():
    store = FaultyStore(MemoryRepo())
    bus = LossyBus()
    async with application(stores={"memory": store, "second": MemoryRepo()}, bus=bus) as app:
        follower = await following(app)
        bus.dropping = True
        await create(app, 2)
        bus.dropping = False
        await create(app, 1)
        store.fail("changes")
        with pytest.raises(OSError, match="planned failure"):
            await anext(aiter(follower))
        await create(app, 1)
        assert await seen_by(follower) == [1, 2, 3, 4]


async def test_what_is_of_no_interest_wakes_nobody_and_is_not_missed_later(start):
    app = await start(Counter)
    follower = Follower(app.bus, app.persistence, passes=lambda commit: commit.command.event == "create")
    await follower.start()
    seen, asked = [], follower._pass_by

    async def follow():
        seen.extend([commit.command.event async for commit in follower])

    following = asyncio.ensure_future(follow())
    await asyncio.sleep(0)
    made = await app.dispatch(Counter.create())
    assert not follower._subscription._queue
    await app.dispatch(Counter.add().on(made.entity.id))
    await app.dispatch(Counter.create())  # the reader has not come round yet: it is looked at in its turn
    await asyncio.sleep(0)
    await app.dispatch(Counter.add().on(made.entity.id))
    await asyncio.sleep(0)
    follower.close()
    await following
    assert seen == ["add", "create", "add"]
    assert asked(made.commit) is False  # it was dealt with long ago


async def test_what_is_of_no_interest_passes_by_only_in_its_turn(start):
    bus = LossyBus()
    app = await start(Counter, bus=bus)
    follower = Follower(app.bus, app.persistence, passes=lambda commit: commit.command.event == "create")
    await follower.start()
    seen = []

    async def follow():
        seen.extend([commit.command.event async for commit in follower])

    following = asyncio.ensure_future(follow())
    await asyncio.sleep(0)
    made = await app.dispatch(Counter.create())
    bus.dropping = True
    await app.dispatch(Counter.add().on(made.entity.id))
    bus.dropping = False
    await app.dispatch(Counter.create())
    await asyncio.sleep(0.01)
    follower.close()
    await following
    assert seen == ["add", "create"]
