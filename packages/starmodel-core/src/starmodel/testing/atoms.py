"""Single values of the common types, read from what JSON or a form holds."""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

__all__ = ["ATOMS", "JSON_TYPES"]

_LONGEST_NUMBER = 4300  # beyond it the interpreter itself refuses to read or show an int
_YES, _NO = frozenset({"true", "on", "yes", "1"}), frozenset({"false", "off", "no", "0"})


def _text(value: Any, text: bool) -> str:  # noqa: ARG001, FBT001  (one signature for all readers)
    if not isinstance(value, str):
        raise TypeError
    value.encode()  # a lone surrogate is no text: it cannot be stored or sent
    return value


def _int(value: Any, text: bool) -> int:  # noqa: FBT001  (as above)
    if text and isinstance(value, str):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    str(value)  # raises when it is too long ever to be shown
    return value


def _float(value: Any, text: bool) -> float:  # noqa: FBT001  (as above)
    if isinstance(value, bool) or not isinstance(value, (int, float, str) if text else (int, float)):
        raise TypeError
    number = float(value)
    if not math.isfinite(number):
        raise ValueError
    return number


def _bool(value: Any, text: bool) -> bool:  # noqa: FBT001  (as above)
    if text and isinstance(value, str) and value.lower() in _YES | _NO:
        return value.lower() in _YES
    if not isinstance(value, bool):
        raise TypeError
    return value


def _decimal(value: Any, text: bool) -> Decimal:  # noqa: ARG001, FBT001  (as above)
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise TypeError
    number = Decimal(str(value) if isinstance(value, float) else value)
    if not number.is_finite():
        raise ValueError
    return number


def _date(value: Any, text: bool) -> date:  # noqa: ARG001, FBT001  (as above)
    if isinstance(value, datetime):
        raise TypeError
    return value if isinstance(value, date) else date.fromisoformat(value)


def _datetime(value: Any, text: bool) -> datetime:  # noqa: ARG001, FBT001  (as above)
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def _time(value: Any, text: bool) -> time:  # noqa: ARG001, FBT001  (as above)
    return value if isinstance(value, time) else time.fromisoformat(value)


def _span(value: Any, text: bool) -> timedelta:  # noqa: FBT001  (as above)
    if isinstance(value, timedelta):
        return value
    seconds, micros = divmod(int(_decimal(value, text).scaleb(6)), 1_000_000)
    return timedelta(seconds=seconds, microseconds=micros)


def _uuid(value: Any, text: bool) -> UUID:  # noqa: ARG001, FBT001  (as above)
    if not isinstance(value, str | UUID):
        raise TypeError
    return UUID(str(value))


def _none(value: Any, text: bool) -> None:  # noqa: ARG001, FBT001  (as above)
    if value is not None:
        raise TypeError


def _guarded(read: Callable[[Any, bool], Any]) -> Callable[[Any, bool], Any]:
    """Refuse a number written in more digits than anybody should convert."""

    def guarded(value: Any, text: bool) -> Any:  # noqa: FBT001  (as above)
        if isinstance(value, str) and len(value) > _LONGEST_NUMBER:
            raise ValueError
        return read(value, text)

    return guarded


ATOMS: Mapping[type[Any], Callable[[Any, bool], Any]] = {
    str: _text,
    bool: _bool,
    types.NoneType: _none,
    **{
        kind: _guarded(read)
        for kind, read in {
            int: _int,
            float: _float,
            Decimal: _decimal,
            date: _date,
            datetime: _datetime,
            time: _time,
            timedelta: _span,
            UUID: _uuid,
        }.items()
    },
}
"""How a value of each type is read; the second argument allows text for it.

TypeError, ValueError or ArithmeticError when it does not fit.
"""

JSON_TYPES: Mapping[type[Any], Mapping[str, str]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    types.NoneType: {"type": "null"},
    Decimal: {"type": "string", "format": "decimal"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
    time: {"type": "string", "format": "time"},
    timedelta: {"type": "string"},
    UUID: {"type": "string", "format": "uuid"},
}
"""What JSON Schema says of each type."""
