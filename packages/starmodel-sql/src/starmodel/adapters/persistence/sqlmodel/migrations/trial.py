"""Try a migration where it can do no harm: there, back and there again, on a copy with real rows."""

from __future__ import annotations

import glob
import os
import secrets
import shutil
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, MetaData, exc, text

from starmodel.adapters.persistence.sqlmodel.database import Database
from starmodel.adapters.persistence.sqlmodel.errors import store_error
from starmodel.adapters.persistence.sqlmodel.schema import is_own
from starmodel.adapters.persistence.sqlmodel.url import DatabaseUrl
from starmodel.core.errors import StarModelError

from .applying import IMMEDIATE, apply, connected, transaction
from .errors import MigrationError, TrialFailedError
from .ordering import in_order
from .revisions import VERSIONS, Revisions

__all__ = ["copied", "try_out"]

SAMPLE = 1_000
"""Rows of each table that a trial on Postgres is made with; on SQLite all of them."""

ABANDONED = 60 * 60
"""Seconds after which a copy that does not change belongs to nobody."""

_ENDS = ("", "-wal", "-shm", "-journal")
_MAY_NOT = ("42501",)  # insufficient_privilege


def try_out(database: Database, revisions: Revisions, start: str, to: str, *, down: bool) -> str | None:
    """Go from the revision *start* to another, back, and there again on a copy; TrialFailedError when that fails.

    Return why the trial was left out, or ``None`` when it was made.
    """
    try_it = _on_sqlite if database.is_sqlite else _on_postgres
    return try_it(database, revisions, start, to, down)


def _there_and_back(connection: Connection, revisions: Revisions, start: str, to: str, *, down: bool) -> None:
    there, back = ("down", "up") if down else ("up", "down")
    for step, where, is_down in ((there, to, down), (back, start, not down), (f"{there} again", to, down)):
        try:
            apply(connection, revisions, where, down=is_down)
        except (exc.SQLAlchemyError, StarModelError) as error:
            raise TrialFailedError(step, _reason(error)) from error


def _reason(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return next((line.strip() for line in str(cause).splitlines() if line.strip()), type(cause).__name__)


def _on_sqlite(database: Database, revisions: Revisions, start: str, to: str, down: bool) -> str | None:  # noqa: FBT001  (as try_out has it)
    source = Path(str(database.url.url.database))
    if not source.exists():
        return None  # an empty database: the migration itself is the trial
    needed = source.stat().st_size * 2
    if shutil.disk_usage(source.parent).free < needed:
        return f"there is no room for a copy of {source.name}"
    try:
        with copied(database) as copy, transaction(copy) as connection:
            _there_and_back(connection, revisions, start, to, down=down)
    except MigrationError as error:
        raise TrialFailedError("the check at the end", str(error)) from error
    return None


@contextmanager
def copied(database: Database) -> Iterator[Database]:
    """Lend a copy of an SQLite database, beside it so that it is on the same disk; its errors name the original."""
    source = Path(str(database.url.url.database))
    _forget_abandoned(source)
    path = source.with_name(f".{source.name}.trial-{secrets.token_hex(4)}")
    if source.exists():
        path.touch(mode=stat.S_IMODE(source.stat().st_mode))  # who may not read the one may not read the other
    try:
        with closing(sqlite3.connect(source)) as original, closing(sqlite3.connect(path)) as target:
            original.backup(target)
        copy = Database(DatabaseUrl(str(database.url.url.set(database=os.fspath(path)))))
        copy.url = database.url
        try:
            yield copy
        finally:
            copy.engine.dispose()
    except sqlite3.Error as error:
        raise store_error(OSError(str(error)), database.url) from error
    finally:
        for end in _ENDS:
            path.with_name(path.name + end).unlink(missing_ok=True)


def _forget_abandoned(source: Path) -> None:
    """Delete copies that nobody has written to for long: whoever made them was killed."""
    for path in source.parent.glob(f".{glob.escape(source.name)}.trial-????????"):
        parts = [path.with_name(path.name + end) for end in _ENDS]
        with suppress(OSError):
            if time.time() - max(part.stat().st_mtime for part in parts if part.exists()) > ABANDONED:
                for part in parts:
                    part.unlink(missing_ok=True)


def _on_postgres(database: Database, revisions: Revisions, start: str, to: str, down: bool) -> str | None:  # noqa: FBT001  (as try_out has it)
    """Build the tables in a schema of their own, in a transaction that is rolled back whatever happens."""
    schema = f"starmodel_trial_{secrets.token_hex(4)}"
    with connected(database) as connection:
        connection.exec_driver_sql("BEGIN")
        try:
            here = str(connection.exec_driver_sql("SELECT current_schema()").scalar())
            try:
                connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
            except exc.SQLAlchemyError as error:
                if getattr(getattr(error, "orig", None), "sqlstate", None) in _MAY_NOT:
                    return "this role may not create a schema"
                raise
            connection.exec_driver_sql(f"SET LOCAL search_path TO {schema}")
            connection.exec_driver_sql(IMMEDIATE)
            if start != "base":
                revisions.run(connection, start)
                _sample(connection, here, schema)
            _there_and_back(connection, revisions, start, to, down=down)
        finally:
            connection.exec_driver_sql("ROLLBACK")
    return None


def _sample(connection: Connection, source: str, schema: str) -> None:
    """Copy rows of each table, those that are referred to first, and of the others what refers to what was copied."""
    quote = connection.dialect.identifier_preparer.quote_identifier
    tables = MetaData()
    tables.reflect(connection)
    for table in in_order(tables.tables.values())[0]:
        if table.name == VERSIONS or is_own(table.name):
            continue
        names = ", ".join(quote(column.name) for column in table.columns)
        kept = [
            f"({quote(key.parent.name)} IS NULL OR {quote(key.parent.name)} IN "  # noqa: S608  (as below)
            f"(SELECT {quote(key.column.name)} FROM {quote(schema)}.{quote(key.column.table.name)}))"
            for key in table.foreign_keys
            if key.column.table is not table
        ]
        where = f" WHERE {' AND '.join(kept)}" if kept else ""
        order = (
            f" ORDER BY {', '.join(quote(column.name) for column in table.primary_key)}" if table.primary_key else ""
        )
        connection.execute(
            text(
                f"INSERT INTO {quote(schema)}.{quote(table.name)} ({names}) "  # noqa: S608  (names out of the database, quoted)
                f"SELECT {names} FROM {quote(source)}.{quote(table.name)}{where}{order} LIMIT {SAMPLE}"
            )
        )
