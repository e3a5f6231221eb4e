"""The triggers by which the table of an entity notes what other programs change; see :mod:`.outside`.

Two versions of a class may be at work on one table.  Each trigger says in a comment which fields it notes and how, so
that either version leaves one alone that does all it needs: making it anew would take the other's fields out of it,
wait for everybody who writes, and be forbidden to a role that does not own the table.
"""

# ruff: noqa: S608  (the statements are made of the names of tables and columns, each quoted)

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import JSON, Connection, inspect, text

from .mapper import VERSION
from .schema import PREFIX, shortened
from .texts import postgres_text, sqlite_text
from .types import Json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .mapper import Mapper

__all__ = ["DELETED", "install"]

DELETED = -1
"""The version of a row that is about to go, by which its trigger knows that it is this store that deletes it."""

_POSTGRES_TRIGGERS = text(
    "SELECT t.tgname, p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid "
    "WHERE t.tgrelid = to_regclass(:table) AND NOT t.tgisinternal"
)

_CHUNK = 40
"""Fields in one call of a database's function that makes a JSON object; their arguments are limited."""

_NOTES = re.compile(r"/\* notes (\w+) by (\w+): (.*?) \*/")


class _Trigger(NamedTuple):
    """What happens at one kind of statement, and how that is told in a comment."""

    name: str
    event: str
    when: str
    steps: Sequence[str]
    notes: str


def install(connection: Connection, mapper: Mapper[Any]) -> None:
    """Put the triggers on the table of *mapper*, unless some are there that do what is needed."""
    table = _Table(connection, mapper)
    for trigger in table.triggers():
        table.put(trigger)


