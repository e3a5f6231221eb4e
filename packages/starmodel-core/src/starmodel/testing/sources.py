"""Time and ids that a test decides about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

__all__ = ["FakeClock", "SequentialIds"]

_START = datetime(2025, 1, 1, 12, 0, tzinfo=UTC)


class FakeClock:
    """Stands still until it is told to go on."""

    def __init__(self, start: datetime = _START) -> None:
        self._now = start
        self._passed = 0.0

    def now(self) -> datetime:
        """Return the time of day, in UTC."""
        return self._now

    def monotonic(self) -> float:
        """Return the seconds that have passed since the clock was made."""
        return self._passed

    def advance(self, seconds: float) -> None:
        """Let *seconds* pass; ValueError for a negative number, as time does not go back."""
        if seconds < 0:
            raise ValueError(f"a clock cannot go back by {-seconds} seconds; make a new FakeClock(start=...)")
        self._now += timedelta(seconds=seconds)
        self._passed += seconds


class SequentialIds:
    """Makes ``id-1``, ``id-2`` and so on, so that a test can foretell them."""

    def __init__(self, prefix: str = "id") -> None:
        self.prefix = prefix
        self.made = 0

    def new(self) -> str:
        """Return the next id."""
        self.made += 1
        return f"{self.prefix}-{self.made}"
