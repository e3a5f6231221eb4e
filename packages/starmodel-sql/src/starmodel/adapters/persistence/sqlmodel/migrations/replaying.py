"""The tables as the revisions make them, which is what the code is compared with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, exc

from starmodel.adapters.persistence.sqlmodel.database import Database

from .applying import connected
from .errors import MigrationError
from .revisions import Revisions, current
from .scratch import scratch

__all__ = ["replayed"]


@contextmanager
def replayed(database: Database, revisions: Revisions) -> Iterator[Connection]:
    """Lend a connection to tables as *revisions* make them: in memory, else in *database* if it is at the head.

    What is done there is never kept.  MigrationError when they run in neither.
    """
    head = revisions.head
    with scratch() as connection:
        try:
            if head is not None:
                revisions.run(connection, head)
        except exc.SQLAlchemyError as error:
            failure = error
        else:
            yield connection
            return
    yield from _rolled_back(database, head, failure)


def _rolled_back(database: Database, head: str | None, failure: exc.SQLAlchemyError) -> Iterator[Connection]:
    if database.is_sqlite:
        raise MigrationError(f"the revisions cannot be replayed: {_first_line(failure)}") from failure
    with connected(database) as connection:
        if current(connection) != (head,):
            raise MigrationError(
                f"the revisions can only be run on Postgres ({_first_line(failure)}), and the database is not at "
                "the newest: starmodel migrate up"
            )
        connection.exec_driver_sql("BEGIN")
        try:
            yield connection
        finally:
            connection.exec_driver_sql("ROLLBACK")


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).partition("\n")[0]
