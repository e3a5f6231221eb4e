"""The real clock and the real source of ids; tests bring their own."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from starmodel.core.entity import new_id

__all__ = ["RandomIds", "SystemClock"]


class SystemClock:
    """Tells the machine's time."""

    def now(self) -> datetime:
        """Return the time of day, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never go backwards."""
        return time.monotonic()


class RandomIds:
    """Makes ids in the order of time, of which 80 bits are random."""

    def new(self) -> str:
        """Return a fresh, unguessable id."""
        return new_id()
