"""How the columns of each type are compared."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_FLOOR, Decimal, localcontext
from enum import Enum, Flag
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import and_, bindparam, func, or_

from starmodel.core.errors import QueryError
from starmodel.core.ordering import place_of
from starmodel.core.query import OPERATORS

from .comparing import NEVER, Comparison, Near, Test
from .functions import decimal_key
from .jsons import Jsons
from .misfits import DIGITS_AFTER, DIGITS_BEFORE
from .types import Choice, Clock, Exact, Json, Moment, Span, Words

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.sql.elements import KeyedColumnElement
    from sqlalchemy.types import TypeEngine

    from starmodel.core.ordering import Place

    from .folding import Dialect

__all__ = ["comparison_of"]

_LEAST, _MOST = -(2**63), 2**63 - 1
_MICROSECOND = timedelta(microseconds=1)


def _is_number(value: Any) -> bool:
    if isinstance(value, Decimal):
        return not value.is_nan()
    return isinstance(value, int | float) and not math.isnan(value)


class _Integers(Comparison):
    sort = "number"
    bounds: ClassVar[tuple[int, int]] = (_LEAST, _MOST)

    def near(self, value: Any) -> Near | None:
        least, most = self.bounds
        if not _is_number(value):
            return None
        if value > most or value < least:
            return (self.held(most), -1) if value > 0 else (self.held(least), 1)
        whole = math.floor(value)
        return self.held(whole), -1 if whole < value else 0

    def held(self, number: int) -> Any:
        """Return *number* as the column's type has it."""
        return int(number)


class _Booleans(_Integers):
    bounds = (0, 1)

    def held(self, number: int) -> Any:
        return bool(number)


class _Spans(Comparison):
    sort = "timedelta"

    def near(self, value: Any) -> Near | None:
        if not isinstance(value, timedelta):
            return None
        count = value // _MICROSECOND
        if _LEAST <= count <= _MOST:
            return value, 0
        return (_MOST * _MICROSECOND, -1) if count > 0 else (_LEAST * _MICROSECOND, 1)


class _Floats(Comparison):
    sort = "number"

    def near(self, value: Any) -> Near | None:
        if not _is_number(value):
            return None
        try:
            best = float(value)
        except OverflowError:
            best = math.inf if value > 0 else -math.inf
        return best, (best > value) - (best < value)


class _Decimals(Comparison):
    sort = "number"

    def near(self, value: Any) -> Near | None:
        if not _is_number(value):
            return None
        number = Decimal(value)
        return (number, 0) if self.sqlite else _numeric(number)


def _numeric(number: Decimal) -> Near:
    """Return the number next to *number* that Postgres can read; beyond the greatest there is only infinity."""
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int):
        return number, 0
    if number and number.adjusted() >= DIGITS_BEFORE:
        return Decimal("-Infinity" if number < 0 else "Infinity"), 0
    if exponent >= -DIGITS_AFTER:
        return number or Decimal(0), 0
    with localcontext(prec=DIGITS_BEFORE + DIGITS_AFTER):
        best = number.quantize(Decimal((0, (1,), -DIGITS_AFTER)), ROUND_FLOOR)
    return best, -1 if best < number else 0


class _DecimalTexts(_Decimals):
    """Decimal numbers in a column of text."""

    @property
    def key(self) -> ColumnElement[Any]:
        return func.starmodel_decimal(self.column)

    @property
    def type(self) -> TypeEngine[Any]:
        return sa.Text()

    def near(self, value: Any) -> Near | None:
        found = super().near(value)
        return None if found is None else (decimal_key(found[0]), 0)


class _Texts(Comparison):
    sort = "text"

    @property
    def key(self) -> ColumnElement[Any]:
        has_own_order = self.sqlite or not isinstance(self.column.type, sa.String)
        return self.column if has_own_order else self.column.collate("C")

    def near(self, value: Any) -> Near | None:
        if not isinstance(value, str):
            return None
        return _storable(str.__str__(value), sqlite=self.sqlite)

    def containing(self, op: str, part: Any) -> Test:
        best, side = _storable(str(part).casefold(), sqlite=self.sqlite)
        return NEVER if side else (op, (best,))

    def decided(self, op: str, name: str) -> ColumnElement[bool]:
        if op not in {"contains", "startswith"}:
            return super().decided(op, name)
        place = (func.instr if self.sqlite else func.strpos)(
            self.dialect.folded(self.column), bindparam(name, type_=sa.Text())
        )
        return place > 0 if op == "contains" else place == 1


def _storable(text: str, *, sqlite: bool) -> Near:
    """Return the text next to *text* that the database can hold: no half of a surrogate pair, on Postgres no NUL."""
    ends = [(text.find("\0"), "", -1)] if not sqlite and "\0" in text else []
    half = next((place for place, letter in enumerate(text) if "\ud800" <= letter <= "\udfff"), -1)
    if half >= 0:
        ends.append((half, "\ue000", 1))
    if not ends:
        return text, 0
    place, following, side = min(ends)
    return text[:place] + following, side


