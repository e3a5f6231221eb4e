"""Dates and times that Postgres can hold and Python cannot: other programs write years beyond 9999, and infinity."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

__all__ = ["read_all_dates"]

_ENDS: dict[str, tuple[Any, Any]] = {
    "date": (date.min, date.max),
    "timestamp": (datetime.min, datetime.max),  # noqa: DTZ901  (a column of a user's own type has no zone)
    "timestamptz": (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)),
}
"""The first and the last value of each type, by its name in Postgres."""


def read_all_dates(connection: Any, _: object) -> None:
    """Let *connection* of psycopg read what lies beyond the first or the last day of Python as that day.

    One such row would otherwise take its whole list away from everybody, and could not even be deleted.
    """
    for name, ends in _ENDS.items():
        oid = connection.adapters.types[name].oid
        connection.adapters.register_loader(oid, _clamped(connection.adapters.get_loader(oid, 0), ends))


def _clamped(usual: type[Any], ends: tuple[Any, Any]) -> type[Any]:
    """Return what reads as *usual* does, and what that one cannot read as one of *ends*."""
    from psycopg import DataError  # noqa: PLC0415  (needed on Postgres alone)
    from psycopg.adapt import Loader  # noqa: PLC0415  (as above)

    class Clamped(Loader):
        def __init__(self, oid: int, context: Any = None) -> None:
            super().__init__(oid, context)
            self._read = usual(oid, context).load  # not by inheritance: what is written in C calls itself

        def load(self, data: Any) -> Any:
            try:
                return self._read(data)
            except DataError:
                return ends[_is_late(bytes(data))]

    return Clamped


def _is_late(text: bytes) -> bool:
    return not (text.startswith(b"-") or text.endswith(b"BC"))
