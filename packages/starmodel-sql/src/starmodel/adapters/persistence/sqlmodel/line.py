"""Taking turns at an SQLite file: several processes that write all get there, and none of them has to wait for long.

SQLite itself lets a writer look again after ever longer pauses, at last ten times a second: where another process
writes all the time, that one may wait for seconds while the other goes from one transaction to the next.
"""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["BUSY_SECONDS", "Line"]

BUSY_SECONDS = 5.0
"""How long a writer waits for another program that writes to the file."""

_PAUSE = 0.002
"""Seconds at most between two looks, and those that one who has just written leaves to others."""
_COMPANY = 1.0
"""Seconds for which a process that had to wait believes that others want to write."""

_IMPATIENT = "starmodel_impatient"
_BEGIN = "BEGIN IMMEDIATE"


class Line:
    """The turns of one process.  The thread that has one holds *turn*: it is no company to the others here."""

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self._has_company_until = 0.0

    def begins_at_once(self, connection: Connection) -> bool:
        """Begin a transaction if nobody else writes to the file, or has lately; the connection waits for nobody."""
        return time.monotonic() >= self._has_company_until and _begun(connection.connection.driver_connection)

    def begin(self, connection: Connection) -> None:
        """Begin a transaction that may write; OperationalError when another program holds the file for too long."""
        if not connection.info.get(_IMPATIENT):
            connection.exec_driver_sql("PRAGMA busy_timeout=0")  # what waits is here
            connection.info[_IMPATIENT] = True
        now = time.monotonic()
        if now < self._has_company_until:
            _pause()
        raw = connection.connection.driver_connection
        while not _begun(raw):
            self._has_company_until = time.monotonic() + _COMPANY
            if time.monotonic() > now + BUSY_SECONDS:
                connection.exec_driver_sql(_BEGIN)  # fails as well, in the way that everybody here understands
                return
            _pause()


def _begun(raw: Any) -> bool:
    """Try to begin, past SQLAlchemy, where failing would cost more than trying."""
    try:
        raw.execute(_BEGIN).close()
    except sqlite3.OperationalError:
        return False
    return True


def _pause() -> None:
    time.sleep(random.uniform(0, _PAUSE))  # noqa: S311  (jitter, not a secret)
