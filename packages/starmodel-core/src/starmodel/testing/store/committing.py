"""Contract of a store's commit: all or nothing, versions, deletions."""

# ruff: noqa: D102  (the name of a test is its sentence)

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from starmodel.core.changes import Changeset, Commit, Write, sealed
from starmodel.core.entity import Entity
from starmodel.core.errors import ConflictError, GoneError
from starmodel.core.ports import Durability, StatePersistenceBackend
from starmodel.core.query import Query, Stored
from starmodel.testing.base import bare

from .base import AT, StoreSuite, changed, changeset, created, deleted, found, put, recorded
from .samples import Item, Moved, Other

__all__ = ["CommittingContract"]

NEW = Item(id="new", name="new")
TAKEN = Item(id="taken", name="first")


def _stale_change(stored: Stored[Item]) -> Write:
    return replace(changed(stored, name="stale"), expected=stored.version - 1)


def _stale_deletion(stored: Stored[Item]) -> Write:
    return replace(deleted(stored), expected=stored.version + 1)


def _second_creation(stored: Stored[Item]) -> Write:
    return created(Item(id=stored.entity.id, name="second"))


def _change_of_nothing(_: Stored[Item]) -> Write:
    return changed(Stored(Item(id="missing"), 1), name="x")


def _deletion_of_nothing(_: Stored[Item]) -> Write:
    return deleted(Stored(Item(id="missing"), 1))


BAD_WRITES = [_stale_change, _stale_deletion, _second_creation, _change_of_nothing, _deletion_of_nothing]


