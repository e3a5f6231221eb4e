"""How quick the disk of an SQLite file is, and whether a commit may therefore be made on the event loop itself.

Two changes of threads cost more than a whole transaction on a quick disk.  But the event loop must not wait for a slow
disk, nor for a queue: so it commits by itself only what is alone, where the last transactions have been quick.
"""

from __future__ import annotations

import time

__all__ = ["Pace"]

QUICK_SECONDS = 0.0005
"""What a transaction takes on average, at the most, where the event loop may make it."""
LONG_SECONDS = 0.005
"""What is too long for the event loop, if only for once."""

_CAUTION = 0.25
"""Seconds for which one that was too long, or company, sends everything to the thread."""
_MEMORY = 16
"""How many transactions the average is of, more or less."""
_IN_A_ROW = 400
"""After so many the thread has its turn, which writes the log of the file back into it."""


class Pace:
    """What the last transactions on one file were like."""

    def __init__(self) -> None:
        self._average = LONG_SECONDS  # unless it shows that it is quicker
        self._cautious_until = 0.0
        self._in_a_row = 0

    @property
    def is_quick(self) -> bool:
        """Whether the next transaction, if it is alone, may be made at once."""
        is_calm = self._average < QUICK_SECONDS and self._in_a_row < _IN_A_ROW
        return is_calm and time.monotonic() >= self._cautious_until

    def note(self, seconds: float, *, at_once: bool) -> None:
        """Take in that a transaction took so long, *at_once* on the event loop or in the thread."""
        self._average += (min(seconds, LONG_SECONDS) - self._average) / _MEMORY
        self._in_a_row = self._in_a_row + 1 if at_once else 0
        if at_once and seconds > LONG_SECONDS:
            self.beware()

    def beware(self) -> None:
        """Leave everything to the thread for a moment: there is company, or something was in the way."""
        self._cautious_until = time.monotonic() + _CAUTION
