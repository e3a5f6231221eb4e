"""The change log in the database: positions without gaps, in the order in which commits become visible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from starmodel.core.changes import Changes, Commit, Position
from starmodel.core.errors import CommandReusedError

from .records import change_rows, commit_from, log_row
from .schema import PREFIX

if TYPE_CHECKING:
    from sqlalchemy import Row

    from starmodel.core.typing import Key

    from .mapper import Tables
    from .schema import Bookkeeping

__all__ = ["CHANNEL", "RECEIPT_SECONDS", "Journal"]

CHANNEL = f"{PREFIX}log"
"""What Postgres calls out when the log has grown; only to wake those who then read it."""

RECEIPT_SECONDS = 24 * 60 * 60


class Journal:
    """Reads and writes the log by statements that are built once."""

    def __init__(self, own: Bookkeeping, tables: Tables, *, sqlite: bool) -> None:
        self._tables = tables
        head, log, change = own.head, own.log, own.change
        self._own = own
        self._head = select(head.c.epoch, head.c.number)
        self._lock = self._head.with_for_update()  # no more than a select on SQLite, whose lock is on the whole file
        self._advance = update(head).values(number=bindparam("to"))
        if not sqlite:  # who listens is woken when the transaction ends
            self._advance = self._advance.returning(func.pg_notify(CHANNEL, ""))
        self._add = insert(log)
        self._add_changes = insert(change)
        self._by_command = (
            select(log).where(log.c.command_id == bindparam("command")).order_by(log.c.number.desc()).limit(1)
        )
        self._after = (
            select(log).where(log.c.number > bindparam("after")).order_by(log.c.number).limit(bindparam("most"))
        )
        self._changes_in = (
            select(change)
            .where(change.c.number.in_(bindparam("numbers", expanding=True)))
            .order_by(change.c.number, change.c.place)
        )
        self._first = select(log.c.number).order_by(log.c.number).limit(1)
        self._of_entity = (
            select(change.c.number)
            .where(change.c.entity == bindparam("entity"), change.c.entity_id == bindparam("id"))
            .where(change.c.version > bindparam("after"))
            .order_by(change.c.version)
        )
        self._numbered = (
            select(log).where(log.c.number.in_(bindparam("numbers", expanding=True))).order_by(log.c.number)
        )

    def begin(self, connection: Connection, epoch: str) -> None:
        """Begin the log of a new database; one that is there goes on."""
        if connection.execute(self._head).first() is None:
            connection.execute(insert(self._own.head).values(id=1, epoch=epoch, number=0))

    def position(self, connection: Connection) -> Position:
        """Return the position of the newest commit."""
        epoch, number = connection.execute(self._head).one()
        return Position(epoch, number)

    def lock(self, connection: Connection) -> Position:
        """Return the position of the newest commit, which stays so until this transaction ends."""
        epoch, number = connection.execute(self._lock).one()
        return Position(epoch, number)

    def append(self, connection: Connection, commit: Commit, now: float) -> None:
        """Add *commit* at its position, the one after the newest."""
        connection.execute(self._add, log_row(commit, now))
        rows = change_rows(commit, self._tables)
        if rows:
            connection.execute(self._add_changes, rows)
        connection.execute(self._advance, {"to": commit.position.number})

    def receipt(self, command_id: str, fingerprint: str, now: float, connection: Connection) -> Commit | None:
        """Return the commit of a command of the last 24 hours; CommandReusedError for another body."""
        row = connection.execute(self._by_command, {"command": command_id}).first()
        if row is None or now - row.stored_at >= RECEIPT_SECONDS:
            return None
        if row.fingerprint != fingerprint:
            raise CommandReusedError(command_id)
        return replace(self._commits(connection, [row])[0], replayed=True)

    def commit_of(self, command_id: str, connection: Connection) -> Commit | None:
        """Return the newest commit of a command."""
        row = connection.execute(self._by_command, {"command": command_id}).first()
        return None if row is None else self._commits(connection, [row])[0]

    def after(self, position: Position, limit: int, connection: Connection) -> Changes:
        """Return the commits after *position*, or a gap when it cannot be resumed from."""
        newest = self.position(connection)  # first: what comes between makes the answer longer, and no gap
        rows = connection.execute(self._after, {"after": position.number, "most": limit}).all()
        if position.epoch != newest.epoch or position.number > newest.number:
            return Changes((), newest, gap=True)
        if not rows:
            return Changes((), position, gap=position.number < newest.number)
        if rows[0].number != position.number + 1:
            return Changes((), newest, gap=True)
        commits = self._commits(connection, rows, newest.epoch)
        return Changes(tuple(commits), commits[-1].position)

    def of_entity(self, key: Key, after_version: int, connection: Connection) -> Sequence[Commit]:
        """Return the commits that changed one entity beyond a version, oldest first."""
        entity, id = key
        found = connection.execute(self._of_entity, {"entity": entity, "id": id, "after": after_version})
        numbers = list(dict.fromkeys(found.scalars()))
        if not numbers:
            return ()
        return self._commits(connection, connection.execute(self._numbered, {"numbers": numbers}).all())

    def _commits(self, connection: Connection, rows: Sequence[Row[Any]], epoch: str | None = None) -> list[Commit]:
        known = epoch or self.position(connection).epoch
        found = connection.execute(self._changes_in, {"numbers": [row.number for row in rows]}).all()
        changes = {number: list(of_one) for number, of_one in groupby(found, lambda row: row.number)}
        return [commit_from(known, row, changes.get(row.number, ()), self._tables, replayed=False) for row in rows]
