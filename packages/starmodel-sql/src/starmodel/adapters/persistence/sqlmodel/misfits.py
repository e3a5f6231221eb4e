"""What no column can hold, said before anything is written: the limits of each database, value by value."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

__all__ = ["DIGITS_AFTER", "DIGITS_BEFORE", "HALF_LETTER", "LEAST", "MOST", "misfit"]

LEAST, MOST = -(2**63), 2**63 - 1
"""Where whole numbers end, and lengths of time in microseconds."""
_MICROSECOND = timedelta(microseconds=1)
DIGITS_BEFORE, DIGITS_AFTER = 131_072, 16_383
"""Of a number with a fraction on Postgres: https://www.postgresql.org/docs/current/datatype-numeric.html"""
HALF_LETTER = re.compile("[\ud800-\udfff]")
"""Half of a surrogate pair: Python has it in a text, no database does."""


def misfit(value: Any, *, sqlite: bool) -> str | None:
    """Return why no column can hold *value*, ``None`` when one can."""
    if type(value) is int and not LEAST <= value <= MOST:
        return "is too big: whole numbers end at 64 bits here"
    if isinstance(value, timedelta) and not LEAST <= value // _MICROSECOND <= MOST:
        return "is too long: lengths of time end at about 292,000 years here"
    if isinstance(value, datetime):
        return _of_moment(value, sqlite=sqlite)
    return _of_part(value, sqlite=sqlite)


def _of_part(value: Any, *, sqlite: bool) -> str | None:
    """Return why neither a column nor JSON in one can hold *value*; to whole numbers and times JSON sets no end."""
    if isinstance(value, str):
        return _of_text(value)
    if isinstance(value, float):
        return None if math.isfinite(value) else _NOT_FINITE
    if isinstance(value, Decimal):
        return _of_decimal(value, sqlite=sqlite)
    return next((why for part in _parts(value) if (why := _of_part(part, sqlite=sqlite)) is not None), None)


_NOT_FINITE = "is no finite number, which has neither a place in an order nor in JSON; use None for what is not known"


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return [*value, *value.values()]
    return value if isinstance(value, list | tuple | AbstractSet) else ()


def _of_text(text: str) -> str | None:
    if "\0" in text:  # Postgres has none, and to SQLite's functions a text ends there
        return "holds a NUL character, which a database cannot keep; remove it"
    if not text.isascii() and HALF_LETTER.search(text):
        return "holds half of a surrogate pair, which is no letter; remove it"
    return None


def _of_moment(value: datetime, *, sqlite: bool) -> str | None:
    """Refuse what has another year in UTC: Postgres would keep it, and nobody could read its row again."""
    if value.tzinfo is None:
        return None if sqlite else "has no time zone; give it one, for example datetime.now(UTC)"
    try:
        value.astimezone(UTC)
    except OverflowError:
        return "is out of range: in UTC a date is in the years 1 to 9999"
    return None


def _of_decimal(value: Decimal, *, sqlite: bool) -> str | None:
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        return _NOT_FINITE
    if not sqlite and (exponent < -DIGITS_AFTER or value.adjusted() >= DIGITS_BEFORE):
        return f"has too many digits: {DIGITS_BEFORE:,} before the point and {DIGITS_AFTER:,} after it can be kept"
    return None
