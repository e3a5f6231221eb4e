"""Changes by other programs: triggers on the entities' tables note them, and they get a place in the log like others.

A statement of this store always moves the version of a row; one that does not came from elsewhere.  The trigger then
moves the version itself, so that an event running on the old state conflicts and runs again, and writes down the values
before and after.  Whoever commits next, or looks for news, turns what was noted into commits by the actor
``database``: open pages show it, it has a history, and it can be undone.
"""

# ruff: noqa: S608  (the statements are made of the names of tables and columns, each quoted)

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, Connection, bindparam, delete, select, text

from starmodel.core.changes import Change, Commit, Position
from starmodel.core.commands import Command
from starmodel.core.secrecy import secret_fields

from .mapper import VERSION
from .schema import PREFIX, shortened
from .texts import TextOf, from_text, postgres_text, sqlite_text
from .types import Json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Row

    from .mapper import Mapper, Tables
    from .schema import Bookkeeping

__all__ = ["ACTOR", "DELETED", "Outside", "install"]

ACTOR = "database"
"""Who stands in the log for a change that another program made."""

DELETED = -1
"""The version of a row that is about to go, by which its trigger knows that it is this store that deletes it."""

_POSTGRES_TRIGGERS = text(
    "SELECT t.tgname, p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid "
    "WHERE t.tgrelid = to_regclass(:table) AND NOT t.tgisinternal"
)

_CHUNK = 40
"""Fields in one call of a database's function that makes a JSON object; their arguments are limited."""


class Outside:
    """Takes what triggers noted into the log."""

    def __init__(self, own: Bookkeeping, tables: Tables, *, sqlite: bool) -> None:
        self._own, self._tables, self._sqlite = own, tables, sqlite
        noted = own.outside
        is_known = noted.c.entity.in_(bindparam("known", expanding=True))
        self._any = select(noted.c.number).where(is_known).limit(1)
        self._noted = select(noted).where(is_known).order_by(noted.c.number).limit(1000)
        self._forget = delete(noted).where(noted.c.number.in_(bindparam("numbers", expanding=True)))

    def is_waiting(self, connection: Connection) -> bool:
        """Tell whether anything was noted that is not in the log yet; classes of other applications are theirs."""
        return connection.execute(self._any, {"known": self._known}).first() is not None

    @property
    def _known(self) -> list[str]:
        return [mapper.name for mapper in self._tables]

    def commits(self, connection: Connection, newest: Position, at: datetime) -> list[Commit]:
        """Return what was noted as the commits after *newest*, and forget the notes."""
        rows = connection.execute(self._noted, {"known": self._known}).all()
        if not rows:
            return []
        connection.execute(self._forget, {"numbers": [row.number for row in rows]})
        return [
            self._commit(row, Position(newest.epoch, newest.number + place), at) for place, row in enumerate(rows, 1)
        ]

    def _commit(self, row: Row[Any], position: Position, at: datetime) -> Commit:
        mapper = self._tables.named(row.entity)
        assert mapper is not None, "only what is known was asked for"  # noqa: S101  (see commits())
        change = self._change(row, mapper)
        event = "create" if change.before is None else "delete" if change.after is None else "update"
        args = mapper.plain(change.after or {})
        command = Command(
            entity=row.entity,
            event=event,
            entity_id=row.entity_id,
            args=args,
            id=f"{ACTOR}-{position}",
            actor=ACTOR,
            at=at,
        )
        return Commit(position, command, ACTOR, (change,), (), None, at)

    def _change(self, row: Row[Any], mapper: Mapper[Any]) -> Change:
        before, after = self._values(mapper, row.before), self._values(mapper, row.after)
        secret = secret_fields(mapper.kind)
        names = [name for name in mapper.fields if name != "id"]
        if before is not None and after is not None:
            names = [name for name in names if before.get(name) != after.get(name)]
        else:
            names = list(mapper.fields)
        shown = [name for name in names if name not in secret]
        return Change(
            row.entity,
            row.entity_id,
            row.version,
            None if before is None else {name: before.get(name) for name in shown},
            None if after is None else {name: after.get(name) for name in shown},
            tuple(name for name in names if name in secret),
        )

    def _values(self, mapper: Mapper[Any], written: str | None) -> Mapping[str, Any] | None:
        if written is None:
            return None
        noted = json.loads(written)
        secret = secret_fields(mapper.kind)
        return {
            name: noted.get(name) if name in secret else from_text(mapper.table.c[name].type, noted.get(name))
            for name in mapper.fields
        }


def install(connection: Connection, mapper: Mapper[Any]) -> None:
    """Put the triggers on the table of *mapper*, if they are not there as they should be."""
    make = _sqlite_triggers if connection.dialect.name == "sqlite" else _postgres_triggers
    make(connection, mapper)


def _quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote_identifier(name)


def _literal(word: str) -> str:
    return "'" + word.replace("'", "''") + "'"


