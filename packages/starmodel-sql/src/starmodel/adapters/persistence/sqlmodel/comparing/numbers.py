"""How columns of numbers are compared: which number of the column is next to one that Python compares with."""

# ruff: noqa: D102  (the base class says what each method does)

from __future__ import annotations

import math
from decimal import ROUND_FLOOR, Decimal, localcontext
from typing import TYPE_CHECKING, Any, ClassVar

import sqlalchemy as sa
from sqlalchemy import func

from starmodel.adapters.persistence.sqlmodel.functions import decimal_key
from starmodel.adapters.persistence.sqlmodel.misfits import DIGITS_AFTER, DIGITS_BEFORE, LEAST, MOST

from .comparison import Comparison, Near

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.types import TypeEngine

__all__ = ["Booleans", "DecimalTexts", "Decimals", "Floats", "Integers"]


def _is_number(value: Any) -> bool:
    if isinstance(value, Decimal):
        return not value.is_nan()
    return isinstance(value, int | float) and not math.isnan(value)


class Integers(Comparison):
    """Whole numbers, of 64 bits."""

    sort = "number"
    bounds: ClassVar[tuple[int, int]] = (LEAST, MOST)

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


class Booleans(Integers):
    """True and false, which are 1 and 0 in Python."""

    bounds = (0, 1)

    def held(self, number: int) -> Any:
        return bool(number)


class Floats(Comparison):
    """Numbers with a point, as precise as the machine has them."""

    sort = "number"

    def near(self, value: Any) -> Near | None:
        if not _is_number(value):
            return None
        try:
            best = float(value)
        except OverflowError:
            best = math.inf if value > 0 else -math.inf
        return best, (best > value) - (best < value)


class Decimals(Comparison):
    """Decimal numbers, exact."""

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


class DecimalTexts(Decimals):
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