class CommittingContract(StoreSuite):
    """Commits."""

    async def test_a_store_says_what_it_is(self, store: StatePersistenceBackend) -> None:
        assert isinstance(store, StatePersistenceBackend)
        assert isinstance(store.durability, Durability)
        assert (type(store.single_process), type(store.instant)) == (bool, bool)

    async def test_a_commit_returns_its_record(self, store: StatePersistenceBackend) -> None:
        await put(store, TAKEN)
        stored = await found(store, TAKEN)
        wanted = changeset(changed(stored, name="b"), created(NEW), answer={"n": [1, None]})
        commit = await store.commit(wanted)
        assert bare(commit) == bare(sealed(wanted, await store.position(), AT))
        assert commit.replayed is False

    async def test_everything_is_stored_together(self, store: StatePersistenceBackend) -> None:
        await put(store, TAKEN, Item(id="doomed"))
        doomed = await found(store, Item(id="doomed"))
        await store.commit(
            changeset(changed(await found(store, TAKEN), rank=1), created(Other(id="o")), created(NEW), deleted(doomed))
        )
        assert (await found(store, TAKEN)).entity.rank == 1
        assert (await found(store, Other(id="o"))).entity == Other(id="o")
        assert (await found(store, NEW)).entity == NEW
        assert await store.get(Item, "doomed") is None

    @pytest.mark.parametrize("bad", BAD_WRITES)
    @pytest.mark.parametrize("place", [0, 1, 2])
    async def test_a_refused_commit_leaves_nothing(
        self, store: StatePersistenceBackend, bad: Callable[[Stored[Item]], Write], place: int
    ) -> None:
        await put(store, TAKEN, Item(id="third"))
        before, start = await found(store, TAKEN), await store.position()
        writes = [created(NEW), changed(await found(store, Item(id="third")), rank=5)]
        writes.insert(place, bad(before))
        with pytest.raises((ConflictError, GoneError)):
            await store.commit(changeset(*writes, id="refused", facts=[recorded(NEW, Moved(to="x"))]))
        assert await store.get(Item, "new") is None
        assert (await found(store, Item(id="third"))).entity.rank == 0
        assert await found(store, TAKEN) == before
        assert await store.count(Item, {}, cap=9) == 2
        assert (await store.position(), (await store.changes(start)).commits) == (start, ())
        assert await store.receipt("refused", "body") is None
        assert list(await store.history(Item, "new")) == []

    async def test_a_stale_change_is_a_conflict(self, store: StatePersistenceBackend) -> None:
        await put(store, TAKEN)
        read = await found(store, TAKEN)
        await store.commit(changeset(changed(read, name="b")))
        with pytest.raises(ConflictError) as refusal:
            await store.commit(changeset(changed(read, name="c")))
        assert not isinstance(refusal.value, GoneError)
        assert (refusal.value.expected, refusal.value.found) == (read.version, read.version + 1)
        assert (await found(store, TAKEN)).entity.name == "b"

    async def test_a_stale_deletion_is_a_conflict(self, store: StatePersistenceBackend) -> None:
        await put(store, TAKEN)
        read = await found(store, TAKEN)
        await store.commit(changeset(changed(read, name="b")))
        with pytest.raises(ConflictError):
            await store.commit(changeset(deleted(read)))
        assert (await found(store, TAKEN)).entity.name == "b"

    async def test_an_id_is_not_created_twice(self, store: StatePersistenceBackend) -> None:
        await put(store, TAKEN)
        with pytest.raises(ConflictError):
            await put(store, Item(id="taken", name="second"))
        assert (await found(store, TAKEN)).entity == TAKEN

    async def test_what_was_deleted_is_gone_and_never_comes_back(self, store: StatePersistenceBackend) -> None:
        await put(store, TAKEN)
        read = await found(store, TAKEN)
        await store.commit(changeset(deleted(read)))
        for late in (changed(read, name="late"), deleted(read)):
            with pytest.raises(GoneError):
                await store.commit(changeset(late))
        assert await store.get(Item, "taken") is None
        assert (await store.query(Item, Query())).items == ()

    async def test_what_never_was_cannot_be_changed(self, store: StatePersistenceBackend) -> None:
        with pytest.raises(GoneError):
            await store.commit(changeset(_change_of_nothing(Stored(NEW, 1))))
        assert await store.get(Item, "missing") is None

    async def test_versions_grow_by_one(self, store: StatePersistenceBackend) -> None:
        versions = [await self._version_of(store, created(TAKEN))]
        for rank in range(1, 5):
            versions += [await self._version_of(store, changed(await found(store, TAKEN), rank=rank))]
        first = versions[0]
        assert (versions, (await found(store, TAKEN)).version) == ([*range(first, first + 5)], first + 4)
        assert first > 0

    async def test_a_version_is_never_given_twice(self, store: StatePersistenceBackend) -> None:
        seen: list[int] = []
        for life in range(4):
            seen += [await self._version_of(store, created(Item(id="phoenix", rank=life)))]
            for rank in range(life):
                seen += [await self._version_of(store, changed(await found(store, Item(id="phoenix")), rank=~rank))]
            seen += [await self._version_of(store, deleted(await found(store, Item(id="phoenix"))))]
        assert seen == sorted(set(seen))

    async def _version_of(self, store: StatePersistenceBackend, write: Write) -> int:
        return (await store.commit(changeset(write))).changes[0].version

    async def test_a_stale_copy_of_an_earlier_life_is_refused(self, store: StatePersistenceBackend) -> None:
        await put(store, TAKEN)
        read = await found(store, TAKEN)
        await store.commit(changeset(deleted(read)))
        await put(store, Item(id="taken", name="second life"))
        with pytest.raises(ConflictError):
            await store.commit(changeset(changed(read, name="ghost")))
        assert (await found(store, TAKEN)).entity.name == "second life"

    async def test_only_one_of_many_writers_wins(self, store: StatePersistenceBackend) -> None:
        await put(store, TAKEN)
        read = await found(store, TAKEN)
        tries = [store.commit(changeset(changed(read, name=str(n)))) for n in range(20)]
        results = await asyncio.gather(*tries, return_exceptions=True)
        winners = [result for result in results if isinstance(result, Commit)]
        assert all(isinstance(result, Commit | ConflictError) for result in results), results
        assert len(winners) == 1
        assert (await found(store, TAKEN)).entity.name == (winners[0].changes[0].after or {})["name"]

    async def test_only_one_of_many_creators_wins(self, store: StatePersistenceBackend) -> None:
        results = await asyncio.gather(
            *(put(store, Item(id="race", rank=n)) for n in range(20)), return_exceptions=True
        )
        assert all(isinstance(result, Commit | ConflictError) for result in results), results
        assert sum(isinstance(result, Commit) for result in results) == 1

    async def test_writers_of_different_entities_all_win(self, store: StatePersistenceBackend) -> None:
        start = await store.position()
        commits = await asyncio.gather(*(put(store, Item(id=f"i{n}")) for n in range(30)))
        numbers = sorted(commit.position.number for commit in commits)
        assert numbers == [*range(start.number + 1, start.number + 31)]
        assert await store.count(Item, {}, cap=100) == 30

    async def test_a_change_names_what_changed_and_nothing_else(self, store: StatePersistenceBackend) -> None:
        await put(store, TAKEN)
        change = (await store.commit(changeset(changed(await found(store, TAKEN), rank=2, cost=3)))).changes[0]
        assert (change.before, change.after) == ({"rank": 0, "cost": 0}, {"rank": 2, "cost": 3})

    async def test_domain_events_carry_the_version_of_their_entity(self, store: StatePersistenceBackend) -> None:
        await put(store, TAKEN)
        facts = [recorded(TAKEN, Moved(to="b", price=Decimal("1.5"))), recorded(NEW, Moved(to="c"), 1)]
        commit = await store.commit(changeset(changed(await found(store, TAKEN), rank=2), created(NEW), facts=facts))
        versions = [(await found(store, TAKEN)).version, (await found(store, NEW)).version]
        assert [fact.version for fact in commit.recorded] == versions
        assert [replace(fact, version=0) for fact in commit.recorded] == facts
        logged = await store.commit_of(commit.command.id)
        assert logged is not None
        assert logged.recorded == commit.recorded

    @pytest.mark.parametrize("patience", range(8))
    async def test_a_cancelled_commit_is_whole_or_absent(self, store: StatePersistenceBackend, patience: int) -> None:
        pair = changeset(created(Item(id="one")), created(Other(id="two")), id="cut short")
        await self._cancelled(store, pair, patience)
        there = await self._settled(store)
        assert there in ([True] * 3, [False] * 3)
        again = await store.commit(pair)
        assert again.replayed or not there[0]  # it may have come through in this moment
        assert await self._settled(store) == [True] * 3

    async def _settled(self, store: StatePersistenceBackend) -> list[bool]:
        """Tell whether each of the pair and its receipt is there, once they agree; what they say last when they do not.

        A commit may come between two looks.
        """
        ends = time.monotonic() + self.settling
        while True:
            is_last = time.monotonic() > ends  # whoever looks slowly looks twice all the same
            kinds: tuple[tuple[type[Entity], str], ...] = ((Item, "one"), (Other, "two"))
            there = [await store.get(kind, id) is not None for kind, id in kinds]
            there.append(await store.receipt("cut short", "body") is not None)
            if len(set(there)) == 1 or is_last:
                return there
            await asyncio.sleep(0.01)

    async def _cancelled(self, store: StatePersistenceBackend, changeset: Changeset, patience: int) -> None:
        """Begin to commit, and lose patience after so many turns of the event loop."""
        task = asyncio.ensure_future(store.commit(changeset))
        for _ in range(patience):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
