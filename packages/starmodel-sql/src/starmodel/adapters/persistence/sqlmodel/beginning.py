"""How a new SQLite file begins: nobody but its owner may read it."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from typing import Any

from sqlalchemy import Engine, event

__all__ = ["begin_privately"]

_OWNERS_ONLY = 0o600
_one_at_a_time = threading.Lock()


def begin_privately(engine: Engine) -> None:
    """Let *engine* make the SQLite file it connects to, where there is none, readable for its owner alone.

    SQLite gives the log beside it the same rights.  A file that is there keeps those that it has.
    """

    @event.listens_for(engine, "do_connect")
    def make(_dialect: object, _record: object, arguments: list[Any], _options: object) -> None:
        path = str(arguments[0])
        if path != ":memory:" and not path.startswith("file:"):  # an address of SQLite's own says what it wants
            _make(path)


def _make(path: str) -> None:
    # Never opens a file that is there: to close it again would take this process's locks off it.
    with _one_at_a_time, suppress(OSError):  # SQLite says what is wrong with the place
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNERS_ONLY))
