"""The bus on a Redis stream: the published contract, and what only a bus between processes can do."""

from __future__ import annotations

import asyncio

import pytest

from rig.redis import Redis
from starmodel.adapters.bus.redis import RedisBus
from starmodel.adapters.persistence.redis import server
from starmodel.core.errors import ConfigurationError, StoreError
from starmodel.testing import BusContract
from starmodel.testing.base import bare
from starmodel.testing.bus.samples import sample_commit


class TestRedisBus(BusContract):
    @pytest.fixture
    def new_bus(self, redis_url):
        return RedisBus(redis_url, capacity=50)


@pytest.fixture
async def buses(redis_url):
    pair = RedisBus(redis_url, capacity=50), RedisBus(redis_url, capacity=50)
    for bus in pair:
        await bus.open()
    yield pair
    for bus in pair:
        await bus.close()


async def next_of(subscription):
    return await asyncio.wait_for(anext(subscription), 3)


async def test_what_one_process_publishes_arrives_in_the_other_as_it_was(buses):
    here, there = buses
    mine, theirs = here.subscribe(), there.subscribe()
    await here.publish(sample_commit(1))
    await there.publish(sample_commit(2))
    for subscription in (mine, theirs):
        assert [bare(await next_of(subscription)) for _ in range(2)] == [bare(sample_commit(1)), bare(sample_commit(2))]
        assert subscription.lagged is False


async def test_the_process_that_published_keeps_the_snapshot(buses):
    here, _ = buses
    mine = here.subscribe()
    await here.publish(sample_commit(1))
    assert (await next_of(mine)).changes[0].snapshot is not None


async def test_both_see_one_order(buses):
    subscriptions = [bus.subscribe() for bus in buses]
    await asyncio.gather(*(buses[number % 2].publish(sample_commit(number)) for number in range(30)))
    orders = [[(await next_of(one)).position.number for _ in range(30)] for one in subscriptions]
    assert orders[0] == orders[1]
    assert sorted(orders[0]) == [*range(30)]


async def test_a_bus_that_was_cut_off_goes_on_after_the_last_it_saw(buses, redis_server):
    here, there = buses
    theirs = there.subscribe()
    await here.publish(sample_commit(1))
    await next_of(theirs)
    for number in range(2, 8):
        redis_server.ask("CLIENT", "KILL", "TYPE", "normal")
        await here.publish(sample_commit(number))
    await here.publish(sample_commit(8))
    numbers = {(await next_of(theirs)).position.number}
    while 8 not in numbers:
        numbers.add((await next_of(theirs)).position.number)
    assert theirs.lagged or numbers == {*range(2, 9)}


async def test_a_bus_whose_place_was_cut_off_the_stream_says_that_something_is_missing(buses, redis_server):
    here, there = buses
    theirs = there.subscribe()
    await here.publish(sample_commit(1))
    await next_of(theirs)
    there._reader.cancel()
    await here.publish(sample_commit(2))
    await here.publish(sample_commit(3))
    redis_server.ask("XTRIM", "starmodel.bus", "MAXLEN", "1")
    there._reader = asyncio.create_task(there._read())
    assert (await next_of(theirs)).position.number == 3
    assert theirs.lagged is True


async def test_while_redis_is_away_commits_reach_those_who_are_here_and_the_others_are_told_later():
    with Redis() as redis:
        here, there = RedisBus(redis.url), RedisBus(redis.url)
        await here.open()
        await there.open()
        mine, theirs = here.subscribe(), there.subscribe()
        redis.kill()
        await asyncio.sleep(0.05)
        for number in (1, 2):
            await here.publish(sample_commit(number))
        assert [(await next_of(mine)).position.number for _ in range(2)] == [1, 2]
        redis.start()
        assert (await next_of(theirs)).position.number == 2
        assert theirs.lagged is True
        await here.publish(sample_commit(3))
        assert (await next_of(theirs)).position.number == 3
        await here.close()
        await there.close()


async def test_what_cannot_be_read_is_passed_over_and_told_of(buses, redis_server, caplog):
    here, there = buses
    theirs = there.subscribe()
    redis_server.ask("XADD", "starmodel.bus", "*", "rubbish", "1")
    await here.publish(sample_commit(1))
    assert (await next_of(theirs)).position.number == 1
    assert theirs.lagged is True
    assert "cannot be read" in caplog.text


async def test_the_stream_does_not_grow_for_ever(redis_url, redis_server):
    bus = RedisBus(redis_url, keep=100)
    await bus.open()
    for number in range(500):
        await bus.publish(sample_commit(number))
    assert int(redis_server.ask("XLEN", "starmodel.bus")[1:]) < 250
    await bus.close()


async def test_a_server_that_is_not_there_stops_the_start(monkeypatch):
    monkeypatch.setattr(server, "PATIENCE", 0.1)
    with pytest.raises(StoreError, match="start the server"):
        await RedisBus("redis://127.0.0.1:1/0").open()


def test_a_mailbox_for_nothing_is_refused():
    with pytest.raises(ConfigurationError, match="at least 1"):
        RedisBus(capacity=0)
