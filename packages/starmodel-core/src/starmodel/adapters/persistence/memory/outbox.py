"""The memory store's outbox: what other stores have to follow with."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from starmodel.core.errors import ConflictError, OnItsWayError
from starmodel.core.owed import LANDED_SECONDS, Debt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from starmodel.core.owed import Owed

__all__ = ["MemoryOutbox"]


class MemoryOutbox:
    """Keeps parts in the order of their commits until they are settled."""

    def __init__(self) -> None:
        self._owed: dict[str, Owed] = {}
        self._held: dict[str, str] = {}
        """Which part waits with a key."""
        self._landed: dict[str, tuple[int, float]] = {}
        """Which version a key had when a part arrived last, and when that was; the oldest first."""

    def check(self, owed: Iterable[Owed]) -> None:
        """Raise when a change of the same entity waits, or has arrived since this one was made."""
        for one in owed:
            for key, expected in one.keys.items():
                if key in self._held:
                    raise OnItsWayError(key, one.store)
                found, _ = self._landed.get(key, (0, 0.0))
                if found > expected:
                    raise ConflictError(key, expected, found)

    def add(self, owed: Iterable[Owed]) -> None:
        """Keep these."""
        for one in owed:
            self._owed[one.id] = one
            self._held.update(dict.fromkeys(one.keys, one.id))

    def of(self, store: str, limit: int, *, parked: bool) -> Sequence[Owed]:
        """Return what waits for *store*, or what is *parked*."""
        wanted = (one for one in self._owed.values() if one.store == store and bool(one.parked) is parked)
        return tuple(islice(wanted, limit))

    def settle(self, landed: Mapping[str, Mapping[str, int]], now: float) -> None:
        """Forget these, and remember for a while what has become of their entities."""
        for id, versions in landed.items():
            one = self._owed.pop(id, None)
            if one is not None:
                self._let_go(one)
                for key in one.keys:
                    self._landed.pop(key, None)
                self._landed.update((key, (version, now)) for key, version in versions.items())
        for key in [key for key, (_, at) in islice(self._landed.items(), 100) if now - at >= LANDED_SECONDS]:
            del self._landed[key]

    def park(self, id: str, why: str) -> None:
        """Put one aside, or back in its place."""
        if id in self._owed:
            self._owed[id] = one = replace(self._owed[id], parked=why)
            self._let_go(one)

    def _let_go(self, one: Owed) -> None:
        for key in one.keys:
            if self._held.get(key) == one.id:
                del self._held[key]

    def debts(self) -> Mapping[str, Debt]:
        """Return how far each store is behind."""
        return {store: self._debt(store) for store in sorted({one.store for one in self._owed.values()})}

    def _debt(self, store: str) -> Debt:
        of_store = [one for one in self._owed.values() if one.store == store]
        waiting = [one.at for one in of_store if not one.parked]
        return Debt(len(waiting), min(waiting, default=None), len(of_store) - len(waiting))
