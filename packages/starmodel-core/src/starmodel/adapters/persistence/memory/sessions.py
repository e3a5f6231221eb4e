"""Sessions in the process's own memory: they end with it, and no other process knows of them."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from starmodel.core.session_store import KeptSession, SessionPatch

__all__ = ["MemorySessions"]


@dataclass(slots=True)
class _Kept:
    values: dict[str, str] = field(default_factory=dict[str, str])
    owner: str = ""
    ends: float = 0.0

    @property
    def size(self) -> int:
        return sum(len(name) + len(text) for name, text in self.values.items())


class MemorySessions:
    """Keeps up to *most* sessions of *max_bytes* characters together; those that were not used for longest go first."""

    single_process = True
    instant = True

    def __init__(self, *, most: int = 100_000, max_bytes: int = 256 * 1024 * 1024) -> None:
        self._most, self._max_bytes = most, max_bytes
        self._kept: OrderedDict[str, _Kept] = OrderedDict()  # the longest unused first
        self._size = 0

    def __len__(self) -> int:
        return len(self._kept)

    async def open(self) -> None:
        """Do nothing: there is nothing to make ready."""

    async def close(self) -> None:
        """Do nothing: a process that opens the application again finds what it knew."""

    async def read(self, key: str, /, *, seconds: float) -> KeptSession | None:
        """Return what is kept under *key*."""
        kept = self._take(key)
        if kept is None:
            return None
        self._put(key, kept, seconds)
        return KeptSession(dict(kept.values), kept.owner)

    async def write(self, key: str, patch: SessionPatch, /, *, seconds: float, instead_of: str | None = None) -> None:
        """Do what *patch* says."""
        moved = None if instead_of is None else self._take(instead_of)
        kept = self._take(key) or moved or _Kept()
        for name, text in patch.changed.items():
            if text is None:
                kept.values.pop(name, None)
            else:
                kept.values[name] = text
        if patch.owner is not None:
            kept.owner = patch.owner
        if kept.values:
            self._put(key, kept, seconds)

    async def delete(self, key: str, /) -> None:
        """Forget everything under *key*."""
        self._take(key)

    async def delete_those_of(self, owner: str, /) -> Sequence[str]:
        """Forget every session of *owner*."""
        keys = [key for key, kept in self._kept.items() if kept.owner == owner] if owner else []
        return [key for key in keys if self._take(key) is not None]

    def _take(self, key: str) -> _Kept | None:
        """Return what is under *key*, if it has not expired, and take it out."""
        kept = self._kept.pop(key, None)
        if kept is None:
            return None
        self._size -= kept.size
        return kept if time.monotonic() < kept.ends else None

    def _put(self, key: str, kept: _Kept, seconds: float) -> None:
        now = time.monotonic()
        kept.ends = now + seconds
        self._kept[key] = kept
        self._size += kept.size
        while len(self._kept) > self._most or self._size > self._max_bytes or self._first_has_ended(now):
            self._take(next(iter(self._kept)))

    def _first_has_ended(self, now: float) -> bool:
        return now >= next(iter(self._kept.values())).ends
