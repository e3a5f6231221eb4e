"""Caches of fragments with one fault each, and the tests that must notice it.  Run by test_the_suites_bite.py."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import pytest

from starmodel.adapters.persistence.memory import MemoryFragments
from starmodel.testing import FragmentCacheContract


class Suite(FragmentCacheContract):
    """The suite of caches of fragments on one broken cache."""

    __test__ = False
    Cache: ClassVar[type[MemoryFragments]]
    caught_by: ClassVar[tuple[str, ...]]

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.__test__ = True

    @pytest.fixture
    def fragment_cache(self):
        return self.Cache()


class TestLeavesOutWhatThereIsNot(Suite):
    caught_by = ("test_what_is_put_is_got_in_the_order_that_is_asked_for",)

    class Cache(MemoryFragments):
        async def get_many(self, keys, /):
            return [value for value in await super().get_many(keys) if value is not None]


class TestTakesEmptyForNothing(Suite):
    caught_by = ("test_values_may_be_any_bytes", "test_a_later_value_takes_the_place_of_an_earlier_one")

    class Cache(MemoryFragments):
        async def get_many(self, keys, /):
            return [value or None for value in await super().get_many(keys)]


class TestKeepsTheFirst(Suite):
    caught_by = ("test_a_later_value_takes_the_place_of_an_earlier_one",)

    class Cache(MemoryFragments):
        async def put_many(self, values, /, *, seconds):
            known = await self.get_many(list(values))
            new = {key: value for (key, value), old in zip(values.items(), known, strict=True) if old is None}
            await super().put_many(new, seconds=seconds)


class TestForgetsNothing(Suite):
    caught_by = ("test_a_value_ends_with_its_time",)

    class Cache(MemoryFragments):
        async def put_many(self, values, /, *, seconds):
            await super().put_many(values, seconds=seconds + 3600)


class TestCutsWhatIsTooLong(Suite):
    caught_by = ("test_a_value_that_is_too_long_is_left_out",)

    class Cache(MemoryFragments):
        async def put_many(self, values, /, *, seconds):
            await super().put_many({key: value[: 64 * 1024] for key, value in values.items()}, seconds=seconds)


class TestMixesCallers(Suite):
    caught_by = ("test_many_at_once_do_not_mix",)

    class Cache(MemoryFragments):
        async def get_many(self, keys, /):
            self._keys = keys
            await asyncio.sleep(0)
            return await super().get_many(self._keys)
