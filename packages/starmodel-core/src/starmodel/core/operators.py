"""The tests of a field that a query knows, by name."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["OPERATORS", "passes"]


def _contains(value: Any, part: Any) -> bool:
    if isinstance(value, str):
        return str(part).casefold() in value.casefold()
    return value is not None and part in value


def _startswith(value: Any, part: Any) -> bool:
    return isinstance(value, str) and value.casefold().startswith(str(part).casefold())


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda value, other: value is not None and compare(value, other)


OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": _ordered(operator.lt),
    "le": _ordered(operator.le),
    "gt": _ordered(operator.gt),
    "ge": _ordered(operator.ge),
    "in": lambda value, choices: value in choices,
    "contains": _contains,
    "startswith": _startswith,
    "isnull": lambda value, wanted: (value is None) is bool(wanted),
}
"""Every test of a field.  ``contains`` and ``startswith`` ignore case; ordering tests are false for ``None``."""


def passes(op: str, value: Any, other: Any) -> bool:
    """Tell whether *value* passes the test *op* with *other*; never so when the two cannot be compared."""
    try:
        return bool(OPERATORS[op](value, other))
    except (TypeError, ValueError, ArithmeticError):  # 1 < "a"; 300 in b"..."; Decimal("NaN") < 1
        return False
