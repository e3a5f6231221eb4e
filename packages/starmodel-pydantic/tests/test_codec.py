"""Parsing, dumping and describing entities: outside data becomes checked values, snapshots become plain data."""

from __future__ import annotations

import json
import traceback
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from starmodel.adapters.pydantic import PydanticCodec
from starmodel.core import Entity, InvalidError, Private, Secret, event
from starmodel.core.errors import DefinitionError
from starmodel.core.frozen import FrozenDict, FrozenList
from starmodel.core.snapshot import lens_of


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Line:
    sku: str
    qty: Annotated[int, Field(gt=0)] = 1


class Address(BaseModel):
    city: str


class Order(Entity):
    title: Annotated[str, Field(min_length=1, max_length=10)]
    lines: list[Line] = []
    stock: dict[str, int] = {}
    colour: Colour = Colour.RED
    price: Decimal = Decimal(0)
    due: date | None = None
    at: datetime | None = None
    kind: Literal["a", "b"] = "a"
    anything: Any = None
    margin: Private[Line] = Line("margin")
    pin: Secret[str] = "1234"

    def check(self):
        if self.title == "forbidden":
            raise ValueError("choose another title")

    @event
    def rename(self, title: str) -> None:
        self.title = title


class Awkward(Entity):
    copy: int = 1
    json: str = "j"
    dict: str = "d"
    model_fields: int = 2
    model_dump: int = 3
    validate: bool = True
    schema: str = "s"


class Note(Entity):
    text: str = ""
    address: Address | None = None


class Box(Entity):
    order: Order | None = None


FULL = Order(
    title="x",
    lines=[Line("a", 2)],
    stock={"a": 1},
    colour=Colour.BLUE,
    price=Decimal("1.50"),
    due=date(2025, 1, 2),
    at=datetime(2025, 1, 2, tzinfo=UTC),
    kind="b",
    anything={"a": [1, None]},
)


@pytest.fixture
def codec():
    return PydanticCodec()


def problems(codec, kind, data):
    with pytest.raises(InvalidError) as caught:
        codec.parse(kind, data)
    return {problem.loc: problem for problem in caught.value.problems}


class TestRoundTrip:
    def test_an_entity_survives_the_way_through_json(self, codec):
        assert codec.load(Order, json.loads(json.dumps(codec.dump(FULL)))) == FULL

    def test_what_comes_back_is_frozen(self, codec):
        again = codec.load(Order, codec.dump(FULL))
        assert (type(again.lines), type(again.stock)) == (FrozenList, FrozenDict)

    def test_a_changed_snapshot_is_dumped_as_it_is_now(self, codec):
        assert codec.dump(FULL.rename("new"))["title"] == "new"
        assert codec.dump(FULL.evolve(lines=[]))["lines"] == []

    def test_a_lens_is_dumped_like_what_it_shows(self, codec):
        assert codec.dump(lens_of(FULL, lambda: None)) == codec.dump(FULL)

    def test_only_the_public_side_is_dumped_when_asked(self, codec):
        public = codec.dump(FULL, public=True)
        assert {"margin", "pin"}.isdisjoint(public)
        assert set(public) == set(Order.__entity_fields__) - {"margin", "pin"}

    def test_unknown_keys_of_newer_code_are_ignored_when_loading(self, codec):
        assert codec.load(Note, {"id": "a", "text": "x", "colour": "red"}) == Note(id="a", text="x")

    def test_names_that_pydantic_uses_itself_are_fields_like_others(self, codec):
        awkward = Awkward(id="a", copy=5, json="x", model_dump=7)
        assert codec.load(Awkward, codec.dump(awkward)) == awkward
        assert awkward.update(copy=6).copy == 6

    def test_a_pydantic_model_inside_an_entity_is_checked_and_dumped(self, codec):
        note = codec.parse(Note, {"address": {"city": "Ulm"}})
        assert note.address == Address(city="Ulm")
        assert codec.dump(note)["address"] == {"city": "Ulm"}

    def test_an_entity_inside_an_entity_is_checked_and_dumped(self, codec):
        box = Box(id="b", order=FULL)
        assert codec.load(Box, codec.dump(box)) == box

    def test_an_entity_made_in_a_function_that_names_itself_can_be_read(self, codec):
        class Node(Entity):
            next: Node | None = None

        node = Node(id="a", next=Node(id="b"))
        assert codec.load(Node, codec.dump(node)) == node

    def test_a_new_default_in_a_subclass_counts(self, codec):
        class Special(Note):
            text = "special"

        assert codec.parse(Special, {}).text == "special"

    def test_working_state_is_never_dumped(self, codec):
        class Cached(Entity):
            n: int = 0
            _cache: int = 5

        cached = Cached(id="a")
        cached._cache = 7
        assert codec.dump(cached) == {"id": "a", "n": 0}


