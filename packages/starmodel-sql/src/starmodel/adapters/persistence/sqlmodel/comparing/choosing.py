"""Which comparison a column gets: by its type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa

from starmodel.adapters.persistence.sqlmodel.types import Choice, Clock, Exact, Json, Moment, Span, Words
from starmodel.core.errors import QueryError

from .choices import Choices
from .comparison import Comparison, Near
from .jsons import Jsons
from .moments import Dates, Moments, Spans, Times
from .numbers import Booleans, Decimals, DecimalTexts, Floats, Integers
from .words import Bytes, Texts

if TYPE_CHECKING:
    from sqlalchemy.sql.elements import KeyedColumnElement

    from starmodel.adapters.persistence.sqlmodel.folding import Dialect
    from starmodel.core.ordering import Place

__all__ = ["comparison_of"]


class _Uuids(Comparison):
    """UUIDs."""

    sort = "~UUID"

    def near(self, value: Any) -> Near | None:
        return (value, 0) if isinstance(value, UUID) else None

    def at(self, place: Place) -> Any:
        try:
            return super().at((place[0], UUID(place[1]) if isinstance(place[1], str) else place[1]))
        except ValueError as error:
            raise QueryError("the cursor is damaged; start again from the first page") from error


class _Others(Comparison):
    """Values of a type that is not known here: compared as the database does."""

    def at(self, place: Place) -> Any:  # noqa: ARG002  (there is no answer)
        raise QueryError(f"the order by {self.name!r} has no pages here: its type is not one of StarModel's")


_MADE: tuple[tuple[Any, type[Comparison]], ...] = (
    (sa.Boolean, Booleans),
    (Span, Spans),
    (sa.Interval, Spans),
    (Moment, Moments),
    (Clock, Times),
    (Exact, Decimals),
    (Words, Texts),
    (sa.Integer, Integers),
    (sa.Float, Floats),
    (sa.Numeric, Decimals),
    (sa.DateTime, Moments),
    (sa.Date, Dates),
    (sa.Time, Times),
    (sa.Uuid, _Uuids),
    (sa.String, Texts),
    (sa.LargeBinary, Bytes),
)
"""What a column's type is one of, the more special first."""


def comparison_of(column: KeyedColumnElement[Any], dialect: Dialect) -> Comparison:
    """Return how *column* is compared."""
    kind = column.type
    if isinstance(kind, Choice):
        return Choices(column, kind.kind, dialect)
    if isinstance(kind, sa.Enum) and kind.enum_class is not None:
        return Choices(column, kind.enum_class, dialect)
    if isinstance(kind, Exact) and dialect.sqlite:
        return DecimalTexts(column, dialect)
    if isinstance(kind, Json | sa.JSON):
        return Jsons(column, dialect)
    for of_type, make in _MADE:
        if isinstance(kind, of_type):
            return make(column, dialect)
    return _Others(column, dialect)
