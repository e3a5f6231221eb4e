"""The SQL that revisions stand for."""

from __future__ import annotations

import io
from typing import Any

from sqlalchemy import event

from starmodel.adapters.persistence.sqlmodel.database import Database

from .applying import apply, transaction
from .revisions import Revisions
from .trial import copied

__all__ = ["recorded", "written"]


def written(revisions: Revisions, start: str, to: str) -> str:
    """Return the SQL for Postgres, which can be known without running it."""
    buffer = io.StringIO()
    revisions.run(
        None,
        to,
        as_sql=True,
        starting_rev=None if start == "base" else start,
        output_buffer=buffer,
        dialect_name="postgresql",
    )
    return buffer.getvalue().strip()


def recorded(database: Database, revisions: Revisions, to: str) -> str:
    """Run it on a copy and write down what was said: SQLite's tables are made anew from what they are."""
    statements: list[str] = []
    with copied(database) as copy, transaction(copy) as connection:

        def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
            if not statement.lstrip().upper().startswith(("PRAGMA", "SELECT")):
                statements.append(_inlined(statement, parameters))

        event.listen(copy.engine, "before_cursor_execute", note)
        apply(connection, revisions, to)
    return ";\n".join(["BEGIN IMMEDIATE", *statements, ""]).strip()


def _inlined(statement: str, parameters: Any) -> str:
    text = statement.strip()
    for value in parameters if isinstance(parameters, tuple | list) else ():
        said = "NULL" if value is None else repr(value) if isinstance(value, int | float) else _quoted(str(value))
        text = text.replace("?", said, 1)
    return text


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
