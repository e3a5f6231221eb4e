"""The store keeps the contract of stores; with JSONFILE_BREAK set it is made not to, to see the suite notice."""

from __future__ import annotations

import os

import pytest
from jsonfile_store import JsonFileStore

from starmodel.testing import StoreContract


class BrokenStore(JsonFileStore):
    """Never looks whether somebody else was faster."""

    async def _check(self, write):
        pass


class TestJsonFileStore(StoreContract):
    supports_relations = False
    supports_unique = False

    @pytest.fixture
    def new_store(self, tmp_path, clock):
        self.path, self.clock_of_store = tmp_path / "entities.jsonl", clock
        store = BrokenStore if "JSONFILE_BREAK" in os.environ else JsonFileStore
        return store(self.path, clock=clock)

    async def reopened(self, store):
        return JsonFileStore(self.path, clock=self.clock_of_store)

    async def test_a_line_that_was_cut_short_never_counted(self, store):
        position = await store.position()
        with self.path.open("a") as file:
            file.write('[{"object": ["half a l')
        again = await self.reopened(store)
        await again.open()
        assert await again.position() == position
