"""The SQL that revisions stand for."""

from __future__ import annotations

import io
from typing import Any

from starmodel.adapters.persistence.sqlmodel.database import Database

from .applying import apply, beginning, connected, transaction, without_triggers
from .revisions import Revisions
from .trial import copied

__all__ = ["recorded", "written"]


def written(database: Database, revisions: Revisions, start: str, to: str) -> str:
    """Return the SQL for Postgres, which can be known without running it; a fault in it takes all of it back."""
    buffer = io.StringIO()
    revisions.run(
        None,
        to,
        as_sql=True,
        starting_rev=None if start == "base" else start,
        output_buffer=buffer,
        dialect_name="postgresql",
    )
    with connected(database) as connection:
        before = [*beginning(), *without_triggers(connection)]
    return "\n\n".join(
        ["".join(f"{statement};\n" for statement in before).strip(), buffer.getvalue().strip(), "COMMIT;"]
    )


def recorded(database: Database, revisions: Revisions, to: str) -> str:
    """Run it on a copy and write down what was said: SQLite's tables are made anew from what they are."""
    statements: list[str] = []
    with copied(database) as copy, transaction(copy) as connection:

        def note(statement: str) -> None:
            if (
                not statement.lstrip().upper().startswith(("PRAGMA", "SELECT", "--"))
            ):  # what a trigger does is a comment
                statements.append(statement.strip())

        raw: Any = connection.connection.driver_connection
        raw.set_trace_callback(note)  # the values are in it as SQLite writes them
        apply(connection, revisions, to)
        raw.set_trace_callback(None)
    return "\n".join([*_BEFORE, *(f"{statement};" for statement in statements), "COMMIT;"])


_BEFORE = [
    ".bail on",  # the shell of SQLite would go on after a fault, and commit the half of it
    "PRAGMA foreign_keys=OFF;",  # a table that is made anew is gone for a moment
    "BEGIN IMMEDIATE;",
]
