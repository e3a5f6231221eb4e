"""Values of conditions: read as the field they are compared with, or refused; never silently unequal to everything."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from enum import Enum
from types import NoneType
from typing import Any, get_args, get_origin
from uuid import UUID

from .annotations import members_of
from .errors import QueryError, hint

__all__ = ["as_compared", "as_contained", "holds_several", "only_type"]

_NUMBERS = (int, float, Decimal)
_MOMENTS = (datetime, date, time)
_TRUTHS = {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False, "": False}


def as_compared(name: str, annotation: Any, value: Any) -> Any:
    """Return *value* as the field *name* of this *annotation* holds it: a filter from an address is always text.

    QueryError when it can be none of the field's values.  Types that are not known here are left as they are.
    """
    kind = only_type(annotation)
    if kind is None or value is None:
        return value
    try:
        return _converted(kind, value)
    except (TypeError, ValueError, KeyError, InvalidOperation):
        raise QueryError(f"{name!r} cannot be compared with {value!r}; {_wanted(kind)}") from None


def as_contained(name: str, annotation: Any, value: Any) -> Any:
    """Return *value* as the list, set, tuple or dict *name* of this *annotation* holds its parts."""
    parts = get_args(_only_member(annotation)) if holds_several(annotation) else ()
    return as_compared(name, parts[0], value) if parts else value


def holds_several(annotation: Any) -> bool:
    """Tell whether a value of *annotation* is a list, a set or the like of values."""
    return get_origin(_only_member(annotation)) in (list, set, frozenset, tuple, dict)


def _only_member(annotation: Any) -> Any:
    """Return what *annotation* allows besides ``None``; ``None`` for more than one type."""
    members = [member for member in members_of(annotation) if member is not NoneType]
    return members[0] if len(members) == 1 else None


def only_type(annotation: Any) -> type[Any] | None:
    """Return the one type of *annotation*, looking through ``Annotated`` and ``| None``; ``None`` for anything more."""
    kind = _only_member(annotation)
    return kind if isinstance(kind, type) and kind is not Any else None


def _converted(kind: type[Any], value: Any) -> Any:
    if issubclass(kind, Enum):
        return kind(value)
    if kind is bool:
        return _TRUTHS[value.lower()] if isinstance(value, str) else _checked(value, int)
    if kind in _NUMBERS:
        return _number(kind, value)
    if kind in _MOMENTS:
        return _moment(kind, value)
    if kind is UUID:
        return UUID(value) if isinstance(value, str) else _checked(value, UUID)
    return _checked(value, str) if kind is str else value


def _number(kind: type[Any], value: Any) -> Any:
    number = kind(value) if isinstance(value, str) else _checked(value, *_NUMBERS)
    if number != number:  # noqa: PLR0124  (NaN, which is unequal to everything and has no order)
        raise ValueError
    return number


def _moment(kind: type[Any], value: Any) -> Any:
    if isinstance(value, str):
        return kind.fromisoformat(value)
    if isinstance(value, datetime) and kind is not datetime:
        raise TypeError  # it is a date to Python, and equal to none
    return _checked(value, kind)


def _checked(value: Any, *kinds: type[Any]) -> Any:
    if not isinstance(value, kinds):
        raise TypeError
    return value


def _wanted(kind: type[Any]) -> str:
    if issubclass(kind, Enum):
        return hint("", [str(member.value) for member in kind])
    return "give text" if kind is str else f"give a {kind.__name__}, or text that reads as one"
