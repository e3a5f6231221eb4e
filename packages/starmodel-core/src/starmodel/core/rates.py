"""How often one sender may do an event: ``@event(rate="5/minute")``, read where it is written."""

from __future__ import annotations

import re
from typing import NamedTuple

from .errors import DefinitionError, hint

__all__ = ["Rate", "rate_of"]

_UNITS = {"second": 1, "minute": 60, "hour": 60 * 60, "day": 24 * 60 * 60}
_written = re.compile(r"\s*([1-9][0-9]{0,5})\s*/\s*(\w+)\s*", re.ASCII).fullmatch


class Rate(NamedTuple):
    """So many at once, and from then on one more whenever another of them has its share of *seconds* behind it."""

    times: int
    seconds: float

    @property
    def pause(self) -> float:
        """The seconds after which there is one more."""
        return self.seconds / self.times


def rate_of(text: str) -> Rate:
    """Return what ``"5/minute"`` says; DefinitionError for what is no rate."""
    found = _written(text)
    unit = found[2].lower().removesuffix("s") if found else ""
    if found is None or unit not in _UNITS:
        told = hint(unit, _UNITS) if unit else "give a number of times and a second, minute, hour or day"
        raise DefinitionError(f"rate={text!r} does not say how often, such as '5/minute'; {told}")
    return Rate(int(found[1]), float(_UNITS[unit]))