class _Table:
    """The table of *mapper*, and the triggers that are on it."""

    def __init__(self, connection: Connection, mapper: Mapper[Any]) -> None:
        self._connection, self._mapper = connection, mapper
        self._is_sqlite = connection.dialect.name == "sqlite"
        self._name = self._quoted(mapper.table.name)
        self._differ = "IS NOT" if self._is_sqlite else "IS DISTINCT FROM"
        self._there = self._found()

    def _quoted(self, name: str) -> str:
        return self._connection.dialect.identifier_preparer.quote_identifier(name)

    def _found(self) -> Mapping[str, str]:
        if self._is_sqlite:
            rows = self._connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        else:
            rows = self._connection.execute(_POSTGRES_TRIGGERS, {"table": self._name})
        return dict(tuple(row) for row in rows)

    # --- putting them there

    def put(self, trigger: _Trigger) -> None:
        """Make *trigger*, unless it is there, or one that notes what it would and more."""
        made = self._on_sqlite(trigger) if self._is_sqlite else self._on_postgres(trigger)
        there = self._there.get(trigger.name)
        if there != made[0] and not (there is not None and self._does(there, trigger)):
            for statement in made[1:]:
                self._run(statement)

    def _run(self, statement: str) -> None:
        if self._is_sqlite:
            self._connection.exec_driver_sql(statement)
        else:  # whose driver would take a % for the place of a parameter
            self._connection.execute(text(statement))

    def _does(self, there: str, wanted: _Trigger) -> bool:
        """Tell whether the trigger *there* notes all that is *wanted*, and nothing that has gone since."""
        known, own = _NOTES.search(there), _NOTES.search(wanted.notes)
        if known is None or own is None or known[2] != own[2] or not {*own[3].split()} <= {*known[3].split()}:
            return False
        columns = {column["name"] for column in inspect(self._connection).get_columns(self._mapper.table.name)}
        return {field.partition("=")[0] for field in known[3].split()} <= columns

    def _on_sqlite(self, trigger: _Trigger) -> tuple[str, ...]:
        """Return what is kept of the trigger, and the statements that make it."""
        name, steps = self._quoted(trigger.name), " ".join(f"{step};" for step in trigger.steps)
        made = (
            f"CREATE TRIGGER {name} AFTER {trigger.event} ON {self._name} WHEN {trigger.when} "
            f"BEGIN {trigger.notes} {steps} END"
        )
        return made, f"DROP TRIGGER IF EXISTS {name}", made

    def _on_postgres(self, trigger: _Trigger) -> tuple[str, ...]:
        name = self._quoted(trigger.name)
        steps = " ".join(f"{step};" for step in (*trigger.steps, f"PERFORM pg_notify('{PREFIX}log', '')"))
        body = f" {trigger.notes} /* when {trigger.when} */ BEGIN {steps} RETURN NULL; END "
        function = (
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $starmodel${body}$starmodel$"
        )
        made = (
            f"CREATE OR REPLACE TRIGGER {name} AFTER {trigger.event} ON {self._name} FOR EACH ROW "
            f"WHEN ({trigger.when}) EXECUTE FUNCTION {name}()"
        )
        return body, function, made

    # --- what they say

    def triggers(self) -> list[_Trigger]:
        """Return the triggers that the class needs."""
        form = self._bodies(["id"])  # what they do besides
        fields = " ".join(
            f"{name}={_digest(self._pair(name, 'OLD'), self._change(name))}" for name in self._mapper.fields
        )
        return [
            _Trigger(
                shortened(f"{PREFIX}outside_{self._mapper.table.name}_{label}"),
                event,
                when,
                steps,
                f"/* notes {label} by {_digest(*form[label])}: {fields} */",
            )
            for label, (event, when, steps) in self._bodies(self._mapper.fields).items()
        ]

    def _bodies(self, names: Sequence[str]) -> dict[str, tuple[str, str, list[str]]]:
        """Return for each kind of change at which statement its trigger acts, when, and what it does."""
        version, differs = self._quoted(VERSION), " OR ".join(map(self._change, names))
        old, new = self._values(names, "OLD"), self._values(names, "NEW")
        # A new row begins above every version that a row of this id may have had: each note becomes a commit.
        first = (
            f"UPDATE {self._name} SET {version} = (SELECT number FROM {PREFIX}head) + 1 + "
            f"(SELECT count(*) FROM {PREFIX}outside) WHERE id = NEW.id"
        )
        given = f"(SELECT {version} FROM {self._name} WHERE id = NEW.id)"
        moved = f"UPDATE {self._name} SET {version} = OLD.{version} + 1 WHERE id = NEW.id"
        made = self._note("NEW", given, "NULL", new)
        gone = self._note("OLD", f"OLD.{version}", old, "NULL")
        changed = self._note("NEW", f"OLD.{version} + 1", old, self._values(names, "NEW", compared=True))
        is_foreign = f"NEW.{version} = OLD.{version} AND OLD.{version} <> {DELETED}"
        return {
            "insert": ("INSERT", f"NEW.{version} = 0", [first, made]),
            "update": ("UPDATE", f"{is_foreign} AND NEW.id = OLD.id AND ({differs})", [moved, changed]),
            "rename": ("UPDATE OF id", f"{is_foreign} AND NEW.id <> OLD.id", [first, gone, made]),
            "delete": ("DELETE", f"OLD.{version} <> {DELETED}", [gone]),
        }

    def _note(self, row: str, at: str, before: str, after: str) -> str:
        return (
            f"INSERT INTO {PREFIX}outside (entity, entity_id, version, before, after) "
            f"VALUES ({_literal(self._mapper.name)}, {row}.id, {at}, {before}, {after})"
        )

    def _values(self, names: Sequence[str], row: str, *, compared: bool = False) -> str:
        return self._object([self._pair(name, row, compared=compared) for name in names])

    def _pair(self, name: str, row: str, *, compared: bool = False) -> str:
        """Return name and value of a field; of a secret one only that it changed."""
        column, text_of = self._quoted(name), sqlite_text if self._is_sqlite else postgres_text
        shown = text_of(self._mapper.table.c[name].type, f"{row}.{column}")
        if name in self._mapper.secret:
            shown = f"CASE WHEN OLD.{column} {self._differ} NEW.{column} THEN 'changed' END" if compared else "NULL"
        return f"{_literal(name)}, {shown}"

    def _change(self, name: str) -> str:
        """Return the condition that a field changed; Postgres has no equality of JSON."""
        is_json = isinstance(self._mapper.table.c[name].type, Json | JSON)
        old, new = (f"{row}.{self._quoted(name)}" for row in ("OLD", "NEW"))
        if is_json:
            old, new = f"CAST({old} AS TEXT)", f"CAST({new} AS TEXT)"
        return f"{old} {self._differ} {new}"

    def _object(self, pairs: Sequence[str]) -> str:
        """Return the call that makes a JSON object; what is null may be left out of it."""
        make = "json_object" if self._is_sqlite else "jsonb_build_object"
        parts = [f"{make}({', '.join(pairs[at : at + _CHUNK])})" for at in range(0, len(pairs), _CHUNK)]
        if not self._is_sqlite:
            return f"({' || '.join(parts)})::text"
        whole = parts[0]
        for part in parts[1:]:
            whole = f"json_patch({whole}, {part})"
        return whole


def _literal(word: str) -> str:
    return "'" + word.replace("'", "''") + "'"


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:8]
