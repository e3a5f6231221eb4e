"""Where a value stands among any others, and how that place is written down as a cursor.

Values of one sort are ordered as Python does, sorts among each other by name, ``None`` before everything.  What has no
order, or none that is the same everywhere, stands by its text: so every list has one order, and can be paged.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, TypeAlias

from .errors import QueryError

__all__ = ["Place", "cursor_at", "place_of", "places_at"]

Place: TypeAlias = tuple[str, Any]
"""The sort of a value and what it is compared by within its sort."""

_NOTHING: Place = ("", None)
_encode = json.JSONEncoder(separators=(",", ":")).encode
_MICROSECOND = timedelta(microseconds=1)


def place_of(value: Any) -> Place:
    """Return where *value* stands.  ``NaN`` stands with ``None``, an enum where its value does."""
    if isinstance(value, Enum):
        value = value.value if isinstance(value.value, str | int | float) else value.name
    if value is None or _is_nan(value):
        return _NOTHING
    for sort, kinds in _SORTS.items():
        if isinstance(value, kinds):
            return sort + ("+" if getattr(value, "tzinfo", None) else ""), value
    if isinstance(value, list | tuple):
        return "list", tuple(map(place_of, value))
    return f"~{type(value).__name__}", str(value)


def _is_nan(value: Any) -> bool:
    return value.is_nan() if isinstance(value, Decimal) else isinstance(value, float) and math.isnan(value)


_SORTS: dict[str, tuple[type, ...]] = {
    "number": (int, float, Decimal),
    "text": (str,),
    "bytes": (bytes,),
    "datetime": (datetime,),  # which is a date, too: it comes first
    "date": (date,),
    "time": (time,),
    "timedelta": (timedelta,),
}
"""What is ordered as Python does.  A ``+`` is added to times with a zone, which have no order with those without."""

_FORMS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "bytes": (bytes.hex, bytes.fromhex),
    "datetime": (datetime.isoformat, datetime.fromisoformat),
    "date": (date.isoformat, date.fromisoformat),
    "time": (time.isoformat, time.fromisoformat),
    "timedelta": (lambda span: span // _MICROSECOND, lambda count: count * _MICROSECOND),
}
"""The ways to JSON and back, for what JSON does not know."""


def cursor_at(places: tuple[Place, ...]) -> str:
    """Return the cursor that stands just after *places*."""
    text = _encode([_written(place) for place in places])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def places_at(cursor: str, count: int) -> tuple[Place, ...]:
    """Return the *count* places a cursor stands at; QueryError when it was not made by such an order."""
    try:
        written = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        places = tuple(map(_read, written))
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise QueryError(f"the cursor {str(cursor)[:80]!r} is damaged; start again from the first page") from error
    if len(places) != count:
        raise QueryError("the cursor belongs to another order; start again from the first page")
    return places


def _written(place: Place) -> list[Any]:
    sort, value = place
    if sort == "list":
        return [sort, [_written(part) for part in value]]
    if isinstance(value, Decimal):
        return [sort, str(value)]
    form = _FORMS.get(sort.removesuffix("+"))
    return [sort, value if form is None else form[0](value)]


def _read(written: Any) -> Place:
    sort, value = written
    if sort == "list":
        return sort, tuple(map(_read, value))
    if sort.startswith("~") and isinstance(value, str):
        return sort, value
    form = _FORMS.get(sort.removesuffix("+"))
    if form is not None:
        value = form[1](value)
    elif sort == "number" and isinstance(value, str):
        value = Decimal(value)
    place = place_of(value)
    if place[0] != sort:
        raise ValueError(f"{value!r} is no {sort!r}")
    return place
