"""How columns of days, times, moments and lengths of time are compared."""

# ruff: noqa: D102  (the base class says what each method does)

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import and_, func

from starmodel.adapters.persistence.sqlmodel.misfits import LEAST, MOST
from starmodel.adapters.persistence.sqlmodel.types import Moment
from starmodel.core.errors import QueryError

from .comparison import Comparison, Near, Test

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.types import TypeEngine

__all__ = ["Dates", "Moments", "Spans", "Times"]

_MICROSECOND = timedelta(microseconds=1)


class Spans(Comparison):
    """Lengths of time, kept in microseconds."""

    sort = "timedelta"

    def near(self, value: Any) -> Near | None:
        if not isinstance(value, timedelta):
            return None
        count = value // _MICROSECOND
        if LEAST <= count <= MOST:
            return value, 0
        return (MOST * _MICROSECOND, -1) if count > 0 else (LEAST * _MICROSECOND, 1)


class Dates(Comparison):
    """Days."""

    sort = "date"

    def near(self, value: Any) -> Near | None:
        return (value, 0) if isinstance(value, date) and not isinstance(value, datetime) else None


class Moments(Comparison):
    """Points in time; those with a zone and those without are never equal, and have no order among each other."""

    sort = "datetime"

    def near(self, value: Any) -> Near | None:
        if not isinstance(value, datetime):
            return None
        if value.tzinfo is None:
            return (value, 0) if self.sqlite or not _keeps_zone(self.column.type) else None
        try:
            return value.astimezone(UTC), 0
        except OverflowError:
            raise QueryError(f"{self.name!r} cannot be compared with {value!r}: in UTC it is out of range") from None

    def ordered(self, op: str, value: Any) -> Test:
        op, values = super().ordered(op, value)
        is_mixed = self.sqlite and isinstance(self.column.type, Moment)
        return (op + ("_zoned" if values[0].tzinfo else "_bare"), values) if is_mixed and values else (op, values)

    def decided(self, op: str, name: str) -> ColumnElement[bool]:
        op, _, zone = op.partition("_")
        decided = super().decided(op, name)
        if not zone:
            return decided
        ending = func.substr(sa.type_coerce(self.column, sa.Text()), -6)
        return and_(decided, ending == "+00:00" if zone == "zoned" else ending != "+00:00")


def _keeps_zone(kind: TypeEngine[Any]) -> bool:
    return isinstance(kind, Moment) or bool(getattr(kind, "timezone", False))


class Times(Comparison):
    """Times of day, without a zone."""

    sort = "time"

    def near(self, value: Any) -> Near | None:
        if not isinstance(value, time):
            return None
        if value.tzinfo is not None:
            raise QueryError(f"{self.name!r} cannot be compared with {value!r} here: only with times without a zone")
        return value, 0
