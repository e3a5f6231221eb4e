"""Whole pages, kept until something is stored that they show: a list that nobody changes is a look-up."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from starmodel.app import Moves

    from .documents import Document

__all__ = ["KeptPages"]


class _Kept(NamedTuple):
    kinds: tuple[str, ...]
    stamp: tuple[int, ...]
    page: Document


class KeptPages:
    """Pages by what they were asked with; the least recently used go first.  *max_bytes* counts their text (16 MiB).

    What other processes store is known when the bus brings it, so a page may be as old as that takes.
    """

    def __init__(self, moves: Moves, *, max_bytes: int = 16 * 1024 * 1024) -> None:
        self.moves, self._max = moves, max_bytes
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self.size = self.hits = self.misses = 0

    def find(self, key: Hashable) -> Document | None:
        """Return the page that was made for *key*, if nothing it shows was stored since."""
        kept = self._kept.get(key)
        if kept is not None and kept.stamp == self.moves.stamp(kept.kinds):
            self.hits += 1
            self._kept.move_to_end(key)
            return kept.page
        self.misses += 1
        return None

    def keep(self, key: Hashable, kinds: tuple[str, ...], since: int, page: Document) -> None:
        """Keep *page*, which shows *kinds*, unless something was stored *since* its making began: a total of moves."""
        if self.moves.total != since:
            return
        self.drop(key)
        self._kept[key] = _Kept(kinds, self.moves.stamp(kinds), page)
        self.size += page.size
        while self.size > self._max and len(self._kept) > 1:
            self.drop(next(iter(self._kept)))

    def drop(self, key: Hashable) -> None:
        """Forget the page of *key*."""
        kept = self._kept.pop(key, None)
        if kept is not None:
            self.size -= kept.page.size

    def clear(self) -> None:
        """Forget every page: the program itself makes them otherwise now."""
        self._kept.clear()
        self.size = 0
