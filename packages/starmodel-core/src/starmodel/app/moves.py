"""How often entities of each class were stored: what was made from them is good until that moves."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starmodel.core.changes import Commit

__all__ = ["Moves"]

_ECHOES = 1000


class Moves:
    """Counts, as far as this process knows: its own commits at once, those of others when the bus brings them."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._all = 0
        self.total = 0
        """Grows with everything that is counted."""
        self._own: deque[tuple[str, int]] = deque(maxlen=_ECHOES)

    def stored(self, commit: Commit) -> None:
        """Count a commit of this process, before whoever asked for it is answered."""
        self._own.append(commit.position)
        self._count(commit)

    def heard(self, commit: Commit) -> None:
        """Count a commit that the bus brought; the echo of one that was counted is passed over."""
        if commit.position in self._own:
            self._own.remove(commit.position)
        else:
            self._count(commit)

    def everything(self) -> None:
        """Count every class: some commits were missed."""
        self._all += 1
        self.total += 1

    def _count(self, commit: Commit) -> None:
        self.total += 1
        for change in commit.changes:
            self._counts[change.entity] = self._counts.get(change.entity, 0) + 1

    def stamp(self, kinds: Iterable[str]) -> tuple[int, ...]:
        """Return what changes whenever an entity of one of these classes is stored."""
        counts = self._counts
        return (self._all, *[counts.get(kind, 0) for kind in kinds])
