"""Values that move between types: whether they fit, what stands for lost ones, what was typed for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DefaultClause,
    Double,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Text,
    literal,
)
from sqlalchemy.types import TypeEngine

from starmodel.adapters.persistence.sqlmodel.types import Clock, Exact, Moment, PlainJson, Span, Words

from .errors import MigrationError
from .operations import default_value
from .wording import worded

__all__ = ["give_neutral_default", "is_lossless", "typed"]

_WIDER: dict[type[Any], tuple[type[Any], ...]] = {
    Boolean: (BigInteger, Integer),
    Integer: (BigInteger, Exact, Numeric),
    BigInteger: (Exact,),
    Date: (Moment,),
}


def is_lossless(old: TypeEngine[Any], new: TypeEngine[Any]) -> bool:
    """Tell whether every value of *old* is one of *new*."""
    if isinstance(old, LargeBinary):
        return isinstance(new, LargeBinary)
    if isinstance(new, PlainJson | Words) or type(new) is Text:
        return True
    if isinstance(old, String) and isinstance(new, String):
        return new.length is None or (old.length is not None and old.length <= new.length)
    return isinstance(new, next((wider for kind, wider in _WIDER.items() if isinstance(old, kind)), ()))


_NEUTRAL: list[tuple[type[Any], Any]] = [
    (PlainJson, None),
    (Boolean, False),
    (Integer, 0),
    (Double, 0.0),
    (Exact, Decimal(0)),
    (Numeric, Decimal(0)),
    (Span, None),
    (Moment, None),
    (Clock, None),
    (Words, ""),
    (String, ""),
]


def give_neutral_default(column: Column[Any]) -> None:
    """Let a column that was dropped come back into a table with rows: what it held is gone, and older code runs."""
    if isinstance(column.server_default, DefaultClause):
        column.server_default = default_value(str(column.server_default.arg), column.type)
    elif not column.nullable and not column.primary_key:
        value = next((value for kind, value in _NEUTRAL if isinstance(column.type, kind)), None)
        if value is None or column.foreign_keys:
            column.nullable = True
        else:
            column.server_default = DefaultClause(literal(value, column.type))


_READ: list[tuple[type[Any], Callable[[Any], Any]]] = [
    (Boolean, lambda value: {"true": True, "false": False, "1": True, "0": False}[str(value).lower()]),
    (Integer, int),
    (Double, float),
    (Exact, lambda value: Decimal(str(value))),
    (Date, lambda value: date.fromisoformat(str(value))),
    (Moment, lambda value: datetime.fromisoformat(str(value))),
    (Clock, lambda value: time.fromisoformat(str(value))),
    (PlainJson, lambda value: value),
    (Words, str),
    (String, str),
]


def typed(value: Any, kind: TypeEngine[Any], shown: str) -> Any:
    """Return what was typed for ``--default`` as the column takes it."""
    read = next((read for known, read in _READ if isinstance(kind, known)), None)
    try:
        return value if read is None else read(value)
    except (ValueError, ArithmeticError, KeyError, TypeError) as error:
        raise MigrationError(f"--default {shown}={value} is not {worded(kind)}: {error}") from error
