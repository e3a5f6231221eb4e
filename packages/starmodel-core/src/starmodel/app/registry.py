"""Named adapters: looked up by entry point, and imported only when asked for."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar, cast

from starmodel.core.errors import AdapterNotFoundError, DuplicateAdapterError, hint

__all__ = ["Registry"]

T = TypeVar("T")


class Registry(Generic[T]):
    """The adapters of one kind, for example every store in the entry point group ``starmodel.persistence``.

    *prefer* says of a distribution and a name how much it is preferred to others that offer the same: less is more.
    """

    def __init__(self, group: str, *, prefer: Callable[[str, str], int] | None = None) -> None:
        self.group, self._prefer = group, prefer
        self._added: dict[str, T] = {}

    def add(self, name: str, adapter: T) -> None:
        """Offer *adapter* without packaging it; it wins over an installed one of the same name."""
        self._added[name] = adapter

    def names(self) -> list[str]:
        """Return every name on offer.  Imports nothing."""
        return sorted(self._added.keys() | {point.name for point in entry_points(group=self.group)})

    def get(self, name: str) -> T:
        """Return the adapter called *name*, importing its package on first use.

        AdapterNotFoundError when nothing offers it, DuplicateAdapterError when two packages do.
        """
        if name not in self._added:
            self._added[name] = cast("T", self._find(name).load())
        return self._added[name]

    def _find(self, name: str) -> EntryPoint:
        found = self._preferred(name, {point.value: point for point in entry_points(group=self.group, name=name)})
        if len(found) > 1:
            owners = " and ".join(sorted(point.dist.name if point.dist else point.value for point in found.values()))
            raise DuplicateAdapterError(f"{owners} both offer {name!r} in {self.group}; uninstall one, or pin one")
        if not found:
            raise AdapterNotFoundError(
                f"no installed package offers {name!r} in {self.group}; {hint(name, self.names())}, "
                "or install the package that brings it"
            )
        return next(iter(found.values()))

    def _preferred(self, name: str, found: dict[str, EntryPoint]) -> dict[str, EntryPoint]:
        """Return those of *found* that are preferred to all others."""
        if self._prefer is None or len(found) < 2:
            return found
        ranks = {value: self._prefer(point.dist.name if point.dist else "", name) for value, point in found.items()}
        return {value: point for value, point in found.items() if ranks[value] == min(ranks.values())}
