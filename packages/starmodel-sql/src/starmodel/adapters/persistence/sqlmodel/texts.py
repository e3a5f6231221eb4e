"""Values of columns as text that both databases can write by themselves, in a trigger, and how it is read back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import JSON, Float, LargeBinary
from sqlalchemy.types import TypeEngine

from starmodel.core.frozen import freeze

from .types import Choice, Clock, Json, Span

__all__ = ["TextOf", "from_text", "postgres_text", "sqlite_text"]

TextOf: TypeAlias = Callable[[TypeEngine[Any], str], str]
"""Returns the SQL that makes text of the value of a column of a type."""


def sqlite_text(kind: TypeEngine[Any], value: str) -> str:
    """Return the SQL for *value* as text, with all its digits."""
    if isinstance(kind, Float):
        return f"CASE WHEN {value} IS NOT NULL THEN printf('%!.17g', {value}) END"
    if isinstance(kind, LargeBinary):
        return f"CASE WHEN {value} IS NOT NULL THEN hex({value}) END"
    return f"CAST({value} AS TEXT)"


def postgres_text(kind: TypeEngine[Any], value: str) -> str:
    """Return the SQL for *value* as text, in ISO 8601 whatever the other program's settings."""
    if isinstance(kind, Json | JSON):
        return f"CAST({value} AS TEXT)"
    if isinstance(kind, LargeBinary):
        return f"encode({value}, 'hex')"
    return f"(to_jsonb({value}) #>> '{{}}')"


def from_text(kind: TypeEngine[Any], text: str | None) -> Any:
    """Return the value of a column of the type *kind* that was written as *text*."""
    if text is None:
        return None
    match kind:
        case Json():
            value = kind.revived(json.loads(text))
        case JSON():
            value = freeze(json.loads(text))
        case Choice():
            value = kind.member(int(text) if kind.is_number else text)
        case Span():
            value = kind.length(int(text))
        case Clock():
            value = time.fromisoformat(text)
        case _:
            value = _READERS.get(kind.python_type, str)(text)
    return value


_READERS: dict[type[Any], Callable[[str], Any]] = {
    bool: lambda text: text in ("1", "true", "t"),
    int: int,
    float: float,
    bytes: bytes.fromhex,
    Decimal: Decimal,
    date: date.fromisoformat,
    datetime: datetime.fromisoformat,
    time: time.fromisoformat,
    UUID: UUID,
}
