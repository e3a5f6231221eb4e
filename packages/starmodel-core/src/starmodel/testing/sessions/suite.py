"""What every store of sessions does: single values that nobody else's overwrite, for as long as they are used."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starmodel.core.session_store import KeptSession, SessionPatch
from starmodel.testing.base import Contract

if TYPE_CHECKING:
    from starmodel.core.session_store import SessionStore

__all__ = ["SessionStoreContract"]

_LONG = 60.0
_SHORT = 0.2
_ONE, _TWO, _THREE = "1" * 30, "2" * 30, "3" * 30
_HOSTILE = {"": '""', "it's; DROP TABLE x--": "1", "a\nb": '"\\u0000"', "ключ 🔑": '"значение 🗝"', "owner": '"nobody"'}


async def _set(store: SessionStore, key: str, **texts: str | None) -> None:
    await store.write(key, SessionPatch(texts), seconds=_LONG)


async def _values(store: SessionStore, key: str) -> dict[str, str] | None:
    kept = await store.read(key, seconds=_LONG)
    return None if kept is None else dict(kept.values)


class SessionStoreContract(Contract):
    """Subclass it with a fixture ``session_store``: an empty one, open, made anew for each test."""

    async def test_what_is_written_is_read_again(self, session_store: SessionStore) -> None:
        """Each value under its name, and each session under its key."""
        await _set(session_store, _ONE, user='"ada"', visits="3")
        await _set(session_store, _TWO, user='"bob"')
        assert await session_store.read(_ONE, seconds=_LONG) == KeptSession({"user": '"ada"', "visits": "3"})
        assert await _values(session_store, _TWO) == {"user": '"bob"'}

    async def test_nothing_is_kept_of_whom_nothing_was_written(self, session_store: SessionStore) -> None:
        """Reading begins nothing, and neither does a patch without a value."""
        assert await session_store.read(_ONE, seconds=_LONG) is None
        await session_store.write(_ONE, SessionPatch({"gone": None}, "somebody"), seconds=_LONG)
        assert await session_store.read(_ONE, seconds=_LONG) is None

    async def test_a_patch_leaves_everything_else_as_it_is(self, session_store: SessionStore) -> None:
        """Two requests that change different values at once lose nothing of each other."""
        await _set(session_store, _ONE, kept="1", changed="1", removed="1")
        await _set(session_store, _ONE, changed="2", removed=None, unknown=None)
        assert await _values(session_store, _ONE) == {"kept": "1", "changed": "2"}

    async def test_many_at_once_lose_nothing(self, session_store: SessionStore) -> None:
        """Also while the session begins."""
        await asyncio.gather(*(_set(session_store, _ONE, **{f"tab{number}": str(number)}) for number in range(20)))
        assert await _values(session_store, _ONE) == {f"tab{number}": str(number) for number in range(20)}

    async def test_names_and_texts_may_be_anything(self, session_store: SessionStore) -> None:
        """They are data, whatever they look like."""
        texts = {**_HOSTILE, "long": f'"{"x" * 60_000}"'}
        await session_store.write(_ONE, SessionPatch(texts, "ада"), seconds=_LONG)
        assert await session_store.read(_ONE, seconds=_LONG) == KeptSession(texts, "ада")

    async def test_a_session_without_values_is_none(self, session_store: SessionStore) -> None:
        """It ends with its last value, and its owner is not remembered."""
        await session_store.write(_ONE, SessionPatch({"user": "1"}, "ada"), seconds=_LONG)
        await _set(session_store, _ONE, user=None)
        assert await session_store.read(_ONE, seconds=_LONG) is None
        await _set(session_store, _ONE, other="1")
        assert await session_store.read(_ONE, seconds=_LONG) == KeptSession({"other": "1"})

    async def test_a_session_ends_when_it_was_not_used_for_long(self, session_store: SessionStore) -> None:
        """What begins under its key afterwards has nothing of it."""
        await session_store.write(_ONE, SessionPatch({"user": "1"}, "ada"), seconds=_SHORT)
        await _set(session_store, _TWO, user="2")
        await asyncio.sleep(_SHORT * 1.1)
        assert await session_store.read(_ONE, seconds=_LONG) is None
        await _set(session_store, _ONE, other="1")
        assert await session_store.read(_ONE, seconds=_LONG) == KeptSession({"other": "1"})
        assert await _values(session_store, _TWO) == {"user": "2"}

    async def test_reading_and_writing_keep_a_session_alive(self, session_store: SessionStore) -> None:
        """Each begins its time anew."""
        patience = _SHORT * 4  # in which a busy machine has to renew it
        await session_store.write(_ONE, SessionPatch({"user": "1"}), seconds=patience)
        await session_store.read(_ONE, seconds=_LONG)
        await session_store.write(_TWO, SessionPatch({"user": "1"}), seconds=patience)
        await _set(session_store, _TWO, more="1")
        await asyncio.sleep(patience * 1.1)
        assert await _values(session_store, _ONE) == {"user": "1"}
        assert await _values(session_store, _TWO) == {"user": "1", "more": "1"}

    async def test_a_session_moves_with_all_that_is_in_it(self, session_store: SessionStore) -> None:
        """As after a login; the patch is done in the same step, and the old key leads to nothing."""
        await session_store.write(_ONE, SessionPatch({"cart": "1", "user": "0"}, "ada"), seconds=_LONG)
        await session_store.write(_TWO, SessionPatch({"user": "2"}), seconds=_LONG, instead_of=_ONE)
        assert await session_store.read(_TWO, seconds=_LONG) == KeptSession({"cart": "1", "user": "2"}, "ada")
        assert await session_store.read(_ONE, seconds=_LONG) is None
        await _set(session_store, _ONE, late="1")
        assert await _values(session_store, _TWO) == {"cart": "1", "user": "2"}

    async def test_nothing_may_be_moved(self, session_store: SessionStore) -> None:
        """Then the session begins with the patch, if that has a value."""
        await session_store.write(_TWO, SessionPatch(), seconds=_LONG, instead_of=_ONE)
        assert await session_store.read(_TWO, seconds=_LONG) is None
        await session_store.write(_TWO, SessionPatch({"user": "1"}, "ada"), seconds=_LONG, instead_of=_ONE)
        assert await session_store.read(_TWO, seconds=_LONG) == KeptSession({"user": "1"}, "ada")

    async def test_what_has_expired_is_not_moved(self, session_store: SessionStore) -> None:
        """Nobody comes back by signing in."""
        await session_store.write(_ONE, SessionPatch({"user": "1"}, "ada"), seconds=_SHORT)
        await asyncio.sleep(_SHORT * 1.1)
        await session_store.write(_TWO, SessionPatch({"new": "1"}), seconds=_LONG, instead_of=_ONE)
        assert await session_store.read(_TWO, seconds=_LONG) == KeptSession({"new": "1"})

    async def test_a_deleted_session_is_gone(self, session_store: SessionStore) -> None:
        """Others stay; to delete nothing is no mistake."""
        await _set(session_store, _ONE, user="1")
        await _set(session_store, _TWO, user="2")
        for key in (_ONE, _ONE, _THREE):
            await session_store.delete(key)
        assert await session_store.read(_ONE, seconds=_LONG) is None
        assert await _values(session_store, _TWO) == {"user": "2"}

    async def test_all_sessions_of_an_owner_are_deleted_at_once(self, session_store: SessionStore) -> None:
        """Whoever was it before, and those that are nobody's, stay."""
        for key, owner in ((_ONE, "ada"), (_TWO, "ada"), (_THREE, "bob")):
            await session_store.write(key, SessionPatch({"user": "1"}, owner), seconds=_LONG)
        await session_store.write("4" * 30, SessionPatch({"user": "1"}), seconds=_LONG)
        await session_store.write(_TWO, SessionPatch({}, "bob"), seconds=_LONG)
        moved = "5" * 30
        await session_store.write(moved, SessionPatch({}), seconds=_LONG, instead_of=_ONE)
        assert list(await session_store.delete_those_of("ada")) == [moved]
        assert await session_store.read(moved, seconds=_LONG) is None
        assert sorted(await session_store.delete_those_of("bob")) == [_TWO, _THREE]
        assert list(await session_store.delete_those_of("bob")) == list(await session_store.delete_those_of("")) == []
        assert await _values(session_store, "4" * 30) == {"user": "1"}
