"""The published contract of a store, on Postgres."""

from __future__ import annotations

import pytest

from starmodel.adapters.persistence.sqlmodel import SQLRepo
from starmodel.testing.store import SharedStoreContract, StoreContract


class TestPostgres(StoreContract):
    supports_big_integers = False
    supports_naive_times = False

    @pytest.fixture
    def new_store(self, lend_store, clock):
        return lend_store("postgres", self.kinds, clock)

    async def reopened(self, store):
        return SQLRepo(store.url.url.render_as_string(hide_password=False), clock=store._clock)


class TestSharedPostgres(SharedStoreContract):
    @pytest.fixture
    def new_store(self, lend_store, clock):
        return lend_store("postgres", self.kinds, clock)

    @pytest.fixture
    def other_store(self, lend_store, clock):
        return lend_store("postgres", self.kinds, clock)
