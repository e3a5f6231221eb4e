"""Column types as people call them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Date, Double, Integer, LargeBinary, Numeric, String, Uuid
from sqlalchemy.types import TypeEngine

from starmodel.adapters.persistence.sqlmodel.types import Clock, Exact, Moment, PlainJson, Span, Words

__all__ = ["worded"]

_NAMES: list[tuple[type[Any], str]] = [
    (PlainJson, "JSON"),
    (Boolean, "true or false"),
    (Integer, "a whole number"),
    (Double, "a number"),
    (Exact, "a decimal number"),
    (Numeric, "a decimal number"),
    (Span, "a length of time"),
    (Moment, "a point in time"),
    (Clock, "a time of day"),
    (Date, "a date"),
    (Uuid, "a UUID"),
    (Words, "text"),
    (String, "text"),
    (LargeBinary, "bytes"),
]


def worded(kind: TypeEngine[Any]) -> str:
    """Return what a column of *kind* holds, in words."""
    return next((name for known, name in _NAMES if isinstance(kind, known)), repr(kind))
