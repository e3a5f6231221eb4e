"""Values of conditions are read as their field holds them."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, NewType
from uuid import UUID

import pytest

from starmodel.core.conditions import as_compared, as_contained
from starmodel.core.errors import QueryError


class Kind(Enum):
    FOOD = "food"
    RENT = "rent"


@pytest.mark.parametrize(
    ("annotation", "value", "expected"),
    [
        (Kind, "food", Kind.FOOD),
        (Kind | None, "rent", Kind.RENT),
        (Annotated[int, "mark"], "5", 5),
        (NewType("Cents", int), "5", 5),
        (Decimal, "1.50", Decimal("1.50")),
        (float, "2.5", 2.5),
        (bool, "TRUE", True),
        (bool, "", False),
        (date, "2030-01-02", date(2030, 1, 2)),
        (datetime, "2030-01-02T03:04:05+00:00", datetime.fromisoformat("2030-01-02T03:04:05+00:00")),
        (str, "food", "food"),
        (Any, "x", "x"),
        (int | str, "5", "5"),
        (list[str], "x", "x"),
        (Kind, None, None),
        (Decimal, 2, 2),
    ],
    ids=str,
)
def test_a_value_becomes_what_the_field_holds(annotation: Any, value: Any, expected: Any) -> None:
    assert as_compared("field", annotation, value) == expected


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (Kind, "fod"),
        (int, "five"),
        (int, [1]),
        (Decimal, "x"),
        (Decimal, "NaN"),
        (Decimal, "sNaN"),
        (float, "nan"),
        (float, math.nan),
        (bool, "perhaps"),
        (bool, {}),
        (str, 5),
        (date, "tomorrow"),
        (date, datetime(2030, 1, 2)),
        (datetime, date(2030, 1, 2)),
        (UUID, 5),
    ],
    ids=str,
)
def test_a_value_that_can_be_none_of_the_field_is_refused(annotation: Any, value: Any) -> None:
    with pytest.raises(QueryError, match="'field' cannot be compared with"):
        as_compared("field", annotation, value)


def test_the_choices_of_an_enum_are_named() -> None:
    with pytest.raises(QueryError, match="food, rent"):
        as_compared("kind", Kind, "xyz")


@pytest.mark.parametrize(
    ("annotation", "value", "expected"),
    [
        (list[int], "2", 2),
        (set[Kind] | None, "food", Kind.FOOD),
        (tuple[date, ...], "2030-01-02", date(2030, 1, 2)),
        (dict[int, str], "7", 7),
        (list[str], "x", "x"),
        (list, "x", "x"),
        (str, "part", "part"),
    ],
    ids=str,
)
def test_a_part_becomes_what_the_field_holds_parts_of(annotation: Any, value: Any, expected: Any) -> None:
    assert as_contained("field", annotation, value) == expected


def test_a_part_that_can_be_none_of_the_field_is_refused() -> None:
    with pytest.raises(QueryError, match="'field' cannot be compared with 'two'"):
        as_contained("field", list[int], "two")
