"""The change log in the database: positions without gaps, in the order in which commits become visible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from starmodel.core.changes import Changes, Commit, Position
from starmodel.core.errors import CommandReusedError

from .records import ChangeRow, change_rows, commit_from, log_row
from .schema import PREFIX
from .statements import Prepared

if TYPE_CHECKING:
    from sqlalchemy import Dialect, Row, Select

    from starmodel.core.typing import Key

    from .mapper import Tables
    from .schema import Bookkeeping

__all__ = ["CHANNEL", "MAX_VERSION", "RECEIPT_SECONDS", "Journal"]

CHANNEL = f"{PREFIX}log"
"""What Postgres calls out when the log has grown; only to wake those who then read it."""

RECEIPT_SECONDS = 24 * 60 * 60

MAX_VERSION = 2**63 - 1
"""Above every version."""


class Journal:
    """Reads and writes the log by statements that are built once."""

    def __init__(self, own: Bookkeeping, tables: Tables, dialect: Dialect) -> None:
        self._tables = tables
        head, log, change = own.head, own.log, own.change
        self._own = own
        self._head = Prepared(select(head.c.epoch, head.c.number), dialect)
        noted = select(own.outside.c.number).exists()
        # FOR UPDATE says nothing on SQLite, whose lock is on the whole file.
        self._lock = Prepared(select(head.c.epoch, head.c.number, noted).with_for_update(), dialect)
        sent_before = select(log.c.number).where(log.c.command_id == bindparam("command")).exists()
        self._look = Prepared(select(head.c.epoch, head.c.number, noted, sent_before), dialect)
        advance = update(head).values(number=bindparam("to"))
        if dialect.name != "sqlite":  # who listens is woken when the transaction ends
            advance = advance.returning(func.pg_notify(CHANNEL, ""))
        self._advance = Prepared(advance, dialect)
        self._add = Prepared(insert(log), dialect)
        self._add_change = Prepared(insert(change), dialect)
        of_command = log.c.command_id == bindparam("command")
        self._sent = Prepared(
            select(log.c.stored_at, log.c.fingerprint).where(of_command).order_by(log.c.number.desc()).limit(1), dialect
        )
        self._by_command = select(log).where(of_command).order_by(log.c.number.desc()).limit(1)
        self._after = (
            select(log).where(log.c.number > bindparam("after")).order_by(log.c.number).limit(bindparam("most"))
        )
        self._changes_in = (
            select(change)
            .where(change.c.number.in_(bindparam("numbers", expanding=True)))
            .order_by(change.c.number, change.c.place)
        )
        self._maker = Prepared(
            select(log.c.command_id)
            .join(change, change.c.number == log.c.number)
            .where(change.c.entity == bindparam("entity"), change.c.entity_id == bindparam("id"))
            .where(change.c.version == bindparam("version")),
            dialect,
        )
        of_entity = (
            select(change.c.number)
            .where(change.c.entity == bindparam("entity"), change.c.entity_id == bindparam("id"))
            .where(change.c.version > bindparam("after"), change.c.version < bindparam("before"))
        )
        self._of_entity = self._told(of_entity)
        self._newest_of_entity = self._told(of_entity.order_by(change.c.version.desc()).limit(bindparam("most")))

    def _told(self, numbers: Select[tuple[int]]) -> Select[Any]:
        """Return the one statement for all of the commits of these *numbers*, oldest first.

        Each change is a row, named ``of_…``; the commit itself stands in the row of its first change.
        """
        head, log, change = self._own.head, self._own.log, self._own.change
        wanted = select(numbers.subquery().c.number).distinct().subquery()
        first = (log.c.number == change.c.number) & (change.c.place == 0)
        tables = wanted.join(change, change.c.number == wanted.c.number).outerjoin(log, first)
        epoch = select(head.c.epoch).scalar_subquery().label("epoch")
        changed = [column.label(f"of_{column.name}") for column in change.c]
        return select(epoch, *changed, log).select_from(tables).order_by(change.c.number, change.c.place)

    def begin(self, connection: Connection, epoch: str) -> None:
        """Begin the log of a new database; one that is there goes on."""
        if not self._head(connection):
            connection.execute(insert(self._own.head).values(id=1, epoch=epoch, number=0))

    def position(self, connection: Connection) -> Position:
        """Return the position of the newest commit."""
        ((epoch, number),) = self._head(connection)
        return Position(epoch, number)

    def lock(self, connection: Connection) -> Position:
        """Return the position of the newest commit, which stays so until this transaction ends."""
        return self.lock_and_look(connection)[0]

    def lock_and_look(self, connection: Connection) -> tuple[Position, bool]:
        """Do what :meth:`lock` does, and tell whether other programs' changes wait for their place in the log."""
        [(epoch, number, is_waiting)] = self._lock(connection)
        return Position(epoch, number), bool(is_waiting)

    def look(self, connection: Connection, command_id: str) -> tuple[Position, bool, bool]:
        """Do what :meth:`lock_and_look` does where the transaction has the lock; and tell if a command is in the log.

        All in one statement, which is half of the time; Postgres, which waits for the lock, would see what was before.
        """
        [(epoch, number, is_waiting, was_sent)] = self._look(connection, command=command_id)
        return Position(epoch, number), bool(is_waiting), bool(was_sent)

    def append(self, connection: Connection, commit: Commit, now: float) -> None:
        """Add *commit* at its position, the one after the newest."""
        self._add(connection, **log_row(commit, now))
        for row in change_rows(commit, self._tables):
            self._add_change(connection, **row)
        self._advance(connection, to=commit.position.number)

    def receipt(self, command_id: str, fingerprint: str, now: float, connection: Connection) -> Commit | None:
        """Return the commit of a command of the last 24 hours; CommandReusedError for another body."""
        for stored_at, sent in self._sent(connection, command=command_id):
            if now - stored_at >= RECEIPT_SECONDS:
                break
            if sent != fingerprint:
                raise CommandReusedError(command_id)
            first = self.commit_of(command_id, connection)
            return None if first is None else replace(first, replayed=True)
        return None

    def was_made_by(self, command_id: str, key: Key, version: int, connection: Connection) -> bool:
        """Tell whether that version of an entity was made by that command."""
        entity, id = key
        return (command_id,) in [tuple(row) for row in self._maker(connection, entity=entity, id=id, version=version)]

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

    def of_entity(
        self, key: Key, after: int, before: int, limit: int | None, connection: Connection
    ) -> Sequence[Commit]:
        """Return the commits that changed one entity between two versions, oldest first; the newest *limit* of them."""
        entity, id = key
        asked = {"entity": entity, "id": id, "after": after, "before": before}
        if limit is None:
            rows = connection.execute(self._of_entity, asked)
        else:
            rows = connection.execute(self._newest_of_entity, {**asked, "most": limit})
        told = [list(of_one) for _, of_one in groupby(rows, lambda row: row.of_number)]
        return [
            commit_from(first.epoch, first, [ChangeRow.of(row) for row in (first, *rest)], self._tables, replayed=False)
            for first, *rest in told
        ]

    def _commits(self, connection: Connection, rows: Sequence[Row[Any]], epoch: str | None = None) -> list[Commit]:
        known = epoch or self.position(connection).epoch
        found = connection.execute(self._changes_in, {"numbers": [row.number for row in rows]}).all()
        changes = {number: list(of_one) for number, of_one in groupby(found, lambda row: row.number)}
        return [commit_from(known, row, changes.get(row.number, ()), self._tables, replayed=False) for row in rows]
