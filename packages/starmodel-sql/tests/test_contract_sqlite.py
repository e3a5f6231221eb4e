"""The published contract of a store, on SQLite."""

from __future__ import annotations

import pytest

from starmodel.adapters.persistence.sqlmodel import SQLRepo
from starmodel.testing.store import SharedStoreContract, StoreContract


class TestSQLite(StoreContract):
    supports_big_integers = False

    @pytest.fixture
    def new_store(self, lend_store, clock):
        return lend_store("sqlite", self.kinds, clock)

    async def reopened(self, store):
        return SQLRepo(store.url.url.render_as_string(hide_password=False), clock=store._clock)


class TestSharedSQLite(SharedStoreContract):
    @pytest.fixture
    def new_store(self, lend_store, clock):
        return lend_store("sqlite", self.kinds, clock)

    @pytest.fixture
    def other_store(self, lend_store, clock):
        return lend_store("sqlite", self.kinds, clock)
