"""What every list shows: the same tasks in SQLite, 20 to a page.  TASKS_FILE says where."""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["COLUMNS", "DJANGO_PASSWORD", "DJANGO_USER", "PAGE_SIZE", "connected", "fill", "rows"]

PAGE_SIZE = 20
COLUMNS = ("title", "done", "due", "created", "rank", "owner")

DJANGO_USER, DJANGO_PASSWORD = "bench", "only for measuring"

_BEGIN, _MOMENT = date(2026, 1, 1), datetime(2026, 1, 1, 8, tzinfo=UTC)


def rows(count: int) -> Iterator[tuple[Any, ...]]:
    """Yield tasks in the order of COLUMNS, as SQLite holds them."""
    for number in range(count):
        due, created = _BEGIN + timedelta(days=number % 365), _MOMENT + timedelta(seconds=number)
        moment = created.isoformat(" ", "microseconds")
        yield f"Task {number}", number % 3 == 0, due.isoformat(), moment, number, f"Owner {number % 50}"


def fill(file: Path, count: int) -> None:
    """Make the table that everybody but StarModel reads."""
    connection = sqlite3.connect(file)
    connection.execute(
        "CREATE TABLE task (id INTEGER PRIMARY KEY, title TEXT NOT NULL, done BOOLEAN NOT NULL, due DATE NOT NULL, "
        "created DATETIME NOT NULL, rank INTEGER NOT NULL, owner TEXT NOT NULL)"
    )
    connection.execute("PRAGMA journal_mode=WAL")
    connection.executemany(f"INSERT INTO task ({', '.join(COLUMNS)}) VALUES (?, ?, ?, ?, ?, ?)", rows(count))
    connection.commit()
    connection.close()


def connected() -> sqlite3.Connection:
    """Return a connection to them."""
    return sqlite3.connect(os.environ["TASKS_FILE"], check_same_thread=False)
