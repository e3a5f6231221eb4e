"""The port of whatever keeps the bytes of files: entities hold their keys, and never the bytes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable
from typing import Protocol, runtime_checkable

__all__ = ["FileStore"]


@runtime_checkable
class FileStore(Protocol):
    """Keeps files under keys of its own making, which nobody can guess: 32 hex digits.

    A file that was saved *waits* for the command that stores it; what waits too long is swept away.  From
    :meth:`keep` on it stays until it is deleted.  Every method may raise
    :class:`~starmodel.core.errors.StoreError` when the store cannot be reached or has no room.
    """

    async def save(self, chunks: AsyncIterable[bytes], /) -> str:
        """Keep what *chunks* give, whole, as a file that waits, and return its key.

        Nothing is left of it when *chunks* raise or the caller is cancelled.  No more than a chunk is held in memory.
        """

    async def open(self, key: str, /, *, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
        """Return the bytes of a file from *start* up to *stop*, in chunks; whoever does not read to the end closes it.

        :class:`~starmodel.core.errors.NotFoundError` when there is none under this key, or it is no key of this store.
        """

    async def keep(self, key: str, /) -> bool:
        """Let a file wait no longer, and return whether it waited; one that is kept already stays so.

        :class:`~starmodel.core.errors.NotFoundError` when there is none.
        """

    async def let_go(self, key: str, /) -> None:
        """Let a file wait again, for whoever :meth:`keep` told that it waited, and whose commit then failed.

        A file that somebody has kept besides stays kept, whatever the order and the process in which they ask.
        """

    async def delete(self, key: str, /) -> None:
        """Delete a file, if there is one under this key."""

    async def sweep(self, *, seconds: float) -> int:
        """Delete what has waited longer than so many *seconds*, also what was never saved whole; return how many."""
