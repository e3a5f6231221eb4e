"""Pieces of pages in the process's own memory, for tests and for several applications in one process."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence

from starmodel.core.fragment_cache import MAX_FRAGMENT

__all__ = ["MemoryFragments"]


class MemoryFragments:
    """Keeps up to *max_bytes* of values; those that were put there first go first."""

    single_process = True

    def __init__(self, *, max_bytes: int = 16 * 1024 * 1024) -> None:
        self.max_bytes, self.size = max_bytes, 0
        self._kept: OrderedDict[str, tuple[bytes, float]] = OrderedDict()

    async def open(self) -> None:
        """Do nothing: there is nothing to make ready."""

    async def close(self) -> None:
        """Do nothing: a process that opens the application again finds what it knew."""

    async def get_many(self, keys: Sequence[str], /) -> Sequence[bytes | None]:
        """Return what is kept under each of *keys*."""
        now = time.monotonic()
        found = [self._kept.get(key) for key in keys]
        return [kept[0] if kept is not None and now < kept[1] else None for kept in found]

    async def put_many(self, values: Mapping[str, bytes], /, *, seconds: float) -> None:
        """Keep *values*."""
        ends = time.monotonic() + seconds
        for key, value in values.items():
            before = self._kept.pop(key, None)
            self.size -= 0 if before is None else len(before[0])
            if len(value) <= MAX_FRAGMENT:
                self._kept[key] = value, ends
                self.size += len(value)
        while self.size > self.max_bytes:
            self.size -= len(self._kept.popitem(last=False)[1][0])
