"""Several processes on one store: each hears of every commit, once, in order."""

from __future__ import annotations

import asyncio

import pytest

from starmodel.app import Follower, LogTail, PersistenceManager
from starmodel.core import Entity, event
from starmodel.core.errors import StoreError
from starmodel.testing.store.base import put


class Counter(Entity):
    count: int = 0
    model_config = {"store": "shared"}

    @event
    def increment(self) -> None:
        self.count += 1


@pytest.fixture
def store(make_shared):
    return make_shared()


@pytest.fixture
async def both(start, store):
    return await start(Counter, stores={"shared": store}), await start(Counter, stores={"shared": store})


async def heard(app, count):
    found = []

    async def listen():
        async for commit in app.bus.subscribe():
            found.append(commit)
            if len(found) == count:
                return

    listening = asyncio.ensure_future(listen())
    await asyncio.sleep(0)
    return listening, found


async def test_what_one_stores_the_other_hears(both):
    one, two = both
    listening, found = await heard(two, 3)
    made = await one.dispatch(Counter.create())
    for _ in range(2):
        await one.dispatch(Counter.increment().on(made.entity.id))
    await asyncio.wait_for(listening, 5)
    assert [commit.command.event for commit in found] == ["create", "increment", "increment"]


async def test_everybody_hears_everything_once_in_order(both):
    one, two = both
    made = await one.dispatch(Counter.create())
    await asyncio.sleep(0.1)
    (first, by_one), (second, by_two) = await heard(one, 40), await heard(two, 40)
    await asyncio.gather(*(both[n % 2].dispatch(Counter.increment().on(made.entity.id)) for n in range(40)))
    await asyncio.wait_for(asyncio.gather(first, second), 5)
    numbers = [commit.position.number for commit in by_one]
    assert numbers == list(range(numbers[0], numbers[0] + 40))
    assert [commit.position.number for commit in by_two] == numbers


async def test_what_this_process_stores_is_heard_at_once_and_with_its_snapshot(both):
    one, _ = both
    mailbox = one.bus.subscribe()
    await one.dispatch(Counter.create(count=5))
    commit = await asyncio.wait_for(anext(mailbox), 0.001)
    assert commit.changes[0].snapshot.count == 5


async def test_a_follower_of_both_hears_nothing_twice(both):
    one, two = both
    follower = Follower(two.bus, two.persistence)
    await follower.start()
    made = await one.dispatch(Counter.create())
    await two.dispatch(Counter.increment().on(made.entity.id))
    seen = []

    async def follow():
        async for commit in follower:
            seen.append(commit.command.event)  # noqa: PERF401  (one by one, as they come)

    following = asyncio.ensure_future(follow())
    async with asyncio.timeout(5):
        while len(seen) < 2:  # noqa: ASYNC110  (a list is no event)
            await asyncio.sleep(0.005)
    await asyncio.sleep(0.05)  # time for one to come again
    follower.close()
    await following
    assert seen == ["create", "increment"]


async def test_a_log_that_cannot_be_read_for_a_while_is_followed_again(both, store, monkeypatch, caplog):
    monkeypatch.setattr("starmodel.app.tail._PATIENCE", 0.01)
    _, two = both
    listening, found = await heard(two, 1)
    store.broken = StoreError("gone for lunch")
    await put(store, Counter(id="a"))
    await asyncio.sleep(1.2)
    assert found == []
    store.broken = None
    await asyncio.wait_for(listening, 5)
    assert caplog.text.count("could not follow a log") == 2  # once for each of the two, not for every try


async def test_a_log_that_does_not_reach_back_is_followed_from_where_it_is(make_shared):
    store = make_shared(keep=2)
    tail = LogTail(PersistenceManager({"shared": store}))
    await tail.open()
    mailbox = tail.subscribe()
    await put(store, *(Counter(id=f"c{n}") for n in range(3)))
    for _ in range(5):
        await put(store, Counter())
    await asyncio.sleep(0.05)
    last = await put(store, Counter())
    seen = []
    while not seen or seen[-1] != last.position:
        seen.append((await asyncio.wait_for(anext(mailbox), 5)).position)
    assert len(seen) < 7
    await tail.close()


async def test_a_store_of_one_process_is_not_followed(start):
    app = await start(type("Own", (Entity,), {}))
    assert app.bus._tasks == []


async def test_a_store_of_two_names_is_followed_once_and_so_through_a_new_beginning(make_shared, caplog):
    store = make_shared()
    tail = LogTail(PersistenceManager({"one": store, "other": store}))
    for _ in range(2):
        await tail.open()
        mailbox = tail.subscribe()
        store.begin_anew()
        last = await put(store, Counter())
        assert (await asyncio.wait_for(anext(mailbox), 1)).position == last.position
        await asyncio.sleep(0.02)
        await tail.close()
    assert caplog.text == ""


async def test_a_log_that_begins_anew_is_followed_from_there_each_commit_once(both, store):
    one, two = both
    made = await one.dispatch(Counter.create())
    listening, found = await heard(two, 4)
    store.begin_anew()
    for _ in range(2):
        await one.dispatch(Counter.increment().on(made.entity.id))
        await asyncio.sleep(0.05)
    for _ in range(2):
        await one.dispatch(Counter.increment().on(made.entity.id))
    await asyncio.wait_for(listening, 5)
    assert [commit.changes[0].after["count"] for commit in found] == [1, 2, 3, 4]


async def test_who_follows_a_log_that_begins_anew_knows_that_something_is_missing(both, store):
    one, two = both
    follower = Follower(two.bus, two.persistence)
    await follower.start()
    made = await one.dispatch(Counter.create())
    steps = aiter(follower)
    assert (await asyncio.wait_for(anext(steps), 5)).command.event == "create"
    assert follower.gaps == 0
    store.begin_anew()
    await one.dispatch(Counter.increment().on(made.entity.id))
    assert (await asyncio.wait_for(anext(steps), 5)).command.event == "increment"
    assert follower.gaps == 1


async def test_a_log_that_begins_anew_and_cannot_be_read_then_is_followed_again(make_shared, monkeypatch):
    monkeypatch.setattr("starmodel.app.tail._PATIENCE", 0.01)
    store = make_shared()
    tail = LogTail(PersistenceManager({"shared": store}))
    await tail.open()
    mailbox, changes, told = tail.subscribe(), store.changes, []

    async def fail_after_the_gap(after, /, *, limit=1000):
        found = await changes(after, limit=limit)
        told.append(found.gap)
        if told == [True, False]:
            raise StoreError("gone for lunch")
        return found

    monkeypatch.setattr(store, "changes", fail_after_the_gap)
    store.begin_anew()
    await put(store, Counter(id="a"))
    assert (await asyncio.wait_for(anext(mailbox), 1)).changes[0].id == "a"
    await tail.close()
