"""Where the values of a form stand: what its controls are called, and what was sent under which name."""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["INDEX", "Spot"]

INDEX = "__index__"
"""Stands for the number of an item that is yet to be added to a list."""


class Spot(NamedTuple):
    """Where a value stands: the *name* of its control, the *value* kept there, and the name it was *sent* by."""

    name: str
    value: Any
    sent: str
    is_change: bool = False
    relaxed: bool = False
    may_be_blank: bool = False
    is_extra: bool = False

    def part(self, step: str, value: Any, sent: str = "") -> Spot:
        """Return the spot of a part of the value."""
        return Spot(f"{self.name}.{step}", value, f"{self.sent}.{sent or step}", relaxed=self.relaxed)

    def next(self, step: str) -> Spot:
        """Return the spot of an item that is yet to be filled in."""
        return self.part(step, None, "-")._replace(may_be_blank=True)
