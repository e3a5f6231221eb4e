"""The published contract of a store, on a Redis of its own."""

from __future__ import annotations

import pytest

from starmodel.adapters.persistence.redis import RedisRepo
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
