"""Values as bytes that stand in the order of the values, for the sorted sets that are the indexes.

The order is that of :func:`starmodel.core.ordering.place_of`.  No byte of a value is NUL, which ends it: so the values
of several fields can stand one after the other, and an id after them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from starmodel.core.errors import QueryError
from starmodel.core.ordering import place_of

if TYPE_CHECKING:
    from starmodel.core.ordering import Place

__all__ = ["AFTER", "END", "LONGEST", "NOTHING", "SORTS", "place_bytes", "value_bytes"]

END: Final = b"\x00"
"""Ends a value; nothing that belongs to one begins with it."""
AFTER: Final = b"\x01"
"""Stands after :data:`END`: what begins with a value and an END is less than the value and this."""
LONGEST: Final = 1000
"""Bytes that a value in an index may have."""
SORTS: Final = ("bytes", "date", "datetime", "datetime+", "number", "text", "time", "time+", "timedelta", "~UUID")
"""What an index can hold, in the order of the sorts."""

_MARK = {sort: bytes([ord("1") + number]) for number, sort in enumerate(SORTS)}
NOTHING: Final = b"0"
"""``None``, before everything."""
_MICROSECOND = timedelta(microseconds=1)
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_MIRRORED = bytes.maketrans(b"0123456789ace", b"9876543210eca")


def value_bytes(value: Any) -> bytes:
    """Return *value* as an index holds it; QueryError for what has no place in one."""
    return place_bytes(place_of(value))


def place_bytes(place: Place) -> bytes:
    """Return what :func:`value_bytes` returns for the value that stands at *place*."""
    sort, value = place
    if value is None:
        return NOTHING
    if sort not in _MARK:
        raise QueryError(f"a value of the sort {sort!r} has no place in an index")
    return _MARK[sort] + _WRITERS[sort](value)


def _escaped(data: bytes) -> bytes:
    """Return *data* without NUL, in the same order."""
    return data.replace(b"\x01", b"\x01\x02").replace(b"\x00", b"\x01\x01")


def _text(value: str) -> bytes:
    return _escaped(value.encode("utf-8", "surrogatepass"))


def _number(value: float | Decimal) -> bytes:
    """Return a number exactly: its sign, its power of ten, its digits; those of a negative one mirrored."""
    exact = Decimal(value)
    if exact.is_infinite():
        return b"4" if exact > 0 else b"0"
    if not exact:
        return b"2"
    sign, digits, _ = exact.as_tuple()
    size = _power(exact.adjusted()) + bytes([48 + digit for digit in digits]).rstrip(b"0")
    return b"1" + size.translate(_MIRRORED) + b"~" if sign else b"3" + size


def _power(power: int) -> bytes:
    if -500 <= power < 500:  # nearly all there are, in four bytes
        return b"c%03d" % (power + 500)
    return b"%c%020d" % (b"a" if power < 0 else b"e", power + 10**19)


def _span(value: timedelta) -> bytes:
    return b"%021d" % (value // _MICROSECOND + 10**20)


def _clock(value: time) -> timedelta:
    since_midnight = timedelta(
        hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond
    )
    return since_midnight - (value.utcoffset() or timedelta())


_WRITERS: dict[str, Callable[[Any], bytes]] = {
    "bytes": _escaped,
    "date": lambda value: value.isoformat().encode(),
    "datetime": lambda value: value.isoformat(timespec="microseconds").encode(),
    "datetime+": lambda value: _span(value - _BEGINNING),
    "number": _number,
    "text": _text,
    "time": lambda value: _span(_clock(value)),
    "time+": lambda value: _span(_clock(value)),
    "timedelta": _span,
    "~UUID": _text,
}
