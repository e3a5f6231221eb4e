"""What differs between tables in a database and tables in code, found by Alembic, with types and defaults by value."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from alembic.autogenerate import produce_migrations
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, DefaultClause, Dialect, MetaData
from sqlalchemy.types import TypeEngine

from starmodel.adapters.persistence.sqlmodel.schema import PREFIX

from .ordering import defer
from .scratch import is_scratch

__all__ = ["Difference", "differences", "each", "type_text"]

Difference = ops.MigrateOperation

_COLLATION = re.compile(r' COLLATE "?\w+"?')
_CAST = re.compile(r'::(?:"?[\w.]+"?(?: (?:with(?:out)? time zone|precision|varying))?)(?:\(\d+(?:,\d+)?\))?(?:\[\])?')
_TRUTH = {"true": "1", "false": "0", "t": "1", "f": "0"}


def differences(connection: Connection, metadata: MetaData, known: Collection[str] = ()) -> list[Difference]:
    """Return what would make the tables in the database those of *metadata*.

    Tables that are neither in *metadata* nor *known* belong to other programs and are not looked at.
    """
    defer(metadata.tables.values())
    ours = {table.name for table in metadata.tables.values()} | set(known)

    def is_ours(name: str | None, kind: str, parents: Any) -> bool:
        del parents
        if kind == "index":  # those of a search hang on the tables and belong to nobody's revision
            return not str(name).startswith(PREFIX)
        return kind != "table" or name in ours

    options = {
        "target_metadata": metadata,
        "compare_type": _types_differ,
        "compare_server_default": _defaults_differ,
        "include_name": is_ours,
        "render_as_batch": True,
    }
    context = MigrationContext.configure(connection, opts=options)
    found = produce_migrations(context, metadata).upgrade_ops
    return [] if found is None else list(found.ops)


def each(found: Iterable[Difference]) -> Iterator[Difference]:
    """Yield the differences one by one, those within a table too."""
    for one in found:
        if isinstance(one, ops.ModifyTableOps):
            yield from one.ops
        else:
            yield one


def type_text(kind: TypeEngine[Any], dialect: Dialect) -> str:
    """Return *kind* as the database calls it."""
    return _COLLATION.sub("", str(kind.compile(dialect)))


def _types_differ(
    context: MigrationContext, column: Any, wanted: Any, found_type: TypeEngine[Any], wanted_type: TypeEngine[Any]
) -> bool:
    if type_text(found_type, context.dialect) == type_text(wanted_type, context.dialect):
        return False
    # Alembic knows synonyms, such as INT and INTEGER; where types keep their own names there are none.
    return is_scratch(context.dialect) or bool(context.impl.compare_type(column, wanted))


def _defaults_differ(
    context: MigrationContext, _: Any, column: Any, found: str | None, wanted: DefaultClause | None, text: str | None
) -> bool:
    """Tell whether the code gives a default that the database has not; one that only the database has does no harm."""
    del text
    if wanted is None or column.primary_key:
        return False
    if not isinstance(column.server_default, DefaultClause):
        return False  # computed or identity
    if found is None:
        return True
    arg = column.server_default.arg
    said = arg if isinstance(arg, str) else _sql(arg, context.dialect)
    return not _is_same(_value(str(said)), _value(found))


def _sql(clause: Any, dialect: Dialect) -> str:
    return str(clause.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))


def _value(text: str) -> str:
    """Return the value in an SQL literal as plain text."""
    text = _COLLATION.sub("", _CAST.sub("", text)).strip()
    while text.startswith("(") and text.endswith(")"):
        text = text[1:-1].strip()
    if len(text) >= 2 and text[0] == text[-1] == "'":
        text = text[1:-1].replace("''", "'")
    return text


def _is_same(one: str, other: str) -> bool:
    if one == other or _TRUTH.get(one.lower(), one) == _TRUTH.get(other.lower(), other):
        return True
    readers: tuple[Callable[[str], Any], ...] = (Decimal, json.loads, _moment)
    for read in readers:
        with suppress(ValueError, InvalidOperation):
            if read(one) == read(other):
                return True
    return False


def _moment(text: str) -> datetime:
    """Return a time in UTC, where one without a zone is; Postgres adds the zone."""
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
