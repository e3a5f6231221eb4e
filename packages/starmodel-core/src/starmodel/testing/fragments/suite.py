"""What every cache of fragments does: it gives back what was put under a key, unchanged, or nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starmodel.core.fragment_cache import MAX_FRAGMENT
from starmodel.testing.base import Contract

if TYPE_CHECKING:
    from starmodel.core.fragment_cache import FragmentCache

__all__ = ["FragmentCacheContract"]

_LONG, _SHORT = 60.0, 0.1
_HOSTILE = {"a:b": b"", "a/b": b"\x00\r\n$-1\r\n", "*": "ключ 🔑".encode(), "x" * 200: b"\xff\xfe", "{a}": b"nil"}


class FragmentCacheContract(Contract):
    """Subclass it with a fixture ``fragment_cache``: an empty one, open, made anew for each test."""

    async def test_what_is_put_is_got_in_the_order_that_is_asked_for(self, fragment_cache: FragmentCache) -> None:
        """With nothing in the place of what there is not, and as often as it is asked for."""
        await fragment_cache.put_many({"one": b"1", "two": b"2"}, seconds=_LONG)
        assert list(await fragment_cache.get_many(["two", "none", "one", "two"])) == [b"2", None, b"1", b"2"]

    async def test_values_may_be_any_bytes(self, fragment_cache: FragmentCache) -> None:
        """They are data, whatever they look like, and so are the keys."""
        await fragment_cache.put_many(_HOSTILE, seconds=_LONG)
        assert list(await fragment_cache.get_many(list(_HOSTILE))) == list(_HOSTILE.values())

    async def test_nothing_may_be_asked_for_and_put(self, fragment_cache: FragmentCache) -> None:
        """Then nothing happens."""
        await fragment_cache.put_many({}, seconds=_LONG)
        assert list(await fragment_cache.get_many([])) == []

    async def test_a_later_value_takes_the_place_of_an_earlier_one(self, fragment_cache: FragmentCache) -> None:
        """Also where it is empty."""
        await fragment_cache.put_many({"one": b"1", "two": b"2"}, seconds=_LONG)
        await fragment_cache.put_many({"one": b"", "three": b"3"}, seconds=_LONG)
        assert list(await fragment_cache.get_many(["one", "two", "three"])) == [b"", b"2", b"3"]

    async def test_a_value_ends_with_its_time(self, fragment_cache: FragmentCache) -> None:
        """Reading does not renew it; putting does."""
        await fragment_cache.put_many({"short": b"1", "again": b"1"}, seconds=_SHORT)
        await fragment_cache.put_many({"again": b"2", "long": b"3"}, seconds=_LONG)
        await fragment_cache.get_many(["short"])
        await asyncio.sleep(_SHORT * 1.5)
        assert list(await fragment_cache.get_many(["short", "again", "long"])) == [None, b"2", b"3"]

    async def test_a_value_that_is_too_long_is_left_out(self, fragment_cache: FragmentCache) -> None:
        """What was there before is not given in its place, and the others of the same call are kept."""
        most = b"x" * MAX_FRAGMENT
        await fragment_cache.put_many({"long": b"old"}, seconds=_LONG)
        await fragment_cache.put_many({"long": most + b"x", "most": most, "one": b"1"}, seconds=_LONG)
        assert list(await fragment_cache.get_many(["long", "most", "one"])) == [None, most, b"1"]

    async def test_many_at_once_do_not_mix(self, fragment_cache: FragmentCache) -> None:
        """Each caller gets their own values."""

        async def one(name: str) -> bool:
            values = {f"{name}:{number}": f"{name} {number}".encode() for number in range(10)}
            await fragment_cache.put_many(values, seconds=_LONG)
            return list(await fragment_cache.get_many(list(values))) == list(values.values())

        assert all(await asyncio.gather(*(one(f"caller{number}") for number in range(20))))
