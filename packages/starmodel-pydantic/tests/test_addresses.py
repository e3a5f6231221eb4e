"""Values in an address are read by pydantic, without the constraints of their fields."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated
from urllib.parse import parse_qsl, urlencode

import pytest
from annotated_types import Ge, MinLen
from pydantic import PlainValidator

from starmodel.adapters.pydantic import PydanticCodec
from starmodel.app import pairs_of, query_from
from starmodel.core import Entity, InvalidError

CODEC = PydanticCodec()


class Item(Entity):
    price: Annotated[Decimal, Ge(0)]
    title: Annotated[str, MinLen(3)]
    made: date | None = None
    tags: list[Annotated[str, MinLen(2)]] = []


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("price.ge=-1", {"price": {"ge": Decimal(-1)}}),
        ("title.contains=a", {"title": {"contains": "a"}}),
        ("tags.contains=a", {"tags": {"contains": "a"}}),
        ("made.lt=2030-01-02&made.ne=", {"made": {"lt": date(2030, 1, 2), "ne": None}}),
        ('where={"price": 1.1}', {"price": Decimal("1.1")}),
    ],
)
def test_a_value_is_read_as_its_field_holds_it(text: str, where: dict[str, object]) -> None:
    query = query_from(Item, parse_qsl(text, keep_blank_values=True), CODEC)
    assert query.where == where
    assert query_from(Item, parse_qsl(urlencode(pairs_of(Item, query, CODEC)), keep_blank_values=True), CODEC) == query


@pytest.mark.parametrize("text", ["price.ge=cheap", "made=tomorrow", "price=NaN", "price.in=1,x"])
def test_a_value_that_does_not_fit_names_its_parameter(text: str) -> None:
    with pytest.raises(InvalidError) as caught:
        query_from(Item, parse_qsl(text), CODEC)
    assert caught.value.problems[0].loc == (text.partition("=")[0],)


class Code(str):
    """A type that pydantic does not know."""

    __slots__ = ()

    @classmethod
    def read(cls, value: object) -> Code:
        return cls(str(value).upper())


class Flight(Entity):
    code: Annotated[Code, PlainValidator(Code.read)]


def test_a_type_that_its_marks_teach_to_read_is_read_by_them() -> None:
    assert query_from(Flight, [("code", "lh400")], CODEC).where == {"code": "LH400"}
