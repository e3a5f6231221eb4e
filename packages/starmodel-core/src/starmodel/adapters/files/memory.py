"""Files in memory: for tests, and for whatever may end with the process."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import suppress

from starmodel.core.errors import NotFoundError

from .keys import checked_key, new_key

__all__ = ["MemoryFileStore"]

_CHUNK = 64 * 1024


class MemoryFileStore:
    """Implements :class:`starmodel.core.file_store.FileStore` with a dict."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._waiting: dict[str, float] = {}
        self._shared: set[str] = set()

    async def save(self, chunks: AsyncIterable[bytes], /) -> str:
        """Keep what *chunks* give as a file that waits."""
        data = b"".join([chunk async for chunk in chunks])
        key = new_key()
        self._files[key], self._waiting[key] = data, time.monotonic()
        return key

    async def open(self, key: str, /, *, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
        """Return the bytes of a file in chunks."""
        return _chunks(self._found(key)[start:stop])

    async def keep(self, key: str, /) -> bool:
        """Let a file wait no longer, and return whether it waited."""
        self._found(key)
        waited = self._waiting.pop(key, None) is not None
        if not waited:
            self._shared.add(key)
        return waited

    async def let_go(self, key: str, /) -> None:
        """Let a file wait again that nobody else keeps."""
        if key in self._files and key not in self._shared:
            self._waiting.setdefault(key, time.monotonic())

    async def delete(self, key: str, /) -> None:
        """Delete a file."""
        with suppress(NotFoundError):
            checked_key(key)
            self._files.pop(key, None)
            self._waiting.pop(key, None)
            self._shared.discard(key)

    async def sweep(self, *, seconds: float) -> int:
        """Delete what has waited too long."""
        oldest = time.monotonic() - seconds
        late = [key for key, since in self._waiting.items() if since < oldest]
        for key in late:
            await self.delete(key)
        return len(late)

    def _found(self, key: str) -> bytes:
        data = self._files.get(checked_key(key))
        if data is None:
            raise NotFoundError("file", key)
        return data


async def _chunks(data: bytes) -> AsyncGenerator[bytes, None]:
    for start in range(0, len(data), _CHUNK):
        yield data[start : start + _CHUNK]
