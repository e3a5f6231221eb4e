"""Bring a database to a revision: in one transaction, one process at a time, after a trial on a copy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from alembic.script import Script
from sqlalchemy import Connection, MetaData, exc, inspect

from starmodel.adapters.persistence.sqlmodel.database import Database
from starmodel.adapters.persistence.sqlmodel.schema import PREFIX, is_own
from starmodel.core.errors import StarModelError

from .comparing import differences, each
from .errors import MigrationError
from .revisions import VERSIONS, Revisions, current
from .scratch import scratch

__all__ = ["IMMEDIATE", "apply", "beginning", "connected", "overtaken", "transaction", "without_triggers"]

LOCK = 5_782_076_301
"""The advisory lock of Postgres for whoever sees to the tables."""
PATIENCE = "5s"
"""How long a migration on Postgres waits for a lock, with everybody else in line behind it."""

SQLITE_PATIENCE = 30
"""Seconds that one on SQLite waits: for others that see to the tables at the same start, for example."""

IMMEDIATE = "SET CONSTRAINTS ALL IMMEDIATE"
"""Postgres changes no table on which the check of a reference is still to be made."""


@contextmanager
def connected(database: Database) -> Iterator[Connection]:
    """Lend a connection on which each statement counts at once; StoreError says why there is none."""
    try:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            yield connection
    except exc.SQLAlchemyError as error:
        inner = getattr(error, "orig", None)
        if isinstance(inner, StarModelError):
            raise inner from error
        raise database.failure(error) from error


@contextmanager
def transaction(database: Database) -> Iterator[Connection]:
    """Lend a connection within one transaction, which nobody else changes tables besides."""
    with connected(database) as connection:
        begin = _on_sqlite if database.is_sqlite else _on_postgres
        with begin(connection):
            yield connection


@contextmanager
def _on_sqlite(connection: Connection) -> Iterator[None]:
    """References are checked at the end: a table that is made anew is gone for a moment."""
    connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
    connection.exec_driver_sql(f"PRAGMA busy_timeout={SQLITE_PATIENCE * 1000}")
    try:
        with _ended(connection, "BEGIN IMMEDIATE"):
            yield
            _refuse_broken_references(connection)
    finally:
        connection.exec_driver_sql("PRAGMA foreign_keys=ON")


def _refuse_broken_references(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        table, _, parent, _ = broken[0]
        raise MigrationError(f"{len(broken)} rows refer to nothing, the first in {table}, to {parent}")


@contextmanager
def _on_postgres(connection: Connection) -> Iterator[None]:
    begin, *rest = beginning()
    with _ended(connection, begin):
        for statement in rest:
            connection.exec_driver_sql(statement)
        yield


def beginning() -> list[str]:
    """Return the statements with which the transaction of a migration on Postgres begins."""
    wait = f"SET LOCAL lock_timeout = '{PATIENCE}'"
    return ["BEGIN", f"SELECT pg_advisory_xact_lock({LOCK})", wait, IMMEDIATE]


@contextmanager
def _ended(connection: Connection, begin: str) -> Iterator[None]:
    connection.exec_driver_sql(begin)
    try:
        yield
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        with suppress(exc.SQLAlchemyError):
            connection.exec_driver_sql("ROLLBACK")
        raise


def apply(connection: Connection, revisions: Revisions, to: str, *, down: bool = False) -> None:
    """Run the revisions that lead *to* one, after taking our triggers away: they note changes by other programs."""
    for statement in without_triggers(connection):
        connection.exec_driver_sql(statement)
    if not down:
        _mark_what_is_there(connection, revisions, to)
    revisions.run(connection, to, down=down)


def without_triggers(connection: Connection) -> list[str]:
    """Return the statements that take our triggers away."""
    quote = connection.dialect.identifier_preparer.quote_identifier
    if connection.dialect.name == "sqlite":
        found = connection.exec_driver_sql("SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'")
    else:
        found = connection.exec_driver_sql(
            "SELECT tgname, relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
            "WHERE NOT tgisinternal AND pg_table_is_visible(tgrelid)"
        )
    of = "" if connection.dialect.name == "sqlite" else " ON {}"
    return [
        f"DROP TRIGGER {quote(name)}{of.format(quote(table))}"
        for name, table in found.fetchall()
        if name.startswith(PREFIX)
    ]


def overtaken(connection: Connection, revisions: Revisions) -> Script | None:
    """Return the pending revision whose tables the database has already, because development added them; or ``None``.

    A database that is as its own revision says has been overtaken by nothing: what is pending may be a change of data.
    """
    at = current(connection)
    pending = revisions.pending(at)
    names = set(inspect(connection).get_table_names())
    if not pending or not any(name != VERSIONS and not is_own(name) for name in names):
        return None
    known = names & _ever_made(revisions)
    if not known or _fits(connection, revisions, at[0] if at else "base", known):
        return None
    return next((one for one in pending if _fits(connection, revisions, one.revision, known)), None)


def _mark_what_is_there(connection: Connection, revisions: Revisions, to: str) -> None:
    found = overtaken(connection, revisions)
    order = [one.revision for one in revisions.in_order()]
    if found is not None and order.index(found.revision) <= order.index(to):
        revisions.mark(connection, found.revision)


def _ever_made(revisions: Revisions) -> set[str]:
    made: set[str] = set()
    with scratch() as replayed:
        for one in revisions.in_order():
            revisions.run(replayed, one.revision)
            made |= set(inspect(replayed).get_table_names())
    return made - {VERSIONS}


def _fits(connection: Connection, revisions: Revisions, at: str, known: Sequence[str] | set[str]) -> bool:
    """Tell whether the tables in the database are those that the revisions up to *at* make."""
    with scratch() as replayed:
        if at != "base":
            revisions.run(replayed, at)
        tables = MetaData()
        tables.reflect(replayed, only=[name for name in inspect(replayed).get_table_names() if name != VERSIONS])
        return not list(each(differences(connection, tables, known)))
