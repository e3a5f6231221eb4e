"""A Redis that is away costs nothing but what it would have brought."""

from __future__ import annotations

import pytest

from starmodel.adapters.persistence.redis import RedisFragments
from starmodel.core.errors import StoreError

pytestmark = pytest.mark.anyio


async def test_a_server_that_is_away_is_told_and_may_come_later(wire):
    async with wire() as line:
        line.refuse = [b"-LOADING Redis is loading the dataset in memory\r\n"]
        cache = RedisFragments(line.url)
        await cache.open()
        with pytest.raises(StoreError):
            await cache.get_many(["one"])
        await cache.put_many({"one": b"1"}, seconds=60)
        assert await cache.get_many(["one", "two"]) == [b"1", None]
        assert line.connections == 2
        await cache.close()


async def test_of_a_pipeline_every_answer_is_read_also_after_one_that_refuses(redis_url):
    cache = RedisFragments(redis_url)
    await cache.open()
    with pytest.raises(StoreError):
        await cache._once(lambda link: link.ask_all([("SET", "a", "1", "PX", "no"), ("SET", "b", "2")]))
    await cache.put_many({"one": b"1"}, seconds=60)
    assert await cache.get_many(["one"]) == [b"1"]
    await cache.close()
