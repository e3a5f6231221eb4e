"""What every file store does: whole files under keys that nobody guesses, waiting until they are kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from starmodel.core.errors import NotFoundError
from starmodel.testing.base import Contract

if TYPE_CHECKING:
    from starmodel.core.file_store import FileStore

__all__ = ["FileStoreContract"]

_CHUNK = bytes(range(256)) * 256
_HOSTILE = ("", "..", "../../etc/passwd", "a/b", "a\\b", "x\0y", "A" * 32, "0" * 31, "0" * 33, "é" * 32)


async def _stream(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def _broken() -> AsyncIterator[bytes]:
    yield _CHUNK
    raise ConnectionError("the sender has gone")


async def _endless(begun: asyncio.Event) -> AsyncIterator[bytes]:
    yield _CHUNK
    begun.set()
    await asyncio.Event().wait()


async def _read(store: FileStore, key: str, *, start: int = 0, stop: int | None = None) -> bytes:
    return b"".join([chunk async for chunk in await store.open(key, start=start, stop=stop)])


class FileStoreContract(Contract):
    """Subclass it with a fixture ``file_store``: an empty store, made anew for each test."""

    async def test_what_is_saved_is_read_again(self, file_store: FileStore) -> None:
        """Chunks of any size become one file."""
        key = await file_store.save(_stream(b"a", b"", _CHUNK, b"z"))
        assert await _read(file_store, key) == b"a" + _CHUNK + b"z"

    async def test_an_empty_file_is_a_file(self, file_store: FileStore) -> None:
        """No bytes are bytes, too: whoever wants some says so before."""
        assert await _read(file_store, await file_store.save(_stream())) == b""

    async def test_a_part_is_read(self, file_store: FileStore) -> None:
        """From the first byte up to, and without, the last one named; beyond the end there is nothing."""
        key = await file_store.save(_stream(_CHUNK * 5))
        assert await _read(file_store, key, start=3, stop=7) == _CHUNK[3:7]
        assert await _read(file_store, key, start=65_535, stop=200_000) == (_CHUNK * 5)[65_535:200_000]
        assert await _read(file_store, key, start=len(_CHUNK) * 5) == b""
        assert await _read(file_store, key, start=len(_CHUNK) * 5 - 1, stop=10**9) == b"\xff"

    async def test_keys_are_unguessable_and_never_the_same(self, file_store: FileStore) -> None:
        """The same bytes are another file each time."""
        keys = {await file_store.save(_stream(b"same")) for _ in range(20)}
        assert len(keys) == 20
        assert all(len(key) == 32 and set(key) <= set("0123456789abcdef") for key in keys)

    @pytest.mark.parametrize("key", _HOSTILE)
    async def test_what_is_no_key_leads_to_nothing(self, file_store: FileStore, key: str) -> None:
        """Least of all out of the store."""
        with pytest.raises(NotFoundError):
            await file_store.open(key)
        with pytest.raises(NotFoundError):
            await file_store.keep(key)
        await file_store.let_go(key)
        await file_store.delete(key)

    async def test_an_unknown_key_leads_to_nothing(self, file_store: FileStore) -> None:
        """It is said before a byte is read."""
        with pytest.raises(NotFoundError):
            await file_store.open("0" * 32)
        with pytest.raises(NotFoundError):
            await file_store.keep("0" * 32)
        await file_store.let_go("0" * 32)
        await file_store.delete("0" * 32)

    async def test_a_deleted_file_is_gone(self, file_store: FileStore) -> None:
        """Whether it was kept or not; once more is no mistake."""
        kept, waiting = await file_store.save(_stream(b"k")), await file_store.save(_stream(b"w"))
        await file_store.keep(kept)
        for key in (kept, waiting, kept):
            await file_store.delete(key)
            with pytest.raises(NotFoundError):
                await file_store.open(key)

    async def test_what_waits_too_long_is_swept_away(self, file_store: FileStore) -> None:
        """What waits for less time stays."""
        key = await file_store.save(_stream(b"w"))
        assert await file_store.sweep(seconds=60) == 0
        assert await _read(file_store, key) == b"w"
        await asyncio.sleep(0.02)
        assert await file_store.sweep(seconds=0.01) == 1
        with pytest.raises(NotFoundError):
            await file_store.open(key)

    async def test_what_is_kept_is_never_swept_away(self, file_store: FileStore) -> None:
        """To keep it twice is to keep it."""
        key = await file_store.save(_stream(b"k"))
        await file_store.keep(key)
        await file_store.keep(key)
        await asyncio.sleep(0.02)
        assert await file_store.sweep(seconds=0.01) == 0
        assert await _read(file_store, key) == b"k"

    async def test_what_is_let_go_waits_again(self, file_store: FileStore) -> None:
        """Whoever kept it could not store it; the next one can, who keeps it as if it had never been."""
        again, swept = await file_store.save(_stream(b"a")), await file_store.save(_stream(b"s"))
        for key in (again, swept):
            assert await file_store.keep(key)
            await file_store.let_go(key)
        assert await file_store.keep(again)
        await asyncio.sleep(0.02)
        assert await file_store.sweep(seconds=0.01) == 1
        assert await _read(file_store, again) == b"a"
        with pytest.raises(NotFoundError):
            await file_store.keep(swept)
        await file_store.let_go(swept)

    async def test_what_somebody_else_keeps_too_is_not_let_go(self, file_store: FileStore) -> None:
        """The other one may have stored it already."""
        key = await file_store.save(_stream(b"k"))
        assert await file_store.keep(key)
        assert not await file_store.keep(key)
        await file_store.let_go(key)
        await asyncio.sleep(0.02)
        assert await file_store.sweep(seconds=0.01) == 0
        assert await _read(file_store, key) == b"k"

    async def test_what_was_swept_away_cannot_be_kept(self, file_store: FileStore) -> None:
        """So a command that comes too late is refused."""
        key = await file_store.save(_stream(b"w"))
        await asyncio.sleep(0.02)
        await file_store.sweep(seconds=0.01)
        with pytest.raises(NotFoundError):
            await file_store.keep(key)

    async def test_nothing_is_left_of_a_file_that_breaks_off(self, file_store: FileStore) -> None:
        """The error of the sender comes out as it is."""
        with pytest.raises(ConnectionError):
            await file_store.save(_broken())
        await asyncio.sleep(0.02)
        assert await file_store.sweep(seconds=0.01) == 0

    async def test_nothing_is_left_of_a_file_that_is_cancelled(self, file_store: FileStore) -> None:
        """A sender that hangs is cut off like this."""
        begun = asyncio.Event()
        task = asyncio.create_task(file_store.save(_endless(begun)))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.02)
        assert await file_store.sweep(seconds=0.01) == 0

    async def test_a_file_that_is_read_may_be_kept_meanwhile(self, file_store: FileStore) -> None:
        """Its reader notices nothing."""
        key = await file_store.save(_stream(_CHUNK * 20))
        reader = await file_store.open(key)
        first = await anext(reader)
        await file_store.keep(key)
        assert first + b"".join([chunk async for chunk in reader]) == _CHUNK * 20
