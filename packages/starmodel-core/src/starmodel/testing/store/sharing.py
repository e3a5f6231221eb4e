"""Contract of a store that several processes share: news from the others, and work that one of them does for all."""

# ruff: noqa: D102  (the name of a test is its sentence)

from __future__ import annotations

import asyncio
import time

import pytest

from starmodel.core.changes import Position
from starmodel.core.ports import SharedPersistenceBackend
from starmodel.testing.base import bare
from starmodel.testing.sources import FakeClock

from .base import put
from .parking import ParkingContract
from .samples import Item

__all__ = ["SharedStoreContract"]


class SharedStoreContract(ParkingContract):
    """What is asked of a store whose ``single_process`` is false.

    Besides ``new_store`` it wants a fixture ``other_store``: a second store, unopened, on the same data, as another
    process has it.
    """

    async def test_a_shared_store_says_so(self, store: SharedPersistenceBackend) -> None:
        assert isinstance(store, SharedPersistenceBackend)
        assert store.single_process is False

    async def test_both_see_one_log(self, store: SharedPersistenceBackend, other: SharedPersistenceBackend) -> None:
        commit = await put(store, Item(id="a", name="x"))
        assert await other.position() == commit.position
        assert [bare(one) for one in await other.history(Item, "a")] == [bare(commit)]
        assert await other.get(Item, "a") == await store.get(Item, "a")

    async def test_opening_again_keeps_what_is_there(
        self, store: SharedPersistenceBackend, other_store: SharedPersistenceBackend
    ) -> None:
        commit = await put(store, Item(id="a"))
        await other_store.open(self.kinds)
        assert await other_store.position() == commit.position
        await other_store.close()

    async def test_who_waits_hears_of_what_another_stored(
        self, store: SharedPersistenceBackend, other: SharedPersistenceBackend
    ) -> None:
        start = await other.position()
        waiting = asyncio.ensure_future(other.wait(start, seconds=10))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        began = time.monotonic()
        commit = await put(store, Item())
        await waiting
        assert time.monotonic() - began < 1
        assert (await other.changes(start)).position == commit.position

    async def test_who_waits_for_what_is_there_waits_no_longer(self, store: SharedPersistenceBackend) -> None:
        start = await store.position()
        await put(store, Item())
        began = time.monotonic()
        await store.wait(start, seconds=10)
        assert time.monotonic() - began < 1

    async def test_who_waits_in_vain_comes_back(self, store: SharedPersistenceBackend) -> None:
        began = time.monotonic()
        await store.wait(await store.position(), seconds=0.3)
        assert 0.2 < time.monotonic() - began < 2

    async def test_waiting_can_be_given_up(self, store: SharedPersistenceBackend) -> None:
        waiting = asyncio.ensure_future(store.wait(await store.position(), seconds=60))
        await asyncio.sleep(0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert (await put(store, Item())).changes

    async def test_a_task_begins_at_the_newest_commit(self, store: SharedPersistenceBackend) -> None:
        commit = await put(store, Item())
        assert await store.lease("task", "me", seconds=5) == commit.position

    async def test_one_holder_works_at_a_time(
        self, store: SharedPersistenceBackend, other: SharedPersistenceBackend
    ) -> None:
        start = await store.lease("task", "me", seconds=5)
        assert await other.lease("task", "you", seconds=5) is None
        assert await store.lease("task", "me", seconds=5) == start
        assert await other.lease("another task", "you", seconds=5) == start

    async def test_only_one_of_many_gets_it(
        self, store: SharedPersistenceBackend, other: SharedPersistenceBackend
    ) -> None:
        tries = [(store, other)[n % 2].lease("task", f"holder {n}", seconds=5) for n in range(10)]
        assert sum(position is not None for position in await asyncio.gather(*tries)) == 1

    async def test_progress_is_kept(self, store: SharedPersistenceBackend, other: SharedPersistenceBackend) -> None:
        await store.lease("task", "me", seconds=5)
        first, second = (await put(store, Item())).position, (await put(store, Item())).position
        assert await store.advance("task", "me", first) is True
        assert await other.advance("task", "you", second) is False
        assert await store.lease("task", "me", seconds=5) == first

    async def test_what_was_not_kept_up_passes_to_another(
        self, store: SharedPersistenceBackend, other: SharedPersistenceBackend, clock: FakeClock
    ) -> None:
        await store.lease("task", "me", seconds=0.5)
        done = (await put(store, Item())).position
        await store.advance("task", "me", done)
        await self.pass_time(clock, 0.6)
        assert await other.lease("task", "you", seconds=5) == done
        assert await store.advance("task", "me", Position(done.epoch, done.number)) is False
        assert await store.lease("task", "me", seconds=5) is None

    async def test_a_right_can_be_laid_down(
        self, store: SharedPersistenceBackend, other: SharedPersistenceBackend
    ) -> None:
        start = await store.lease("task", "me", seconds=5)
        await store.lease("task", "me", seconds=0)
        assert await other.lease("task", "you", seconds=5) == start
