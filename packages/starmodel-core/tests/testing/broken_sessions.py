"""Stores of sessions with one fault each, and the tests that must notice it.  Run by test_the_suites_bite.py."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import ClassVar

import pytest

from starmodel.adapters.persistence.memory import MemorySessions
from starmodel.core.session_store import KeptSession, SessionPatch
from starmodel.testing import SessionStoreContract


class Suite(SessionStoreContract):
    """The suite of session stores on one broken store."""

    __test__ = False
    Store: ClassVar[type[MemorySessions]]
    caught_by: ClassVar[tuple[str, ...]]

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.__test__ = True

    @pytest.fixture
    def session_store(self):
        return self.Store()


class TestKeepsOneForAll(Suite):
    caught_by = ("test_what_is_written_is_read_again",)

    class Store(MemorySessions):
        async def write(self, key, patch, /, *, seconds, instead_of=None):
            await super().write("1" * 30, patch, seconds=seconds, instead_of=instead_of)

        async def read(self, key, /, *, seconds):
            return await super().read("1" * 30, seconds=seconds)


class TestBeginsOnReading(Suite):
    caught_by = ("test_nothing_is_kept_of_whom_nothing_was_written",)

    class Store(MemorySessions):
        async def read(self, key, /, *, seconds):
            return await super().read(key, seconds=seconds) or KeptSession()


class TestWritesWholeSessions(Suite):
    caught_by = ("test_a_patch_leaves_everything_else_as_it_is",)

    class Store(MemorySessions):
        async def write(self, key, patch, /, *, seconds, instead_of=None):
            await self.delete(key)
            await super().write(key, patch, seconds=seconds, instead_of=instead_of)


class TestReadsBeforeItWrites(Suite):
    caught_by = ("test_many_at_once_lose_nothing",)

    class Store(MemorySessions):
        async def write(self, key, patch, /, *, seconds, instead_of=None):
            before = await self.read(key, seconds=seconds)
            await asyncio.sleep(0)
            await self.delete(key)
            texts = {**(before.values if before else {}), **patch.changed}
            await super().write(key, replace(patch, changed=texts), seconds=seconds, instead_of=instead_of)


class TestCutsLongTexts(Suite):
    caught_by = ("test_names_and_texts_may_be_anything",)

    class Store(MemorySessions):
        async def write(self, key, patch, /, *, seconds, instead_of=None):
            texts = {name: text and text[:65_000][:4096] for name, text in patch.changed.items()}
            await super().write(key, SessionPatch(texts, patch.owner), seconds=seconds, instead_of=instead_of)


class TestForgetsNobody(Suite):
    caught_by = ("test_a_session_without_values_is_none",)

    class Store(MemorySessions):
        def __init__(self):
            super().__init__()
            self.owners = {}

        async def write(self, key, patch, /, *, seconds, instead_of=None):
            owner = self.owners.setdefault(key, patch.owner)
            await super().write(key, replace(patch, owner=owner), seconds=seconds, instead_of=instead_of)


class TestKeepsForever(Suite):
    caught_by = ("test_a_session_ends_when_it_was_not_used_for_long", "test_what_has_expired_is_not_moved")

    class Store(MemorySessions):
        async def write(self, key, patch, /, *, seconds, instead_of=None):
            await super().write(key, patch, seconds=1000, instead_of=instead_of)


class TestRenewsNothing(Suite):
    caught_by = ("test_reading_and_writing_keep_a_session_alive",)

    class Store(MemorySessions):
        async def read(self, key, /, *, seconds):
            kept = self._kept.get(key)
            ends = kept and kept.ends
            found = await super().read(key, seconds=seconds)
            if kept:
                kept.ends = ends
            return found


class TestCopiesInsteadOfMoving(Suite):
    caught_by = ("test_a_session_moves_with_all_that_is_in_it",)

    class Store(MemorySessions):
        async def write(self, key, patch, /, *, seconds, instead_of=None):
            old = instead_of and await self.read(instead_of, seconds=seconds)
            await super().write(key, patch, seconds=seconds, instead_of=instead_of)
            if old:
                await super().write(instead_of, SessionPatch(old.values, old.owner), seconds=seconds)


class TestBeginsByMoving(Suite):
    caught_by = ("test_nothing_may_be_moved",)

    class Store(MemorySessions):
        async def write(self, key, patch, /, *, seconds, instead_of=None):
            if instead_of is not None and await self.read(instead_of, seconds=seconds) is None:
                return
            await super().write(key, patch, seconds=seconds, instead_of=instead_of)


class TestDeletesNothing(Suite):
    caught_by = ("test_a_deleted_session_is_gone",)

    class Store(MemorySessions):
        async def delete(self, key, /):
            pass


class TestFindsOneOnly(Suite):
    caught_by = ("test_all_sessions_of_an_owner_are_deleted_at_once",)

    class Store(MemorySessions):
        async def delete_those_of(self, owner, /):
            for key, kept in list(self._kept.items()):
                if kept.owner == owner:
                    await self.delete(key)
                    return [key]
            return []