class _Bytes(Comparison):
    sort = "bytes"

    def near(self, value: Any) -> Near | None:
        return (bytes(value), 0) if isinstance(value, bytes | bytearray) else None

    def containing(self, op: str, part: Any) -> Test:
        if op == "contains" and isinstance(part, int) and 0 <= part < 256:
            return op, (bytes([part]),)
        return (op, (bytes(part),)) if op == "contains" and isinstance(part, bytes | bytearray) else NEVER

    def decided(self, op: str, name: str) -> ColumnElement[bool]:
        if op != "contains":
            return super().decided(op, name)
        part = bindparam(name, type_=sa.LargeBinary())
        if self.sqlite:  # an empty blob is found nowhere by instr()
            return or_(func.length(part) == 0, func.instr(self.column, part) > 0)
        return func.position(part.op("IN")(self.column)) > 0


class _Dates(Comparison):
    sort = "date"

    def near(self, value: Any) -> Near | None:
        return (value, 0) if isinstance(value, date) and not isinstance(value, datetime) else None


class _Moments(Comparison):
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


class _Times(Comparison):
    sort = "time"

    def near(self, value: Any) -> Near | None:
        if not isinstance(value, time):
            return None
        if value.tzinfo is not None:
            raise QueryError(f"{self.name!r} cannot be compared with {value!r} here: only with times without a zone")
        return value, 0


class _Uuids(Comparison):
    sort = "~UUID"

    def near(self, value: Any) -> Near | None:
        return (value, 0) if isinstance(value, UUID) else None

    def at(self, place: Place) -> Any:
        try:
            return super().at((place[0], UUID(place[1]) if isinstance(place[1], str) else place[1]))
        except ValueError as error:
            raise QueryError("the cursor is damaged; start again from the first page") from error


class _Choices(Comparison):
    """Members of an enum: all but equality is found out from the members themselves."""

    def __init__(self, column: KeyedColumnElement[Any], kind: type[Enum], dialect: Dialect) -> None:
        super().__init__(column, dialect)
        self.kind = kind

    def near(self, value: Any) -> Near | None:
        if isinstance(value, self.kind):
            return value, 0
        return next(((member, 0) for member in self.kind if member == value), None)

    def ordered(self, op: str, value: Any) -> Test:
        return self._of_members(op, value)

    def containing(self, op: str, part: Any) -> Test:
        return self._of_members(op, part)

    def _of_members(self, op: str, value: Any) -> Test:
        if issubclass(self.kind, Flag):
            raise QueryError(f"{self.name!r} cannot be tested by {op!r} here: it holds flags")
        return self.among([member for member in self.kind if _holds(op, member, value)])

    @cached_property
    def _places(self) -> list[Place]:
        return sorted({place_of(member) for member in self.kind})

    @cached_property
    def _is_ranked(self) -> bool:
        """True when what is stored has another order than the members, as of an enum of words and numbers."""
        return isinstance(self.column.type, sa.Enum) or len({type(member.value) for member in self.kind}) > 1

    @property
    def rank(self) -> ColumnElement[Any]:
        if not self._is_ranked:
            return self.key
        ranks = [(self.column == member, self._places.index(place_of(member))) for member in self.kind]
        return sa.case(*ranks, else_=-1)

    @property
    def rank_type(self) -> TypeEngine[Any]:
        return sa.Integer() if self._is_ranked else self.type

    def at(self, place: Place) -> Any:
        if place[1] is None and self.nullable:
            return None
        if place not in self._places:
            raise QueryError("the cursor belongs to another order; start again from the first page")
        if self._is_ranked:
            return self._places.index(place)
        return next(member for member in self.kind if place_of(member) == place)


def _holds(op: str, value: Any, other: Any) -> bool:
    try:
        return bool(OPERATORS[op](value, other))
    except (TypeError, ValueError, ArithmeticError):
        return False


class _Others(Comparison):
    """Values of a type that is not known here: compared as the database does."""

    def at(self, place: Place) -> Any:  # noqa: ARG002  (there is no answer)
        raise QueryError(f"the order by {self.name!r} has no pages here: its type is not one of StarModel's")


_MADE: tuple[tuple[Any, type[Comparison]], ...] = (
    (sa.Boolean, _Booleans),
    (Span, _Spans),
    (sa.Interval, _Spans),
    (Moment, _Moments),
    (Clock, _Times),
    (Exact, _Decimals),
    (Words, _Texts),
    (sa.Integer, _Integers),
    (sa.Float, _Floats),
    (sa.Numeric, _Decimals),
    (sa.DateTime, _Moments),
    (sa.Date, _Dates),
    (sa.Time, _Times),
    (sa.Uuid, _Uuids),
    (sa.String, _Texts),
    (sa.LargeBinary, _Bytes),
)
"""What a column's type is one of, the more special first."""


def comparison_of(column: KeyedColumnElement[Any], dialect: Dialect) -> Comparison:
    """Return how *column* is compared."""
    kind = column.type
    if isinstance(kind, Choice):
        return _Choices(column, kind.kind, dialect)
    if isinstance(kind, sa.Enum) and kind.enum_class is not None:
        return _Choices(column, kind.enum_class, dialect)
    if isinstance(kind, Exact) and dialect.sqlite:
        return _DecimalTexts(column, dialect)
    if isinstance(kind, Json | sa.JSON):
        return Jsons(column, dialect)
    for of_type, make in _MADE:
        if isinstance(kind, of_type):
            return make(column, dialect)
    return _Others(column, dialect)
