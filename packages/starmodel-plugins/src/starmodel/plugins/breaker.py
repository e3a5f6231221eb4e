"""Leave a plugin alone for a while in a hook where it failed again and again: it costs time, and answers nothing."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["NEVER_LEFT_OUT", "Breaker"]

NEVER_LEFT_OUT = frozenset({"starmodel_authorize", "starmodel_domain_event"})
"""Hooks in which silence would say something: a plugin that cannot decide refuses, however often it has failed, and
what one cannot be told is parked."""


@dataclass(slots=True)
class _Row:
    """Failures in a row, and until when nothing is asked any more."""

    failures: int = 0
    until: float = 0.0


class Breaker:
    """Counts failures in a row of each plugin in each hook.

    After *patience* of them the plugin is left alone there for *rest* seconds.  Then one call tries: if that fails too,
    another rest begins.  *clock* tells seconds that never go backwards.
    """

    def __init__(self, *, patience: int = 5, rest: float = 30.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._patience, self._rest, self._clock = patience, rest, clock
        self._rows: dict[tuple[str, str], _Row] = {}

    def lets(self, plugin: str, hook: str) -> bool:
        """Tell whether *plugin* may be called in *hook*; of many who ask after a rest, one may."""
        row = self._rows.get((plugin, hook))
        if row is None or row.failures < self._patience or hook in NEVER_LEFT_OUT:
            return True
        now = self._clock()
        if now < row.until:
            return False
        row.until = now + self._rest
        return True

    def passed(self, plugin: str, hook: str) -> None:
        """Note that *plugin* did not fail."""
        if self._rows:
            self._rows.pop((plugin, hook), None)

    def failed(self, plugin: str, hook: str) -> bool:
        """Note that *plugin* failed, and tell whether it is left alone from now on."""
        row = self._rows.setdefault((plugin, hook), _Row())
        row.failures += 1
        row.until = self._clock() + self._rest
        return row.failures == self._patience and hook not in NEVER_LEFT_OUT

    def resting(self, plugin: str) -> tuple[str, ...]:
        """Return the hooks in which *plugin* is left alone, sorted."""
        now = self._clock()
        return tuple(
            sorted(
                hook
                for (name, hook), row in self._rows.items()
                if name == plugin and row.failures >= self._patience and now < row.until and hook not in NEVER_LEFT_OUT
            )
        )
