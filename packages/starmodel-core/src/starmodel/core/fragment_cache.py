"""The port of whatever keeps pieces of pages for several processes: bytes by key, for a while, and never for sure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

__all__ = ["MAX_FRAGMENT", "FragmentCache"]

MAX_FRAGMENT = 64 * 1024
"""Bytes of the longest value that a cache keeps."""


@runtime_checkable
class FragmentCache(Protocol):
    """Keeps values under keys of printable ASCII without spaces, of up to 200 characters.

    It may forget anything at any time, and is trusted with nothing: who uses it checks whether a value is their own.
    Getting and putting may raise :class:`~starmodel.core.errors.StoreError` when the cache cannot be reached.
    """

    single_process: bool
    """True when other processes cannot see what is kept."""

    async def open(self) -> None:
        """Make ready; called once, before anything else.  Waits for nobody: a cache that is away may come later."""

    async def close(self) -> None:
        """Let go of everything; what a shared cache keeps stays kept."""

    async def get_many(self, keys: Sequence[str], /) -> Sequence[bytes | None]:
        """Return what is kept under each of *keys*, in their order, ``None`` for nothing; one round trip for all."""

    async def put_many(self, values: Mapping[str, bytes], /, *, seconds: float) -> None:
        """Keep *values* for so many *seconds* from now, instead of what was under their keys; one round trip for all.

        A value of more than 64 KiB is left out, and what was under its key is not returned any more.
        """
