"""What a commit would say, found out by writing everything in a transaction that is taken back.

References are checked by the database when a transaction ends, which this one never does: so they are looked at here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, and_, bindparam, exists, select

from starmodel.core.rules import missing

from .rules import still_needed
from .statements import run_raw

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, ForeignKeyConstraint, Select, Table

    from starmodel.core.changes import Changeset, Write

    from .mapper import Tables
    from .writing import Writer

__all__ = ["Rehearsal"]

_EMPTIED = ("CASCADE", "SET DEFAULT", "SET NULL")


class Rehearsal:
    """Makes the writes of a changeset and looks at what a commit would."""

    def __init__(self, tables: Tables, writer: Writer, *, sqlite: bool) -> None:
        self._tables, self._writer, self._sqlite = tables, writer, sqlite
        self._statements: dict[tuple[Any, ...], Select[Any]] = {}

    def run(self, changeset: Changeset, now: float, connection: Connection) -> None:
        """Raise what is wrong with *changeset*; the transaction of *connection* is to be taken back either way."""
        self._writer.rehearse(changeset, now, connection)
        if not self._sqlite:
            run_raw(connection, "SET CONSTRAINTS ALL IMMEDIATE")
            return
        for write in changeset.writes:  # SQLite cannot be asked for these rows alone
            if write.after is None:
                self._refuse_needed(write, connection)
            else:
                self._refuse_missing(write, connection)

    def _refuse_missing(self, write: Write, connection: Connection) -> None:
        table = self._tables.of(write.kind).table
        for key in table.foreign_key_constraints:
            if not _is_new(key, write):
                continue
            if self._finds((key, "missing"), lambda key=key: _dangling(table, key), write, connection):
                raise missing(list(key.column_keys))

    def _refuse_needed(self, write: Write, connection: Connection) -> None:
        table = self._tables.of(write.kind).table
        for child, key in _leading_to(table):
            if self._finds((key, "needed"), lambda child=child, key=key: _orphan(child, key), write, connection):
                raise still_needed(child.name)

    def _finds(self, shape: tuple[Any, ...], build: Any, write: Write, connection: Connection) -> bool:
        statement = self._statements.get(shape)
        if statement is None:
            statement = self._statements[shape] = build()
        return connection.execute(statement, {"_id": write.id}).first() is not None


def _is_new(key: ForeignKeyConstraint, write: Write) -> bool:
    """Tell whether *write* sets the reference; one that was broken before is no fault of it."""
    before, after = write.before, write.after
    return before is None or any(getattr(before, name, None) != getattr(after, name, None) for name in key.column_keys)


def _leading_to(table: Table) -> Iterator[tuple[Table, ForeignKeyConstraint]]:
    """Yield the references by id to the rows of *table* which the database would not let go."""
    for child in table.metadata.tables.values():
        for key in child.foreign_key_constraints:
            if (key.ondelete or "").upper() not in _EMPTIED and [one.column for one in key.elements] == [table.c.id]:
                yield child, key


def _is_held(key: ForeignKeyConstraint, child: Any) -> ColumnElement[bool]:
    """Return the condition that what *child* refers to is there; an empty reference refers to nothing."""
    target = key.referred_table.alias()
    pairs = [(child.c[one.parent.key], target.c[one.column.key]) for one in key.elements]
    return exists().where(and_(*(there == here for here, there in pairs)))


def _dangling(table: Table, key: ForeignKeyConstraint) -> Select[Any]:
    filled = [table.c[name].is_not(None) for name in key.column_keys]
    return select(table.c.id).where(table.c.id == bindparam("_id"), *filled, ~_is_held(key, table))


def _orphan(child: Table, key: ForeignKeyConstraint) -> Select[Any]:
    column = child.c[key.column_keys[0]]
    return select(column).where(column == bindparam("_id"), ~_is_held(key, child)).limit(1)
