"""Rendered views, kept by what they were made from: the same snapshot gives the same piece of page."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from .sharing import SharedFragments

__all__ = ["Fragments"]


class Fragments:
    """A bounded cache of strings or bytes; the least recently used goes first.

    A key holds the version of the entity, so that nothing has ever to be taken out because it is stale.  *max_bytes*
    counts the values alone (16 MiB).
    """

    def __init__(self, *, max_bytes: int = 16 * 1024 * 1024) -> None:
        self.max_bytes = max_bytes
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self.size = 0
        self.hits = 0
        self.misses = 0
        self.shared: SharedFragments | None = None
        """What brings pieces that other processes have drawn, where an application wants that."""

    def __contains__(self, key: Hashable) -> bool:
        return key in self._kept

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what is kept under *key*, made by *make* when there is nothing yet."""
        found = self._kept.get(key)
        if found is not None:
            self.hits += 1
            self._kept.move_to_end(key)
            return found
        self.misses += 1
        made = make()
        if self.shared is not None:
            self.shared.drew(key, made)
        self.put(key, made)
        return made

    def put(self, key: Hashable, made: Any) -> None:
        """Keep *made* under *key*, unless something is kept there."""
        weight = _weight(key, made)
        if weight <= self.max_bytes and key not in self._kept:
            self._kept[key] = made
            self.size += weight
        while self.size > self.max_bytes:
            self.size -= _weight(*self._kept.popitem(last=False))


def _weight(key: Any, made: Any) -> int:
    """Return what an entry counts: the arguments of a view may be longer than what it makes of them."""
    return len(made) + (sum(len(part) for part in key if isinstance(part, str)) if isinstance(key, tuple) else 0)
