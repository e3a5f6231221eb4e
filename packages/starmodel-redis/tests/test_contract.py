"""The published contract of a store, on a Redis of its own."""

from __future__ import annotations

import pytest

from starmodel.adapters.persistence.redis import RedisFragments, RedisRepo, RedisSessions
from starmodel.testing import FragmentCacheContract, SessionStoreContract
from starmodel.testing.store import SharedStoreContract, StoreContract


class TestRedis(StoreContract):
    real_time = True

    @pytest.fixture
    def new_store(self, redis_url):
        return RedisRepo(redis_url)

    @pytest.fixture
    def short_log_store(self, redis_url):
        return RedisRepo(redis_url, keep=3)

    async def reopened(self, store):
        return RedisRepo(str(store.url))


class TestSharedRedis(SharedStoreContract):
    real_time = True

    @pytest.fixture
    def new_store(self, redis_url):
        return RedisRepo(redis_url)

    @pytest.fixture
    def other_store(self, redis_url):
        return RedisRepo(redis_url)


class TestRedisSessions(SessionStoreContract):
    @pytest.fixture
    async def session_store(self, redis_url):
        store = RedisSessions(redis_url)
        await store.open()
        yield store
        await store.close()


class TestRedisFragments(FragmentCacheContract):
    @pytest.fixture
    async def fragment_cache(self, redis_url):
        cache = RedisFragments(redis_url)
        await cache.open()
        yield cache
        await cache.close()
