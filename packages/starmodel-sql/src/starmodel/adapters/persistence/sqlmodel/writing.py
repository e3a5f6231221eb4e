"""One commit: every write checked against the version it was made on, the log, and nothing in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Table, bindparam, delete, exists, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from starmodel.core.changes import Changeset, Commit, Position, Write, sealed
from starmodel.core.errors import ConflictError, GoneError

from .mapper import EXPIRES, VERSION
from .statements import Prepared
from .triggers import DELETED

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Dialect, Executable

    from starmodel.core.entity import Entity

    from .journal import Journal
    from .mapper import Mapper, Tables
    from .outbox import Outbox
    from .outside import Outside

__all__ = ["Writer"]


class Writer:
    """Stores changesets."""

    def __init__(self, tables: Tables, journal: Journal, outside: Outside, outbox: Outbox, dialect: Dialect) -> None:
        self._dialect = dialect
        self._sqlite = sqlite = dialect.name == "sqlite"
        self._insert: Callable[[Table], Any] = sqlite_insert if sqlite else postgres_insert
        self._tables = tables
        self._journal, self._outside, self._outbox = journal, outside, outbox
        self._statements: dict[tuple[Any, ...], Prepared | Executable] = {}

    def commit(
        self, changeset: Changeset, at: datetime, now: float, tried: list[Commit], connection: Connection
    ) -> Commit:
        """Store *changeset* within the transaction of *connection*, or raise.

        *tried* holds what this made of it before, when the answer of the database was lost: the very same commit in
        the log is then no repetition, but the one that was to be made.
        """
        command = changeset.command
        newest, may_be_known = self._newest(changeset, at, now, connection)
        earlier = may_be_known and self._journal.receipt(command.id, changeset.fingerprint, now, connection)
        if earlier:
            same = (one for one in tried if (one.position, one.at) == (earlier.position, earlier.at))
            return next(same, earlier)
        self._check_base(connection, changeset)
        commit = sealed(changeset, Position(newest.epoch, newest.number + 1), at)
        tried.append(commit)
        versions = [change.version for change in commit.changes]
        self._apply(connection, list(zip(changeset.writes, versions, strict=True)), now)
        self._outbox.add(connection, changeset.owed, commit.position.number)
        self._journal.append(connection, commit, now)
        return commit

    def _newest(self, changeset: Changeset, at: datetime, now: float, connection: Connection) -> tuple[Position, bool]:
        """Return the newest position, locked, after what others had to add; and whether the command may be known."""
        if self._sqlite:
            newest, is_waiting, was_sent = self._journal.look(connection, changeset.command.id)
            return (self._absorbed(newest, at, now, connection) if is_waiting else newest), was_sent
        self._hold_rows(changeset.writes, connection)
        return self.absorb(at, now, connection), True

    def _check_base(self, connection: Connection, changeset: Changeset) -> None:
        """Refuse what was built on a commit that was on its way then, and has not come to be."""
        write = changeset.target
        if changeset.built_on is None or write is None:
            return
        key = (write.kind.__entity_name__, write.id)
        if not self._journal.was_made_by(changeset.built_on, key, write.expected, connection):
            raise ConflictError(" ".join(key), write.expected, write.expected - 1)

    def rehearse(self, changeset: Changeset, now: float, connection: Connection) -> None:
        """Make the writes of *changeset*, with versions of no meaning, in a transaction that is taken back."""
        if not self._sqlite:
            self._hold_rows(changeset.writes, connection)
        self._apply(connection, [(write, write.expected + 1) for write in changeset.writes], now)

    def _hold_rows(self, writes: Sequence[Write], connection: Connection) -> None:
        """Wait for other programs that hold the same rows, before the lock on the log lets everybody wait for this.

        In one order everywhere, so that no two of these wait for each other; and shared with who only refers to one.
        """
        by_kind: dict[str, list[Write]] = {}
        for write in writes:
            by_kind.setdefault(write.kind.__entity_name__, []).append(write)
        for _, of_kind in sorted(by_kind.items()):
            mapper = self._tables.of(of_kind[0].kind)
            self._run(connection, mapper, "hold", _held, ids=[write.id for write in of_kind])

    def absorb(self, at: datetime, now: float, connection: Connection) -> Position:
        """Take what other programs changed into the log; return the newest position, locked."""
        newest, is_waiting = self._journal.lock_and_look(connection)
        return self._absorbed(newest, at, now, connection) if is_waiting else newest

    def _absorbed(self, newest: Position, at: datetime, now: float, connection: Connection) -> Position:
        for commit in self._outside.commits(connection, newest, at):
            self._journal.append(connection, commit, now)
            newest = commit.position
        return newest

    def _apply(self, connection: Connection, writes: Sequence[tuple[Write, int]], now: float) -> None:
        """Store each write with its version.

        What goes is only marked at first: a reference to it that the database itself empties is then in nobody's way.
        What is new comes last, and may have a unique value of what went.
        """
        gone = [write for write, _ in writes if write.after is None]
        for write in gone:
            self._change(connection, write, DELETED, now, {})
        for write, version in writes:
            if write.after is not None and write.expected:
                self._update(connection, write, write.after, version, now)
        for write in gone:
            self._run(connection, self._tables.of(write.kind), "delete", _delete_of, _id=write.id)
        for write, version in writes:
            if write.after is not None and not write.expected:
                self._create(connection, write, write.after, version, now)

    def _create(self, connection: Connection, write: Write, after: Entity, version: int, now: float) -> None:
        mapper = self._tables.of(write.kind)
        values = mapper.values(after, mapper.fields, sqlite=self._sqlite)
        if mapper.ttl is not None:
            values[EXPIRES] = now + mapper.ttl
            self.free_expired(mapper, now, connection, None if mapper.is_unique else write.id)
        values[VERSION] = version
        if not self._run(connection, mapper, "create", self._creation, **values):
            self._refuse(connection, write, now)

    def _update(self, connection: Connection, write: Write, after: Entity, version: int, now: float) -> None:
        mapper, before = self._tables.of(write.kind), write.before
        names = [name for name in mapper.fields if before is None or getattr(before, name) is not getattr(after, name)]
        values = mapper.values(after, names, sqlite=self._sqlite)
        if mapper.ttl is not None:
            values[EXPIRES] = now + mapper.ttl
            if mapper.is_unique:  # what has expired has its values no more
                self.free_expired(mapper, now, connection)
        self._change(connection, write, version, now, values)

    def _change(
        self, connection: Connection, write: Write, version: int, now: float, values: Mapping[str, Any]
    ) -> None:
        mapper = self._tables.of(write.kind)
        statement = self._statement(mapper, ("update", *values), lambda of: _update_of(of, tuple(values)))
        parameters = {
            "_id": write.id,
            "_expected": write.expected,
            "_next": version,
            **mapper.moment(now),
            **{f"_new_{name}": value for name, value in values.items()},
        }
        if isinstance(statement, Prepared):
            changed = statement.changed(connection, **parameters)
        else:
            changed = connection.execute(statement, parameters).rowcount
        if not changed:
            self._refuse(connection, write, now)

    def _refuse(self, connection: Connection, write: Write, now: float) -> None:
        mapper = self._tables.of(write.kind)
        found = self._run(connection, mapper, "version", _version_of, _id=write.id, **mapper.moment(now))
        if not found:
            raise GoneError(mapper.name, write.id)
        raise ConflictError(f"{mapper.name} {write.id}", write.expected, found[0][0])

    def free_expired(self, mapper: Mapper[Any], now: float, connection: Connection, id: str | None = None) -> int:
        """Delete what has expired and is not referred to, or only the entity *id* if it has; return how many that were.

        It is no change: nobody could read it any more.
        """
        only = {} if id is None else {"_id": id}
        expired = ("expired", *only)
        found = self._run(
            connection, mapper, expired, lambda of: _expired_of(of, one=bool(only)), _deleted=DELETED, _now=now, **only
        )
        if found:
            self._run(connection, mapper, "marked", _marked_of)
        return len(found)

    def _run(
        self,
        connection: Connection,
        mapper: Mapper[Any],
        shape: Any,
        build: Callable[[Mapper[Any]], Executable],
        /,
        **parameters: Any,
    ) -> Sequence[Sequence[Any]]:
        """Run the statement of this *shape* and return the rows it gives."""
        known = self._statement(mapper, shape, build)
        if isinstance(known, Prepared):
            return known(connection, **parameters)
        found = connection.execute(known, parameters)
        return found.all() if found.returns_rows else ()

    def _statement(
        self, mapper: Mapper[Any], shape: Any, build: Callable[[Mapper[Any]], Executable]
    ) -> Prepared | Executable:
        """Return the statement of this *shape*, built when it is first needed."""
        key = (mapper.kind, shape)
        known = self._statements.get(key)
        if known is None:
            made = build(mapper)
            prepared = Prepared(made, self._dialect)
            known = self._statements[key] = prepared if prepared.is_whole else made
        return known

    def _creation(self, mapper: Mapper[Any]) -> Executable:
        id = mapper.table.c.id
        made: Executable = self._insert(mapper.table).on_conflict_do_nothing(index_elements=[id]).returning(id)
        return made


def _update_of(mapper: Mapper[Any], names: tuple[str, ...]) -> Executable:
    table = mapper.table
    new = {name: bindparam(f"_new_{name}", type_=table.c[name].type) for name in names}
    return (
        update(table)
        .where(table.c.id == bindparam("_id"), mapper.version == bindparam("_expected"), *mapper.alive)
        .values({**new, VERSION: bindparam("_next")})
    )


def _held(mapper: Mapper[Any]) -> Executable:
    id = mapper.table.c.id
    return select(id).where(id.in_(bindparam("ids", expanding=True))).order_by(id).with_for_update(key_share=True)


def _delete_of(mapper: Mapper[Any]) -> Executable:
    return delete(mapper.table).where(mapper.table.c.id == bindparam("_id"))


def _expired_of(mapper: Mapper[Any], *, one: bool) -> Executable:
    table = mapper.table
    only = [table.c.id == bindparam("_id")] if one else list(_unreferred(table))
    expired = update(table).where(table.c[EXPIRES] <= bindparam("_now"), *only)
    return expired.values({VERSION: bindparam("_deleted")}).returning(table.c.id)


def _unreferred(table: Table) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions that nothing refers to a row, which the database would not let go."""
    for other in table.metadata.tables.values():
        child = other.alias()
        for column in other.columns:
            if any(key.column is table.c.id and key.ondelete is None for key in column.foreign_keys):
                yield ~exists().where(child.c[column.name] == table.c.id)


def _marked_of(mapper: Mapper[Any]) -> Executable:
    return delete(mapper.table).where(mapper.version == DELETED)


def _version_of(mapper: Mapper[Any]) -> Executable:
    return select(mapper.version).where(mapper.table.c.id == bindparam("_id"), *mapper.alive)
