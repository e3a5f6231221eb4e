"""File stores with one fault each, and the tests of the suite that must notice it.  Run by test_the_suites_bite.py."""

from __future__ import annotations

import itertools
from typing import ClassVar

import pytest

from starmodel.adapters.files import MemoryFileStore
from starmodel.core.errors import NotFoundError
from starmodel.testing import FileStoreContract


class Suite(FileStoreContract):
    """The suite of file stores on one broken store."""

    __test__ = False
    Store: ClassVar[type[MemoryFileStore]]
    caught_by: ClassVar[tuple[str, ...]]

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.__test__ = True

    @pytest.fixture
    def file_store(self):
        return self.Store()


async def first_of(chunks):
    async for chunk in chunks:
        yield chunk
        return


class TestKeepsTheFirstChunkOnly(Suite):
    caught_by = ("test_what_is_saved_is_read_again",)

    class Store(MemoryFileStore):
        async def save(self, chunks, /):
            return await super().save(first_of(chunks))


class TestRefusesEmptyFiles(Suite):
    caught_by = ("test_an_empty_file_is_a_file",)

    class Store(MemoryFileStore):
        async def open(self, key, /, *, start=0, stop=None):
            if not self._found(key):
                raise NotFoundError("file", key)
            return await super().open(key, start=start, stop=stop)


class TestReadsOneByteTooMuch(Suite):
    caught_by = ("test_a_part_is_read",)

    class Store(MemoryFileStore):
        async def open(self, key, /, *, start=0, stop=None):
            return await super().open(key, start=start, stop=stop and stop + 1)


class TestCountsItsKeys(Suite):
    caught_by = ("test_keys_are_unguessable_and_never_the_same",)

    class Store(MemoryFileStore):
        def __init__(self):
            super().__init__()
            self._numbers = itertools.count(1)

        async def save(self, chunks, /):
            key, number = await super().save(chunks), str(next(self._numbers))
            self._files[number] = self._files.pop(key)
            return number


class TestTakesAnyPath(Suite):
    caught_by = ("test_what_is_no_key_leads_to_nothing",)

    class Store(MemoryFileStore):
        async def open(self, key, /, *, start=0, stop=None):
            if "/" in key:
                return first_of(iter(()))
            return await super().open(key, start=start, stop=stop)


class TestFailsOnlyWhenItIsRead(Suite):
    caught_by = ("test_an_unknown_key_leads_to_nothing",)

    class Store(MemoryFileStore):
        async def open(self, key, /, *, start=0, stop=None):
            async def late():
                for chunk in [self._found(key)[start:stop]]:
                    yield chunk

            return late()


class TestDeletesWhatWaitsOnly(Suite):
    caught_by = ("test_a_deleted_file_is_gone",)

    class Store(MemoryFileStore):
        async def delete(self, key, /):
            if key in self._waiting:
                await super().delete(key)


class TestNeverSweeps(Suite):
    caught_by = ("test_what_waits_too_long_is_swept_away", "test_what_was_swept_away_cannot_be_kept")

    class Store(MemoryFileStore):
        async def sweep(self, *, seconds):
            return 0


class TestSweepsEverything(Suite):
    caught_by = ("test_what_is_kept_is_never_swept_away", "test_what_waits_too_long_is_swept_away")

    class Store(MemoryFileStore):
        async def sweep(self, *, seconds):
            count = len(self._files)
            self._files.clear()
            return count


class TestKeepsHalfAFile(Suite):
    caught_by = (
        "test_nothing_is_left_of_a_file_that_breaks_off",
        "test_nothing_is_left_of_a_file_that_is_cancelled",
    )

    class Store(MemoryFileStore):
        async def save(self, chunks, /):
            data = bytearray()
            try:
                async for chunk in chunks:
                    data += chunk
            finally:
                key = await super().save(_once(bytes(data)))
            return key


async def _once(data):
    yield data


class TestMovesWhatIsRead(Suite):
    caught_by = ("test_a_file_that_is_read_may_be_kept_meanwhile",)

    class Store(MemoryFileStore):
        async def open(self, key, /, *, start=0, stop=None):
            async def while_it_waits():
                async for chunk in await MemoryFileStore.open(self, key, start=start, stop=stop):
                    if key not in self._waiting:
                        raise NotFoundError("file", key)
                    yield chunk

            return while_it_waits()
