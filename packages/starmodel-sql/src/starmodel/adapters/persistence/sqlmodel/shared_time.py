"""What time it is for everybody who shares a database: a server says, as the clock of a node may be wrong.

What has expired, and whose right to a task has run out, must not depend on who asks.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from starmodel.app.sources import SystemClock

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from starmodel.core.ports import Clock

__all__ = ["SharedTime"]

_EVERY = 10.0
"""Seconds after which the server is asked again: a machine that slept has lost count."""


class SharedTime:
    """The time of the server, or of *clock* where one is given; an SQLite file goes by the clock of its machine."""

    def __init__(self, clock: Clock | None, *, sqlite: bool) -> None:
        self._clock = clock or SystemClock()
        self._asks = clock is None and not sqlite
        self._ahead: float | None = None
        self._asked = 0.0

    def compare(self, connection: Connection) -> None:
        """Ask the server what time it is, unless that was done a moment ago."""
        if self._asks and (self._ahead is None or time.monotonic() - self._asked > _EVERY):
            said = connection.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp())").scalar_one()
            self._asked = time.monotonic()
            self._ahead = float(said) - self._asked

    @property
    def now(self) -> float:
        """Seconds since 1970."""
        return self._clock.now().timestamp() if self._ahead is None else time.monotonic() + self._ahead
