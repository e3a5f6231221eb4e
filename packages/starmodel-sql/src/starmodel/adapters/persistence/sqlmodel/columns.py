"""From the annotation of a field to its column: type, nullability, default, constraints."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from types import NoneType
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Column, Date, Double, ForeignKey, LargeBinary, Uuid, literal
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.types import TypeEngine

from starmodel.core.annotations import marks_in, members_of
from starmodel.core.marks import Reference, Was

from .types import Choice, Clock, Exact, Json, Moment, Span, Words

if TYPE_CHECKING:
    from starmodel.core.entity import Entity, FieldInfo

__all__ = ["column_of", "names_before", "table_name", "type_of"]

_ANY_DIALECT = DefaultDialect()


def table_name(kind: type[Entity] | str) -> str:
    """Return the name of the table that keeps *kind*."""
    if isinstance(kind, str):
        return kind.lower()
    own = getattr(kind, "__table__", None)
    return kind.__entity_name__.lower() if own is None else str(own.name)


def column_of(info: FieldInfo, *parts: Any, **options: Any) -> Column[Any]:
    """Return the column that keeps the field *info*; *parts* and *options* are SQLAlchemy's, and win."""
    kind, nullable = type_of(info.annotation)
    marks = () if isinstance(kind, Json) else marks_in(info.annotation)  # a list of ids is the key of no one row
    keys = [_foreign_key(mark) for mark in marks if isinstance(mark, Reference)]
    kind = options.pop("type_", kind)
    default = None if info.name == "id" else _static_default(info, kind)
    before = names_before(info.annotation)
    usual = {"primary_key": info.name == "id", "nullable": nullable, "server_default": default}
    usual["info"] = {"was": before} if before else None
    return Column(info.name, kind, *keys, *parts, **{**usual, **options})


def names_before(annotation: Any) -> list[str]:
    """Return what the field of this *annotation* was called before."""
    return [mark.name for mark in marks_in(annotation) if isinstance(mark, Was)]


def _foreign_key(mark: Reference) -> ForeignKey:
    """Checked when the transaction ends, so that the order of writes within it does not matter."""
    action = "SET NULL" if mark.on_delete == "set_null" else None
    return ForeignKey(f"{table_name(mark.to)}.id", ondelete=action, deferrable=True, initially="DEFERRED")


def _static_default(info: FieldInfo, kind: TypeEngine[Any]) -> Any:
    """Return the default for rows that other programs, or an older version of the code, insert without the field."""
    if info.default is None:
        return None
    value = info.default()
    if value is None or isinstance(value, bytes) or info.default() != value:  # bytes; a new id, the time of day
        return None
    default = literal(value, kind)
    can_be_written = default.type.dialect_impl(_ANY_DIALECT).literal_processor(_ANY_DIALECT)
    return default if can_be_written else None  # a type of the user's may have no way into the definition of a table


def type_of(annotation: Any) -> tuple[TypeEngine[Any], bool]:
    """Return the type of the column for *annotation*, and whether it may be empty.

    A SQLAlchemy type among the marks of the annotation wins.
    """
    members = members_of(annotation)
    nullable = NoneType in members or Any in members
    own = [mark for mark in marks_in(annotation) if isinstance(mark, TypeEngine)]
    if own:
        return own[-1], nullable
    rest = [member for member in members if member is not NoneType]
    return (_single(rest[0]) if len(rest) == 1 else None) or Json(annotation), nullable


def _single(kind: Any) -> TypeEngine[Any] | None:
    if get_origin(kind) is Literal:
        values = get_args(kind)
        known = (candidate for candidate in (str, int) if all(type(value) is candidate for value in values))
        return _single(next(known, None))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return Choice(kind)
    make = _TYPES.get(kind)
    return None if make is None else make()


_TYPES: dict[Any, type[TypeEngine[Any]]] = {
    str: Words,
    int: BigInteger,
    bool: Boolean,
    float: Double,
    bytes: LargeBinary,
    Decimal: Exact,
    date: Date,
    datetime: Moment,
    time: Clock,
    timedelta: Span,
    UUID: Uuid,
}
