"""Contract of a store's memory of commands: a command takes effect once."""

# ruff: noqa: D102  (the name of a test is its sentence)

from __future__ import annotations

import asyncio

import pytest

from starmodel.core.errors import CommandReusedError, ConflictError
from starmodel.core.ports import StatePersistenceBackend
from starmodel.testing.base import bare
from starmodel.testing.sources import FakeClock

from .base import StoreSuite, changed, changeset, created, found, put
from .samples import Item

__all__ = ["RepeatingContract"]

HOUR = 60 * 60.0
ODD_IDS = ["a b", "'; DROP TABLE item; --", "ключ ☕", "a" * 200, "%", "../../x", '{"json": 1}', "A", "a", "1", "01"]


class RepeatingContract(StoreSuite):
    """Commands that come twice."""

    async def test_a_repeated_command_gets_its_first_commit_again(self, store: StatePersistenceBackend) -> None:
        await put(store, Item(id="a"))
        wanted = changeset(changed(await found(store, Item(id="a")), rank=1), id="once", answer=[1, {"x": None}])
        first = await store.commit(wanted)
        again = await store.commit(wanted)
        assert (first.replayed, again.replayed) == (False, True)
        assert bare(again) == bare(first)
        assert (await found(store, Item(id="a"))).entity.rank == 1
        assert await store.position() == first.position

    async def test_a_repeated_command_is_answered_later_too(self, store: StatePersistenceBackend) -> None:
        await put(store, Item(id="a"))
        wanted = changeset(changed(await found(store, Item(id="a")), rank=1), id="once", answer="first")
        await store.commit(wanted)
        await store.commit(changeset(changed(await found(store, Item(id="a")), rank=2)))
        assert (await store.commit(wanted)).answer == "first"
        assert (await found(store, Item(id="a"))).entity.rank == 2

    async def test_a_command_id_with_another_body_is_refused(self, store: StatePersistenceBackend) -> None:
        first = await store.commit(changeset(created(Item(id="a")), id="once", body="one"))
        with pytest.raises(CommandReusedError):
            await store.commit(changeset(created(Item(id="b")), id="once", body="two"))
        assert await store.get(Item, "b") is None
        assert await store.position() == first.position

    async def test_a_burst_of_one_command_takes_effect_once(self, store: StatePersistenceBackend) -> None:
        await put(store, Item(id="a"))
        start = await store.position()
        wanted = changeset(changed(await found(store, Item(id="a")), rank=1), id="once")
        commits = await asyncio.gather(*(store.commit(wanted) for _ in range(50)))
        assert sorted(commit.replayed for commit in commits) == [False, *[True] * 49]
        assert len({commit.position for commit in commits}) == 1
        assert len((await store.changes(start)).commits) == 1
        assert (await found(store, Item(id="a"))).version == commits[0].changes[0].version

    async def test_a_burst_with_two_bodies_takes_effect_once(self, store: StatePersistenceBackend) -> None:
        bursts = [changeset(created(Item(id=f"i{n % 2}")), id="once", body=f"body {n % 2}") for n in range(20)]
        results = await asyncio.gather(*map(store.commit, bursts), return_exceptions=True)
        assert sum(isinstance(result, CommandReusedError) for result in results) == 10
        assert await store.count(Item, {}, cap=9) == 1

    async def test_a_command_that_changes_nothing_is_remembered(self, store: StatePersistenceBackend) -> None:
        first = await store.commit(changeset(id="nothing", answer=5))
        again = await store.commit(changeset(id="nothing", answer=6))
        assert (first.changes, again.answer, again.replayed, again.position) == ((), 5, True, first.position)

    async def test_a_receipt_is_there_for_commands_that_took_effect(self, store: StatePersistenceBackend) -> None:
        assert await store.receipt("once", "body") is None
        first = await store.commit(changeset(created(Item(id="a")), id="once"))
        receipt = await store.receipt("once", "body")
        assert receipt is not None
        assert (bare(receipt), receipt.replayed) == (bare(first), True)
        with pytest.raises(CommandReusedError):
            await store.receipt("once", "another body")

    async def test_a_refused_command_may_be_tried_again(self, store: StatePersistenceBackend) -> None:
        await put(store, Item(id="a"))
        stale = await found(store, Item(id="a"))
        await store.commit(changeset(changed(stale, rank=1)))
        with pytest.raises(ConflictError):
            await store.commit(changeset(changed(stale, name="late"), id="again"))
        assert await store.receipt("again", "body") is None
        commit = await store.commit(changeset(changed(await found(store, Item(id="a")), name="late"), id="again"))
        assert commit.replayed is False
        assert (await found(store, Item(id="a"))).entity == Item(id="a", name="late", rank=1)

    async def test_command_ids_are_kept_apart_and_as_they_are(self, store: StatePersistenceBackend) -> None:
        for number, id in enumerate(ODD_IDS):
            assert (await store.commit(changeset(id=id, answer=number))).replayed is False
        for number, id in enumerate(ODD_IDS):
            receipt = await store.receipt(id, "body")
            assert receipt is not None
            assert (receipt.answer, receipt.command.id) == (number, id)

    async def test_the_commit_of_a_command_can_be_looked_up(self, store: StatePersistenceBackend) -> None:
        commit = await store.commit(changeset(created(Item(id="a")), id="once"))
        known = await store.commit_of("once")
        assert known is not None
        assert bare(known) == bare(commit)
        assert await store.commit_of("never") is None

    async def test_a_command_is_remembered_for_24_hours(self, store: StatePersistenceBackend, clock: FakeClock) -> None:
        if self.real_time:
            pytest.skip("the time of this store cannot be moved by a day")
        await store.commit(changeset(id="old", answer=1))
        await self.pass_time(clock, 23.9 * HOUR)
        assert (await store.commit(changeset(id="old", answer=2))).answer == 1
        assert await store.receipt("old", "body") is not None
        await self.pass_time(clock, 0.2 * HOUR)
        assert await store.receipt("old", "other body") is None
        assert (await store.commit(changeset(id="old", answer=3))).answer == 3