class TestParsing:
    def test_text_that_means_a_value_becomes_it(self, codec):
        parsed = codec.parse(Order, {"title": "x", "price": "1.5", "due": "2025-01-02", "colour": "blue"})
        assert (parsed.price, parsed.due, parsed.colour) == (Decimal("1.5"), date(2025, 1, 2), Colour.BLUE)

    def test_every_default_is_fresh(self, codec):
        one, other = codec.parse(Order, {"title": "x"}), codec.parse(Order, {"title": "x"})
        assert one.lines is not other.lines
        assert one.id != other.id

    def test_every_problem_has_its_place_and_its_words(self, codec):
        found = problems(codec, Order, {"lines": [{"sku": "a", "qty": 0}, {"qty": "x"}], "kind": "c"})
        assert set(found) == {("title",), ("lines", 0, "qty"), ("lines", 1, "sku"), ("lines", 1, "qty"), ("kind",)}
        assert (found["title",].message, found["title",].code) == ("is required", "missing")
        assert found["lines", 0, "qty"].message == "must be more than 0"

    def test_an_unknown_name_gets_a_hint(self, codec):
        message = problems(codec, Order, {"title": "x", "colur": "red"})["colur",].message
        assert message == "is not expected; did you mean 'colour'?"

    def test_constraints_are_kept(self, codec):
        assert problems(codec, Order, {"title": ""})["title",].code == "string_too_short"
        assert problems(codec, Order, {"title": "x" * 11})["title",].code == "string_too_long"

    def test_a_broken_rule_is_a_problem_of_the_whole(self, codec):
        assert problems(codec, Order, {"title": "forbidden"})[()].message == "choose another title"

    @pytest.mark.parametrize("id", ["../x", "", "a" * 65, "a b"])
    def test_an_impossible_id_is_a_problem_of_the_id(self, codec, id):
        found = problems(codec, Order, {"title": "x", "id": id})
        assert found["id",].message == "use 1 to 64 of A-Z a-z 0-9 _ -"

    @pytest.mark.parametrize("data", [None, [], "x", 3])
    def test_what_is_no_object_is_refused(self, codec, data):
        assert problems(codec, Order, data)[()].message == "give an object with the fields by name"

    @given(st.text(min_size=5, alphabet="qxz"))
    @settings(deadline=None, derandomize=True, max_examples=30)
    def test_no_problem_repeats_the_value(self, value):
        data = {
            "title": value * 3,
            "colour": value,
            "price": value,
            "due": value,
            "at": value,
            "kind": value,
            "lines": value,
        }
        with pytest.raises(InvalidError) as caught:
            PydanticCodec().parse(Order, data)
        assert value not in str(caught.value)
        assert value not in "".join(traceback.format_exception(caught.value))


class TestPlain:
    def test_any_value_of_a_field_has_a_plain_form(self, codec):
        value = [FULL.colour, FULL.price, FULL.due, {"x": (1, frozenset({2}))}, Line("a"), FULL.lines]
        assert codec.plain(value) == [
            "blue",
            "1.50",
            "2025-01-02",
            {"x": [1, [2]]},
            {"sku": "a", "qty": 1},
            [{"sku": "a", "qty": 2}],
        ]

    def test_an_entity_in_it_is_dumped(self, codec):
        assert codec.plain(FULL) == codec.dump(FULL)
        assert codec.plain({"order": FULL}) == {"order": codec.dump(FULL)}

    @pytest.mark.parametrize("value", [object(), {"a": object()}, [lambda: 1]], ids=["object", "inside", "function"])
    def test_what_json_cannot_hold_is_a_type_error(self, codec, value):
        with pytest.raises(TypeError, match="cannot be written as JSON"):
            codec.plain(value)


class TestSchema:
    def test_it_shows_the_public_side_alone(self, codec):
        schema = codec.schema(Order)
        assert {"margin", "pin"}.isdisjoint(schema["properties"])
        assert schema["required"] == ["title"]
        assert "1234" not in json.dumps(schema)

    def test_constraints_are_in_it(self, codec):
        assert codec.schema(Order)["properties"]["title"]["maxLength"] == 10

    def test_types_of_hidden_fields_are_not_described(self, codec):
        class Hiding(Entity):
            shown: str = ""
            hidden: Private[Line | None] = None

        schema = codec.schema(Hiding)
        assert "sku" not in json.dumps(schema)
        assert "Line" in codec.schema(Order)["$defs"]

    def test_a_type_that_pydantic_cannot_read_is_named(self, codec):
        class Strange(Entity):
            thing: threading_lock = None  # noqa: F821  (it is missing on purpose)

        with pytest.raises(DefinitionError, match="Strange"):
            codec.schema(Strange)

        class Odd(Entity):
            thing: Opaque | None = None

        with pytest.raises(DefinitionError, match="pydantic cannot read the fields of Odd"):
            codec.dump(Odd())


class Opaque:
    """A class that pydantic knows nothing about."""
