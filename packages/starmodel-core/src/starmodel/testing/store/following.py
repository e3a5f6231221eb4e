"""Contract of a store's change log: ordered, resumable, without secrets."""

# ruff: noqa: D102  (the name of a test is its sentence)

from __future__ import annotations

import asyncio
from dataclasses import asdict

import pytest

from starmodel.core.changes import Commit, Position
from starmodel.core.ports import StatePersistenceBackend
from starmodel.testing.base import bare

from .base import StoreSuite, changed, changeset, created, deleted, found, put
from .samples import Item, Other

__all__ = ["FollowingContract"]

PIN = "hunter2-kept-secret"


class FollowingContract(StoreSuite):
    """The change log."""

    async def test_a_position_grows_by_one_for_each_commit(self, store: StatePersistenceBackend) -> None:
        start = await store.position()
        for number in range(1, 4):
            commit = await put(store, Item())
            assert commit.position == Position(start.epoch, start.number + number) == await store.position()

    async def test_a_position_survives_being_written_as_text(self, store: StatePersistenceBackend) -> None:
        position = (await put(store, Item())).position
        assert Position.parse(str(position)) == position

    async def test_the_log_tells_every_commit_in_order(self, store: StatePersistenceBackend) -> None:
        start = await store.position()
        commits = [await put(store, Item(id=f"i{n}", rank=n)) for n in range(5)]
        commits.append(await store.commit(changeset(changed(await found(store, Item(id="i1")), name="x"), answer=7)))
        commits.append(await store.commit(changeset(deleted(await found(store, Item(id="i2"))))))
        told = await store.changes(start)
        assert [bare(commit) for commit in told.commits] == [bare(commit) for commit in commits]
        assert (told.position, told.gap) == (commits[-1].position, False)

    async def test_the_log_can_be_resumed_anywhere(self, store: StatePersistenceBackend) -> None:
        start = await store.position()
        positions = [start, *[(await put(store, Item())).position for _ in range(5)]]
        for passed, position in enumerate(positions):
            told = await store.changes(position)
            assert [commit.position for commit in told.commits] == positions[passed + 1 :]
            assert (told.position, told.gap) == (positions[-1], False)

    async def test_a_limited_reader_skips_nothing(self, store: StatePersistenceBackend) -> None:
        position = await store.position()
        written = [(await put(store, Item())).position for _ in range(7)]
        seen: list[Position] = []
        for _ in range(4):
            told = await store.changes(position, limit=2)
            assert len(told.commits) <= 2
            assert told.position == (told.commits[-1].position if told.commits else position)
            seen, position = [*seen, *(commit.position for commit in told.commits)], told.position
        assert seen == written

    async def test_at_the_end_of_the_log_there_is_nothing_more(self, store: StatePersistenceBackend) -> None:
        position = (await put(store, Item())).position
        told = await store.changes(position)
        assert (told.commits, told.position, told.gap) == ((), position, False)

    async def test_a_position_of_another_log_is_a_gap(self, store: StatePersistenceBackend) -> None:
        newest = (await put(store, Item())).position
        for foreign in (Position("another-epoch", newest.number), Position("", 0), Position(f"{newest.epoch}0", 0)):
            told = await store.changes(foreign)
            assert (told.commits, told.position, told.gap) == ((), newest, True)

    async def test_a_position_in_the_future_is_a_gap(self, store: StatePersistenceBackend) -> None:
        newest = (await put(store, Item())).position
        for ahead in (1, 10**15):
            told = await store.changes(Position(newest.epoch, newest.number + ahead))
            assert (told.commits, told.position, told.gap) == ((), newest, True)

    async def test_a_position_older_than_the_log_is_a_gap(
        self, short_log_store: StatePersistenceBackend | None
    ) -> None:
        if short_log_store is None:
            pytest.skip("the log of this store is never cut")
        await short_log_store.open()
        start = await short_log_store.position()
        positions = [(await put(short_log_store, Item())).position for _ in range(10)]
        told = await short_log_store.changes(start)
        assert (told.commits, told.position, told.gap) == ((), positions[-1], True)
        kept = await short_log_store.changes(positions[-4])
        assert ([commit.position for commit in kept.commits], kept.gap) == (positions[-3:], False)
        await short_log_store.close()

    async def test_a_follower_of_busy_writers_misses_nothing(self, store: StatePersistenceBackend) -> None:
        position = await store.position()
        writers = [asyncio.ensure_future(self._write(store, f"w{n}", 5)) for n in range(8)]
        seen: list[Commit] = []
        ended = False
        while not ended:
            were_done = all(writer.done() for writer in writers)  # before reading: what they wrote must then be there
            told = await store.changes(position, limit=3)
            assert not told.gap
            seen, position = [*seen, *told.commits], told.position
            ended = were_done and not told.commits
            await asyncio.sleep(0)
        await asyncio.gather(*writers)
        numbers = [commit.position.number for commit in seen]
        assert numbers == [*range(numbers[0], numbers[0] + 40)]
        assert len({commit.command.id for commit in seen}) == 40

    async def _write(self, store: StatePersistenceBackend, name: str, times: int) -> None:
        for number in range(times):
            await put(store, Item(id=f"{name}-{number}"))
            await asyncio.sleep(0)

    async def test_a_history_holds_the_commits_of_one_entity(self, store: StatePersistenceBackend) -> None:
        item, twin = Item(id="same"), Other(id="same")
        commits = [await put(store, item), await put(store, twin), await put(store, Item(id="else"))]
        both = changeset(changed(await found(store, item), rank=1), changed(await found(store, twin), name="x"))
        commits += [await store.commit(both), await store.commit(changeset(deleted(await found(store, item))))]
        wanted = [bare(commits[0]), bare(commits[3]), bare(commits[4])]
        assert [bare(commit) for commit in await store.history(Item, "same")] == wanted
        assert [bare(commit) for commit in await store.history(Other, "same")] == [bare(commits[1]), bare(commits[3])]
        assert list(await store.history(Item, "never")) == []

    async def test_a_history_can_begin_after_a_version(self, store: StatePersistenceBackend) -> None:
        await put(store, Item(id="a"))
        for rank in range(1, 5):
            await store.commit(changeset(changed(await found(store, Item(id="a")), rank=rank)))
        newest = (await found(store, Item(id="a"))).version
        for back in range(5):
            commits = await store.history(Item, "a", after_version=newest - back)
            assert [commit.changes[0].version for commit in commits] == [*range(newest - back + 1, newest + 1)]

    async def test_a_history_can_be_read_back_in_pages(self, store: StatePersistenceBackend) -> None:
        await put(store, Item(id="a"))
        await put(store, Item(id="b"))
        for rank in range(1, 6):
            await store.commit(changeset(changed(await found(store, Item(id="a")), rank=rank)))
        whole = [bare(commit) for commit in await store.history(Item, "a")]
        pages, before = [], None
        while page := await store.history(Item, "a", before_version=before, limit=4):
            pages.append([bare(commit) for commit in page])
            before = page[0].changes[0].version
        assert pages == [whole[-4:], whole[:-4]]
        newest = (await found(store, Item(id="a"))).version
        within = await store.history(Item, "a", after_version=newest - 4, before_version=newest, limit=2)
        assert [bare(commit) for commit in within] == whole[-3:-1]

    async def test_the_log_names_a_secret_and_never_tells_it(self, store: StatePersistenceBackend) -> None:
        start = await store.position()
        await put(store, Item(id="a", pin=PIN))
        await store.commit(changeset(changed(await found(store, Item(id="a")), pin=f"{PIN} 2", rank=1), id="once"))
        await store.commit(changeset(deleted(await found(store, Item(id="a")))))
        by_id, receipt = await store.commit_of("once"), await store.receipt("once", "body")
        assert by_id is not None
        assert receipt is not None
        commits = [*(await store.changes(start)).commits, *await store.history(Item, "a"), by_id, receipt]
        assert [commit.changes[0].hidden for commit in commits] == [("pin",)] * 8
        assert PIN not in repr(commits)
        assert PIN not in repr([asdict(bare(commit)) for commit in commits])

    async def test_a_secret_is_stored_with_its_entity(self, store: StatePersistenceBackend) -> None:
        await put(store, Item(id="a", pin=PIN, cost=5))
        assert (await found(store, Item(id="a"))).entity == Item(id="a", pin=PIN, cost=5)

    async def test_the_log_keeps_the_command(self, store: StatePersistenceBackend) -> None:
        wanted = changeset(created(Item(id="a")), id="once", answer=["ä", 1.5, None, {"deep": [True]}])
        await store.commit(wanted)
        logged = await store.commit_of("once")
        assert logged is not None
        assert (logged.command, logged.fingerprint) == (wanted.command, wanted.fingerprint)
        assert (logged.answer, logged.at) == (wanted.answer, wanted.command.at)
