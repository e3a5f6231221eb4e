"""Stores with one fault each, and the tests of the suite that must notice it.  Run by test_the_suites_bite.py."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import ClassVar

import pytest

from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.core.changes import Changes
from starmodel.core.errors import GoneError, RefusedError
from starmodel.core.ports import Durability
from starmodel.core.query import Page, Query, Stored
from starmodel.core.rules import taken
from starmodel.testing import StoreContract


class Suite(StoreContract):
    """The store suite on one broken store."""

    __test__ = False
    Store: ClassVar[type[MemoryRepo]]
    caught_by: ClassVar[tuple[str, ...]]

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.__test__ = True

    @pytest.fixture
    def new_store(self, clock):
        return self.Store(clock=clock)


class TestIgnoresTheExpectedVersion(Suite):
    caught_by = ("test_a_stale_change_is_a_conflict", "test_only_one_of_many_writers_wins")

    class Store(MemoryRepo):
        def _check(self, write):
            if self._live(write.kind, write.id) is None and write.expected:
                raise GoneError(write.kind.__name__, write.id)


class TestCreatesOverWhatIsThere(Suite):
    caught_by = ("test_an_id_is_not_created_twice", "test_only_one_of_many_creators_wins")

    class Store(MemoryRepo):
        def _check(self, write):
            if write.expected:
                super()._check(write)


class TestStoresOneWriteAfterTheOther(Suite):
    caught_by = ("test_a_refused_commit_leaves_nothing",)

    class Store(MemoryRepo):
        async def commit(self, changeset):
            for number, write in enumerate(changeset.writes):
                command = replace(changeset.command, id=f"{changeset.command.id}.{number}")
                await super().commit(replace(changeset, command=command, writes=(write,)))
            return await super().commit(replace(changeset, writes=()))


class TestWaitsBetweenTheCheckAndTheWrite(Suite):
    caught_by = ("test_only_one_of_many_writers_wins", "test_a_burst_of_one_command_takes_effect_once")

    class Store(MemoryRepo):
        async def commit(self, changeset):
            found = {write.id: self._live(write.kind, write.id) for write in changeset.writes}
            fresh = self._log.receipt(changeset.command.id, changeset.fingerprint, 0) is None
            await asyncio.sleep(0)
            now = [replace(write, expected=self._version_now(write, found[write.id])) for write in changeset.writes]
            if fresh:
                self._log._receipts.pop(changeset.command.id, None)
            return await super().commit(replace(changeset, writes=tuple(now)))

        def _version_now(self, write, seen):
            row = self._live(write.kind, write.id)
            was_right = write.expected == (seen.stored.version if seen else 0)
            return row.stored.version if was_right and row else write.expected


class TestTakesWhatWasBuiltOnAFailure(Suite):
    caught_by = ("test_what_was_built_on_a_failure_is_a_conflict_whoever_made_that_version",)

    class Store(MemoryRepo):
        in_order = True


class TestLetsOneCommitOvertakeAnother(Suite):
    caught_by = ("test_commits_take_effect_in_the_order_in_which_they_were_begun",)

    class Store(MemoryRepo):
        in_order = True

        async def commit(self, changeset):
            if changeset.command.id == "to 3":
                await asyncio.sleep(0)
            return await super().commit(changeset)


class TestCanBeCutShortHalfway(Suite):
    caught_by = ("test_a_cancelled_commit_is_whole_or_absent",)
    settling = 0.02

    class Store(MemoryRepo):
        async def commit(self, changeset):
            if len(changeset.writes) == 2:
                first, second = changeset.writes
                self._apply(first, 1, 0)
                for _ in range(3):
                    await asyncio.sleep(0)
                self._rows[first.kind].pop(first.id)
                changeset = replace(changeset, writes=(first, second))
            return await super().commit(changeset)


class TestForgetsItsCommands(Suite):
    caught_by = (
        "test_a_repeated_command_gets_its_first_commit_again",
        "test_a_command_id_with_another_body_is_refused",
        "test_a_burst_of_one_command_takes_effect_once",
        "test_a_command_is_remembered_for_24_hours",
    )

    class Store(MemoryRepo):
        async def commit(self, changeset):
            self._log._receipts.clear()
            return await super().commit(changeset)


class TestRemembersItsCommandsForEver(Suite):
    caught_by = ("test_a_command_is_remembered_for_24_hours",)

    class Store(MemoryRepo):
        def __init__(self, **options):
            super().__init__(**options)
            self._log.receipt = lambda id, body, now, ask=self._log.receipt: ask(id, body, 0)


class TestRemembersRefusedCommands(Suite):
    caught_by = ("test_a_refused_command_may_be_tried_again", "test_a_refused_commit_leaves_nothing")

    class Store(MemoryRepo):
        async def commit(self, changeset):
            try:
                return await super().commit(changeset)
            except Exception:
                await super().commit(replace(changeset, writes=()))
                raise


class TestBringsBackTheDead(Suite):
    caught_by = (
        "test_what_was_deleted_is_gone_and_never_comes_back",
        "test_what_has_expired_is_gone_and_never_comes_back",
    )

    class Store(MemoryRepo):
        def _check(self, write):
            if self._live(write.kind, write.id) is not None:
                super()._check(write)


class TestGivesAVersionTwice(Suite):
    caught_by = ("test_a_stale_copy_of_an_earlier_life_is_refused",)

    class Store(MemoryRepo):
        def _apply(self, write, version, now):
            super()._apply(write, write.expected + 1, now)


class TestLetsAnybodyHaveWhatIsUnique(Suite):
    caught_by = (
        "test_what_is_unique_is_nobody_elses",
        "test_two_that_are_alike_are_refused_together",
        "test_only_one_of_many_gets_what_is_unique",
    )

    class Store(MemoryRepo):
        def __init__(self, **options):
            super().__init__(**options)
            self._unique.check = lambda _writes: None


class TestKeepsWhatIsUniqueForEver(Suite):
    caught_by = ("test_what_is_unique_may_be_taken_when_it_is_free", "test_what_expires_is_in_no_index")

    class Store(MemoryRepo):
        def __init__(self, **options):
            super().__init__(**options)
            self._unique.free = lambda _kind, _entity: None
            self._unique._found = lambda _kind, _id: True


class TestTakesNothingForSomething(Suite):
    caught_by = ("test_nothing_is_alike_to_nothing",)

    class Store(MemoryRepo):
        def _check_all(self, changeset):
            super()._check_all(changeset)
            emails = [write.after.email for write in changeset.writes if hasattr(write.after, "email")]
            if len(set(emails)) < len(emails):
                raise taken(["email"])


class TestPagesByOffset(Suite):
    caught_by = ("test_the_next_page_stands_still_while_entities_come_and_go",)

    class Store(MemoryRepo):
        async def query(self, kind, query):
            start = int(query.after or 0) if (query.after or "0").isdigit() else 0
            everything = await super().query(kind, Query(where=query.where, order=query.order, limit=1000))
            end = start + query.limit
            return Page(everything.items[start:end], str(end) if end < len(everything.items) else None)


class TestAlwaysPromisesAnotherPage(Suite):
    caught_by = ("test_a_page_that_is_just_full_is_the_last",)

    class Store(MemoryRepo):
        async def query(self, kind, query):
            page = await super().query(kind, query)
            return replace(page, next=page.next or "more")


class TestIgnoresTheOrder(Suite):
    caught_by = ("test_a_query_keeps_the_order",)

    class Store(MemoryRepo):
        async def query(self, kind, query):
            return await super().query(kind, replace(query, order=()))


class TestIgnoresNot(Suite):
    caught_by = ("test_a_query_finds_what_matches",)

    class Store(MemoryRepo):
        async def query(self, kind, query):
            return await super().query(kind, replace(query, where={k: v for k, v in query.where.items() if k != "not"}))


class TestCountsBeyondTheCap(Suite):
    caught_by = ("test_counting_stops_at_the_cap",)

    class Store(MemoryRepo):
        async def count(self, kind, where, *, cap):
            return await super().count(kind, where, cap=cap + 1)


class TestTakesAnyCondition(Suite):
    caught_by = ("test_a_condition_that_does_not_fit_is_refused",)

    class Store(MemoryRepo):
        async def count(self, kind, where, *, cap):
            return len((await super().query(kind, Query())).items)


class TestMixesKinds(Suite):
    caught_by = ("test_kinds_do_not_mix",)

    class Store(MemoryRepo):
        def __init__(self, **options):
            super().__init__(**options)
            everything = {}
            self._rows = type(
                "OneTable", (dict,), {"get": lambda *_: everything, "setdefault": lambda *_: everything}
            )()


class TestSkipsInItsLog(Suite):
    caught_by = ("test_a_limited_reader_skips_nothing", "test_a_follower_of_busy_writers_misses_nothing")

    class Store(MemoryRepo):
        async def changes(self, after, *, limit=1000):
            told = await super().changes(after, limit=limit + 1)
            return replace(told, commits=told.commits[:limit])


class TestTellsItsLogBackwards(Suite):
    caught_by = ("test_the_log_tells_every_commit_in_order", "test_a_history_holds_the_commits_of_one_entity")

    class Store(MemoryRepo):
        async def changes(self, after, *, limit=1000):
            told = await super().changes(after, limit=limit)
            return replace(told, commits=told.commits[::-1])

        async def history(self, kind, id, **wanted):
            return (await super().history(kind, id, **wanted))[::-1]


class TestGivesOldestPageOfAHistory(Suite):
    caught_by = ("test_a_history_can_be_read_back_in_pages",)

    class Store(MemoryRepo):
        async def history(self, kind, id, *, limit=None, **wanted):
            return (await super().history(kind, id, **wanted))[:limit]


class TestTakesForeignPositions(Suite):
    caught_by = ("test_a_position_of_another_log_is_a_gap", "test_a_position_in_the_future_is_a_gap")

    class Store(MemoryRepo):
        async def changes(self, after, *, limit=1000):
            told = await super().changes(after, limit=limit)
            return Changes((), after) if told.gap else told


class TestWritesSecretsIntoItsLog(Suite):
    caught_by = ("test_the_log_names_a_secret_and_never_tells_it",)

    class Store(MemoryRepo):
        async def history(self, kind, id, **wanted):
            commits = await super().history(kind, id, **wanted)
            return [replace(commit, changes=tuple(map(self._told, commit.changes))) for commit in commits]

        def _told(self, change):
            return replace(change, after=change.snapshot and vars(change.snapshot))


class TestLosesDomainEvents(Suite):
    caught_by = ("test_domain_events_carry_the_version_of_their_entity",)

    class Store(MemoryRepo):
        async def commit(self, changeset):
            return await super().commit(replace(changeset, recorded=()))


class TestForgetsToRenewTheTimeToLive(Suite):
    caught_by = ("test_a_change_renews_the_time_to_live",)

    class Store(MemoryRepo):
        def _apply(self, write, version, now):
            row = self._live(write.kind, write.id)
            super()._apply(write, version, now)
            if row is not None and write.after is not None:
                self._rows[write.kind][write.id].expires = row.expires


class TestReadsWhatHasExpired(Suite):
    caught_by = ("test_what_expires_is_there_until_then", "test_what_has_expired_is_gone_and_never_comes_back")

    class Store(MemoryRepo):
        def _live(self, kind, id):
            return self._rows.get(kind, {}).get(id)


class TestHandsOutWhatCanBeChanged(Suite):
    caught_by = ("test_what_is_read_cannot_be_changed",)

    class Store(MemoryRepo):
        async def get(self, kind, id):
            stored = await super().get(kind, id)
            if stored is not None:
                vars(stored.entity).update(
                    {name: list(v) for name, v in vars(stored.entity).items() if type(v) is list}
                )
                vars(stored.entity).update(words=["can be changed"])
            return stored


class TestSharesWorkingState(Suite):
    caught_by = ("test_working_state_is_neither_stored_nor_shared",)

    class Store(MemoryRepo):
        async def get(self, kind, id):
            row = self._live(kind, id)
            return None if row is None else row.stored


class TestRoundsWhatItStores(Suite):
    caught_by = ("test_every_value_comes_back_as_it_was",)

    class Store(MemoryRepo):
        async def get(self, kind, id):
            stored = await super().get(kind, id)
            at = None if stored is None else getattr(stored.entity, "at", None)
            return stored if at is None else Stored(stored.entity.evolve(at=at.replace(microsecond=0)), stored.version)


class TestPromisesADiskItNeverProves(Suite):
    caught_by = ("test_what_was_committed_is_there_after_the_store_was_closed",)

    class Store(MemoryRepo):
        durability = Durability.DISK


class TestLosesWhatItPromisedToKeep(Suite):
    caught_by = ("test_what_was_committed_is_there_after_the_store_was_closed",)

    async def reopened(self, store):
        return self.Store()

    class Store(MemoryRepo):
        durability = Durability.DISK


class TestStoresWhatItRehearses(Suite):
    caught_by = ("test_a_rehearsal_stores_nothing",)

    class Store(MemoryRepo):
        async def rehearse(self, changeset):
            await self.commit(changeset)


class TestKeepsRulesThatItDoesNotRehearse(Suite):
    caught_by = ("test_a_rehearsal_says_what_the_commit_says",)

    class Store(MemoryRepo):
        async def commit(self, changeset):
            if any(getattr(write.after, "author_id", None) == "nobody" for write in changeset.writes):
                raise RefusedError("names nothing that is there")
            return await super().commit(changeset)


class TestOwesBeforeItKnows(Suite):
    caught_by = ("test_a_commit_that_is_refused_owes_nothing", "test_a_repeated_command_owes_nothing_more")

    class Store(MemoryRepo):
        async def commit(self, changeset):
            self._outbox.add(changeset.owed)
            return await super().commit(replace(changeset, owed=()))


class TestLetsPartsOvertakeEachOther(Suite):
    caught_by = (
        "test_one_part_at_a_time_waits_with_a_change_of_an_entity",
        "test_what_is_parked_waits_no_longer_and_holds_nothing",
    )

    class Store(MemoryRepo):
        async def commit(self, changeset):
            loose = tuple([replace(one, keys={}) for one in changeset.owed])
            return await super().commit(replace(changeset, owed=loose))
