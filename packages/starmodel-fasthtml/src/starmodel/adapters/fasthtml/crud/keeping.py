"""What was made of stored things, kept until one of them is stored again: a list that nobody changes is a look-up."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from .documents import Document

if TYPE_CHECKING:
    from starmodel.app import Moves

__all__ = ["Kept", "KeptPages"]

T = TypeVar("T")

_EACH = 200
"""Bytes that an entry takes besides what it holds."""


class _Entry(NamedTuple):
    kinds: tuple[str, ...]
    stamp: tuple[int, ...]
    made: Any
    weight: int


class Kept(Generic[T]):
    """Things by what they were asked with; the least recently used go first.  *max_bytes* bounds what they take.

    What other processes store is known when the bus brings it, so a thing may be as old as that takes.
    """

    def __init__(self, moves: Moves, *, max_bytes: int = 1024 * 1024) -> None:
        self.moves, self.max_bytes = moves, max_bytes
        self._kept: OrderedDict[Hashable, _Entry] = OrderedDict()
        self.size = self.hits = self.misses = 0

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, key: Hashable) -> T | None:
        """Return what was made for *key*, if nothing it was made from was stored since."""
        kept = self._kept.get(key)
        if kept is not None and kept.stamp == self.moves.stamp(kept.kinds):
            self.hits += 1
            self._kept.move_to_end(key)
            made: T = kept.made
            return made
        self.misses += 1
        return None

    def keep(self, key: Hashable, kinds: tuple[str, ...], since: int, made: T) -> None:
        """Keep what was *made* of *kinds*, unless one was stored *since* its making began: a total of moves."""
        self.drop(key)
        weight = _EACH + _length(key) + self.weight(made)
        if self.moves.total != since or weight > self.max_bytes:
            return
        self._kept[key] = _Entry(kinds, self.moves.stamp(kinds), made, weight)
        self.size += weight
        while self.size > self.max_bytes:
            self.drop(next(iter(self._kept)))

    def weight(self, made: T) -> int:  # noqa: ARG002  (what is small counts by its key alone)
        """Return how many bytes *made* holds."""
        return 0

    def drop(self, key: Hashable) -> None:
        """Forget what was made for *key*."""
        kept = self._kept.pop(key, None)
        if kept is not None:
            self.size -= kept.weight

    def clear(self) -> None:
        """Forget everything: the program itself makes it otherwise now."""
        self._kept.clear()
        self.size = 0


class KeptPages(Kept[Document]):
    """Whole pages, 16 MiB of them."""

    def __init__(self, moves: Moves, *, max_bytes: int = 16 * 1024 * 1024) -> None:
        super().__init__(moves, max_bytes=max_bytes)

    def weight(self, made: Document) -> int:
        """Return the bytes of a page."""
        return made.size


def _length(key: Hashable) -> int:
    """Return the length of the texts in a key: an address may be longer than what is shown under it."""
    if isinstance(key, str | bytes):
        return len(key)
    return sum(map(_length, key)) if isinstance(key, tuple | frozenset) else 0