def _sqlite_triggers(connection: Connection, mapper: Mapper[Any]) -> None:
    there = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    known: dict[str, str] = dict(tuple(row) for row in there)
    for event, (when, steps) in _bodies(connection, mapper, sqlite_text).items():
        name = _trigger(mapper, event)
        table = _quoted(connection, mapper.table.name)
        steps_text = " ".join(f"{step};" for step in steps)
        wanted = (
            f"CREATE TRIGGER {_quoted(connection, name)} AFTER {event} ON {table} WHEN {when} BEGIN {steps_text} END"
        )
        if known.get(name) != wanted:
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {_quoted(connection, name)}")
            connection.exec_driver_sql(wanted)


def _postgres_triggers(connection: Connection, mapper: Mapper[Any]) -> None:
    table = _quoted(connection, mapper.table.name)
    there = connection.execute(_POSTGRES_TRIGGERS, {"table": table})
    known: dict[str, str] = dict(tuple(row) for row in there)
    for event, (when, steps) in _bodies(connection, mapper, postgres_text).items():
        name = _trigger(mapper, event)
        quoted = _quoted(connection, name)
        steps_text = " ".join(f"{step};" for step in (*steps, f"PERFORM pg_notify('{PREFIX}log', '')"))
        body = f" /* when {when} */ BEGIN {steps_text} RETURN NULL; END "
        if known.get(name) == body:
            continue  # making it anew would wait for everybody who writes, and hold up everybody who wants to
        _run(
            connection,
            f"CREATE OR REPLACE FUNCTION {quoted}() RETURNS trigger LANGUAGE plpgsql AS $starmodel${body}$starmodel$",
        )
        _run(
            connection,
            f"CREATE OR REPLACE TRIGGER {quoted} AFTER {event} ON {table} FOR EACH ROW WHEN ({when}) "
            f"EXECUTE FUNCTION {quoted}()",
        )


def _trigger(mapper: Mapper[Any], event: str) -> str:
    return shortened(f"{PREFIX}outside_{mapper.table.name}_{event.lower()}")


def _run(connection: Connection, statement: str) -> None:
    connection.execute(text(statement))


def _bodies(connection: Connection, mapper: Mapper[Any], text_of: TextOf) -> dict[str, tuple[str, list[str]]]:
    """Return for each kind of statement when its trigger acts and what it does."""
    table, version = _quoted(connection, mapper.table.name), _quoted(connection, VERSION)
    columns = [_quoted(connection, name) for name in mapper.fields]
    differ = "IS NOT" if connection.dialect.name == "sqlite" else "IS DISTINCT FROM"
    differs = " OR ".join(
        f"{_compared(mapper, name, 'OLD', column)} {differ} {_compared(mapper, name, 'NEW', column)}"
        for name, column in zip(mapper.fields, columns, strict=True)
    )

    def values(row: str, *, compared: bool = False) -> str:
        secret = secret_fields(mapper.kind)
        pairs = []
        for name, column in zip(mapper.fields, columns, strict=True):
            shown = text_of(mapper.table.c[name].type, f"{row}.{column}")
            if name in secret:  # only that it changed
                shown = f"CASE WHEN OLD.{column} {differ} NEW.{column} THEN 'changed' END" if compared else "NULL"
            pairs.append(f"{_literal(name)}, {shown}")
        return _object(connection, pairs)

    def note(row: str, at: str, before: str, after: str) -> str:
        return (
            f"INSERT INTO {PREFIX}outside (entity, entity_id, version, before, after) "
            f"VALUES ({_literal(mapper.name)}, {row}.id, {at}, {before}, {after})"
        )

    # A new row begins above every version that a row of this id may have had: each note becomes a commit.
    first = (
        f"UPDATE {table} SET {version} = (SELECT number FROM {PREFIX}head) + 1 + "
        f"(SELECT count(*) FROM {PREFIX}outside) WHERE id = NEW.id"
    )
    given = f"(SELECT {version} FROM {table} WHERE id = NEW.id)"
    moved = f"UPDATE {table} SET {version} = OLD.{version} + 1 WHERE id = NEW.id"
    return {
        "INSERT": (f"NEW.{version} = 0", [first, note("NEW", given, "NULL", values("NEW"))]),
        "UPDATE": (
            f"NEW.{version} = OLD.{version} AND OLD.{version} <> {DELETED} AND ({differs})",
            [moved, note("NEW", f"OLD.{version} + 1", values("OLD"), values("NEW", compared=True))],
        ),
        "DELETE": (f"OLD.{version} <> {DELETED}", [note("OLD", f"OLD.{version}", values("OLD"), "NULL")]),
    }


def _compared(mapper: Mapper[Any], name: str, row: str, column: str) -> str:
    """Return a column as two rows are compared by; Postgres has no equality of JSON."""
    kind = mapper.table.c[name].type
    return f"CAST({row}.{column} AS TEXT)" if isinstance(kind, Json | JSON) else f"{row}.{column}"


def _object(connection: Connection, pairs: Sequence[str]) -> str:
    """Return the call that makes a JSON object; what is null may be left out of it."""
    sqlite = connection.dialect.name == "sqlite"
    make = "json_object" if sqlite else "jsonb_build_object"
    parts = [f"{make}({', '.join(pairs[at : at + _CHUNK])})" for at in range(0, len(pairs), _CHUNK)]
    if not sqlite:
        return f"({' || '.join(parts)})::text"
    whole = parts[0]
    for part in parts[1:]:
        whole = f"json_patch({whole}, {part})"
    return whole
