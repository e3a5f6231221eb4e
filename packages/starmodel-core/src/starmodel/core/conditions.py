"""Values of conditions: read as the field they are compared with, or refused; never silently unequal to everything."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from enum import Enum
from types import NoneType
from typing import Annotated, Any, get_args, get_origin
from uuid import UUID

from .errors import QueryError, hint

__all__ = ["as_compared", "only_type"]

_MOMENTS = (datetime, date, time)
_TRUTHS = {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False, "": False}


def as_compared(name: str, annotation: Any, value: Any) -> Any:
    """Return *value* as the field *name* of this *annotation* holds it: a filter from an address is always text.

    QueryError when it can be none of the field's values.  Types that are not known here are left as they are.
    """
    kind = only_type(annotation)
    if kind is None or value is None or isinstance(value, kind):
        return value
    try:
        return _converted(kind, value)
    except (ValueError, KeyError, InvalidOperation):
        raise QueryError(f"{name!r} cannot be compared with {value!r}; {_wanted(kind)}") from None


def only_type(annotation: Any) -> type[Any] | None:
    """Return the one type of *annotation*, looking through ``Annotated`` and ``| None``; ``None`` for anything more."""
    if get_origin(annotation) is Annotated:
        return only_type(get_args(annotation)[0])
    if isinstance(annotation, type):
        return None if annotation is Any else annotation
    members = [member for member in get_args(annotation) if member is not NoneType]
    is_optional = len(members) == 1 and NoneType in get_args(annotation)
    return only_type(members[0]) if is_optional else None


def _converted(kind: type[Any], value: Any) -> Any:
    if issubclass(kind, Enum):
        return kind(value)
    if not isinstance(value, str):
        return value
    if kind is bool:
        return _TRUTHS[value.lower()]
    if kind in (int, float, Decimal, UUID):
        return kind(value)
    if kind in _MOMENTS:
        return kind.fromisoformat(value)
    return value


def _wanted(kind: type[Any]) -> str:
    if issubclass(kind, Enum):
        return hint("", [str(member.value) for member in kind])
    return f"give a {kind.__name__}, or text that reads as one"
