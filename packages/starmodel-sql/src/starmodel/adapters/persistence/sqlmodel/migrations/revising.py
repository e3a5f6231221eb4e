"""What revisions are written in: the column types, and the change of a column's type with its values.

Imported by the files in a project's ``migrations`` folder, as ``st``.  Kept compatible: revisions are never rewritten.
"""

from __future__ import annotations

from typing import Any

from alembic import op
from sqlalchemy import BigInteger, Boolean, ColumnClause, Date, Double, Integer, Numeric, column, table, text, update
from sqlalchemy.types import TypeEngine

from starmodel.adapters.persistence.sqlmodel.types import Clock, Exact, Moment, PlainJson, Span, Words

from .errors import MigrationError
from .wording import worded

__all__ = ["Clock", "Exact", "Moment", "PlainJson", "Span", "Words", "convert", "fill"]


def fill(table_name: str, column_name: str, value: Any) -> None:
    """Give *value*, an SQL expression, to the rows whose *column_name* is empty."""
    place: ColumnClause[Any] = column(column_name)
    op.execute(update(table(table_name, place)).where(place.is_(None)).values({column_name: value}))


def convert(
    table_name: str, column_name: str, old: TypeEngine[Any], new: TypeEngine[Any], *, default: Any = None
) -> None:
    """Change the type of a column from *old* to *new*, and each value with it; *default* is its new server default.

    A value that *new* cannot hold stops the migration.
    """
    if op.get_context().dialect.name == "sqlite":
        _convert_on_sqlite(table_name, column_name, old, new, default)
    else:
        _convert_on_postgres(table_name, column_name, old, new, default)


def _convert_on_postgres(
    table_name: str, column_name: str, old: TypeEngine[Any], new: TypeEngine[Any], default: Any
) -> None:
    quoted = op.get_context().dialect.identifier_preparer.quote(column_name)
    kind = new.compile(op.get_context().dialect)
    using = f"{quoted}::{kind}"
    if isinstance(new, PlainJson):
        using = f"to_json({quoted})"
    elif isinstance(old, PlainJson):
        using = f"({quoted} #>> '{{}}')::{kind}"
    elif isinstance(old, Boolean) and _is_number(new):
        using = f"{quoted}::integer::{kind}"
    elif _is_number(old) and isinstance(new, Boolean):
        using = f"{quoted} <> 0"
    op.alter_column(table_name, column_name, server_default=None)
    op.alter_column(table_name, column_name, type_=new, postgresql_using=using)
    if default is not None:
        op.alter_column(table_name, column_name, server_default=default)


def _convert_on_sqlite(
    table_name: str, column_name: str, old: TypeEngine[Any], new: TypeEngine[Any], default: Any
) -> None:
    quote = op.get_context().dialect.identifier_preparer.quote
    place, of = quote(column_name), quote(table_name)
    _refuse_misfits(of, place, column_name, new)
    expression = _expression(place, old, new)
    if expression is not None:
        op.execute(text(f"UPDATE {of} SET {place} = {expression} WHERE {place} IS NOT NULL"))  # noqa: S608  (names of our own, quoted)
    impl: Any = op.get_context().impl
    # Alembic would CAST: on SQLite CAST('2026-01-02' AS DATE) is 2026.  The affinity of the new column does it better.
    impl.cast_for_batch_migrate = _leave
    try:
        with op.batch_alter_table(table_name) as batch:
            batch.alter_column(column_name, existing_type=old, type_=new, server_default=default)
    finally:
        del impl.cast_for_batch_migrate


def _leave(*_: Any) -> None:
    """Copy values as they are."""


def _expression(place: str, old: TypeEngine[Any], new: TypeEngine[Any]) -> str | None:
    """Return what becomes of a value, or ``None`` where SQLite's own affinities do it."""
    if isinstance(new, PlainJson):
        return _as_json(place, old)
    if isinstance(old, PlainJson):
        return f"CASE json_type({place}) WHEN 'text' THEN json_extract({place}, '$') ELSE {place} END"
    if isinstance(new, Date):
        return f"substr({place}, 1, 10)"
    if isinstance(new, Boolean):
        truth = f"CASE lower({place}) WHEN 'true' THEN 1 WHEN 'false' THEN 0 ELSE {place} END"
        return f"{place} <> 0" if _is_number(old) else truth
    return _as_word(place) if isinstance(old, Boolean) and not _is_number(new) else None


def _as_json(place: str, old: TypeEngine[Any]) -> str | None:
    if isinstance(old, Boolean):
        return _as_word(place)
    return None if _is_number(old) or isinstance(old, PlainJson) else f"json_quote({place})"


def _as_word(place: str) -> str:
    return f"CASE WHEN {place} THEN 'true' ELSE 'false' END"


_FITS: list[tuple[type[TypeEngine[Any]], str]] = [
    (BigInteger, "typeof({0}) IN ('integer') OR CAST(CAST({0} AS INTEGER) AS TEXT) = trim({0})"),
    (Integer, "typeof({0}) IN ('integer') OR CAST(CAST({0} AS INTEGER) AS TEXT) = trim({0})"),
    (Double, "typeof({0} + 0) IN ('integer', 'real') AND starmodel_decimal({0}) IS NOT NULL"),
    (Boolean, "lower({0}) IN ('0', '1', 'true', 'false') OR typeof({0}) = 'integer'"),
    (Date, "date(substr({0}, 1, 10)) IS NOT NULL"),
]
_FITS_OURS: dict[type[Any], str] = {
    Exact: "starmodel_decimal({0}) IS NOT NULL",
    Moment: "datetime({0}) IS NOT NULL",
}


def _refuse_misfits(of: str, place: str, name: str, new: TypeEngine[Any]) -> None:
    """Postgres refuses such values by itself; SQLite would keep them, and no later program could read them."""
    condition = next((words for kind, words in _FITS if isinstance(new, kind)), _FITS_OURS.get(type(new)))
    if condition is None:
        return
    misfit = f"FROM {of} WHERE {place} IS NOT NULL AND NOT coalesce({condition.format(place)}, 0)"
    connection = op.get_bind()
    count = connection.execute(text(f"SELECT count(*) {misfit}")).scalar()
    if count:
        first = connection.execute(text(f"SELECT id {misfit} LIMIT 1")).scalar()  # not the value: it may be secret
        raise MigrationError(
            f"{count} rows of {of} hold a {name} that cannot become {worded(new)}, for example the one with the id "
            f"{first!r}; correct them first"
        )


def _is_number(kind: TypeEngine[Any]) -> bool:
    return isinstance(kind, Integer | BigInteger | Double | Numeric | Exact | Span)
