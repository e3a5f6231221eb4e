"""Binding the arguments of an event, from JSON, from Python and from a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from starmodel.adapters.pydantic import PydanticCodec
from starmodel.core import Entity, InvalidError, Private, Secret, event, events_of
from starmodel.core.errors import DefinitionError
from starmodel.core.parameters import Parameter, parameters_of
from starmodel.core.secrecy import secret_fields


@dataclass(frozen=True)
class Line:
    sku: str
    qty: int = 1


class Measure(BaseModel):
    ratio: float


class Shelf(Entity):
    name: str = ""


class Order(Entity):
    title: str
    count: int = 0
    due: date | None = None
    tags: list[str] = []
    paid: bool = False

    @event
    def add(self, line: Line, *, times: Annotated[int, Field(gt=0, le=99)] = 1, note: str = "") -> None: ...

    @event
    def many(self, lines: list[Line], by: dict[str, Line] | None = None) -> None: ...

    @event
    def move(self, to: Shelf, back: Shelf | None = None) -> None: ...

    @event
    def values(
        self, n: int, flag: bool = False, price: Decimal | None = None, text: str | None = None, ratio: float = 0.0
    ) -> None: ...

    @event
    def sign(self, password: Secret[str]) -> None: ...

    @event
    def nothing(self) -> None: ...

    @event
    def anything(self, value: Any, model_config: int = 0, model_x: int = 0, copy: str = "", self_: int = 0) -> None: ...


def binder(name, kind=Order):
    return PydanticCodec().binder(f"{kind.__name__}.{name}", parameters_of(kind, events_of(kind)[name]))


def bind(name, args, *, text=False):
    return binder(name)(args, text=text)


def refused(name, args, *, text=False):
    with pytest.raises(InvalidError) as caught:
        bind(name, args, text=text)
    return {problem.loc: problem for problem in caught.value.problems}


class TestBinding:
    def test_values_are_converted_by_the_annotations(self):
        assert bind("add", {"line": {"sku": "x", "qty": "3"}, "times": "2"}) == {"line": Line("x", 3), "times": 2}

    def test_only_what_was_given_is_bound(self):
        assert bind("values", {"n": 1}) == {"n": 1}
        assert bind("nothing", {}) == {}

    def test_lists_and_dicts_of_values_are_converted(self):
        bound = bind("many", {"lines": [{"sku": "a"}, {"sku": "b"}], "by": {"x": {"sku": "c"}}})
        assert bound == {"lines": [Line("a"), Line("b")], "by": {"x": Line("c")}}

    def test_constraints_are_kept(self):
        assert refused("add", {"line": {"sku": "x"}, "times": 0})["times",].code == "greater_than"

    def test_what_is_missing_unknown_or_wrong_is_named_at_once(self):
        found = refused("add", {"times": "x", "hack": 1})
        assert set(found) == {("line",), ("times",), ("hack",)}
        assert found["line",].message == "is required"

    def test_an_unknown_name_gets_a_hint(self):
        assert refused("values", {"n": 1, "flg": True})["flg",].message == "is not expected; did you mean 'flag'?"

    def test_the_place_of_a_problem_is_the_name_of_the_argument(self):
        assert set(refused("many", {"lines": [{"sku": 1}, {}]})) == {("lines", 0, "sku"), ("lines", 1, "sku")}

    @pytest.mark.parametrize("name", ["p0", "p1"])
    def test_the_inner_names_of_the_model_are_no_names(self, name):
        assert (name,) in refused("values", {"n": 1, name: 2})

    @pytest.mark.parametrize("args", [{1: 2}, {None: 1}, {("a",): 1}])
    def test_names_that_are_no_text_are_refused(self, args):
        assert refused("values", {"n": 1, **args})

    def test_a_reference_is_an_id(self):
        assert bind("move", {"to": "a"}) == {"to": "a"}
        assert bind("move", {"to": "a", "back": None}) == {"to": "a", "back": None}
        assert ("to",) in refused("move", {"to": {"id": "a"}})
        assert ("to",) in refused("move", {"to": None})

    def test_an_argument_may_be_called_anything(self):
        args = {"value": 1, "model_config": 2, "model_x": 3, "copy": "4", "self_": 5}
        assert bind("anything", args) == args

    @pytest.mark.parametrize("name", ["class", "from", "model_dump", "__class__", "a b", "ä", "p0", "self"])
    def test_a_parameter_may_be_called_anything(self, name):
        bound = PydanticCodec().binder("T.e", [Parameter(name, int)])({name: "3"})
        assert bound == {name: 3}

    def test_creating_needs_what_has_no_default_and_updating_takes_any(self):
        assert set(refused("create", {})) == {("title",)}
        assert bind("create", {"title": "x", "count": "2"}) == {"title": "x", "count": 2}
        assert bind("update", {}) == {}
        assert bind("update", {"count": 3}) == {"count": 3}
        assert set(refused("update", {"count": None, "id": "b"})) == {("count",), ("id",)}

    def test_a_wrong_secret_is_not_repeated(self):
        problem = refused("sign", {"password": ["geheim"]})["password",]
        assert "geheim" not in str(problem)

    def test_a_type_that_pydantic_cannot_read_is_named(self):
        with pytest.raises(DefinitionError, match=r"pydantic cannot read the arguments of T\.e"):
            PydanticCodec().binder("T.e", [Parameter("x", Opaque)])


class Opaque:
    """A class that pydantic knows nothing about."""


class TestForms:
    @pytest.mark.parametrize(
        ("typed", "value"),
        [("true", True), ("on", True), ("1", True), ("yes", True), ("false", False), ("off", False), ("0", False)],
    )
    def test_a_checkbox_sends_words(self, typed, value):
        assert bind("values", {"n": "1", "flag": typed}, text=True)["flag"] is value

    def test_an_empty_box_is_nothing_given_where_text_does_not_fit(self):
        assert bind("values", {"n": "1", "flag": "", "ratio": ""}, text=True) == {"n": 1}
        assert bind("update", {"count": "", "tags": "", "title": "x"}, text=True) == {"title": "x"}

    def test_an_empty_box_is_none_where_that_is_a_value(self):
        assert bind("values", {"n": "1", "price": ""}, text=True) == {"n": 1, "price": None}
        assert bind("update", {"due": ""}, text=True) == {"due": None}
        assert bind("move", {"to": "a", "back": ""}, text=True) == {"to": "a", "back": None}

    def test_an_empty_box_is_empty_text_where_text_fits(self):
        assert bind("update", {"title": ""}, text=True) == {"title": ""}
        assert bind("values", {"n": "1", "text": ""}, text=True) == {"n": 1, "text": ""}
        assert bind("anything", {"value": ""}, text=True) == {"value": ""}

    def test_an_empty_box_for_what_must_be_given_is_missing(self):
        assert refused("values", {"n": ""}, text=True)["n",].code == "missing"
        assert refused("move", {"to": ""}, text=True)["to",].code == "missing"

    def test_outside_a_form_empty_text_is_text(self):
        assert refused("values", {"n": ""})["n",].code == "int_parsing"

    def test_an_unknown_box_is_refused_even_when_it_is_empty(self):
        assert ("hack",) in refused("values", {"n": "1", "hack": ""}, text=True)


class TestSchema:
    def test_arguments_are_described_by_their_names(self):
        parameters = parameters_of(Order, events_of(Order)["add"])
        schema = PydanticCodec().arguments_schema("Order.add", parameters)
        assert list(schema["properties"]) == ["line", "times", "note"]
        assert schema["required"] == ["line"]
        assert schema["additionalProperties"] is False
        assert schema["properties"]["times"]["maximum"] == 99
        assert schema["properties"]["times"]["title"] == "Times"
        assert "p0" not in str(schema).lower()

    def test_a_reference_is_described_as_an_id(self):
        schema = PydanticCodec().arguments_schema("Order.move", parameters_of(Order, events_of(Order)["move"]))
        assert schema["properties"]["to"]["type"] == "string"


def deep(levels):
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


NASTY = [
    float("nan"),
    float("inf"),
    -float("inf"),
    10**400,
    1e308,
    "\ud800",
    "a\x00b",
    "NaN",
    "1e400",
    "9" * 5000,
]
NASTY += [deep(50), {"__class__": "x"}, {"\ud800": 1}, {"a": float("nan")}, b"\xff", True, None, "", [], {}]
names = st.sampled_from(
    ["n", "flag", "price", "text", "ratio", "__init__", "__dict__", "self", "p0", "\ud800", "model_config"]
)
leaves = st.sampled_from(range(len(NASTY))).map(NASTY.__getitem__) | st.integers() | st.floats() | st.text(max_size=3)
hostile = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2), max_leaves=4
)


@pytest.mark.parametrize("text", [False, True])
@given(
    event_name=st.sampled_from(["values", "add", "many", "update", "move", "anything"]),
    args=st.dictionaries(names, hostile, max_size=4),
)
@settings(deadline=None, derandomize=True, max_examples=150)
def test_hostile_arguments_are_bound_or_invalid_and_nothing_else(text, event_name, args: Mapping[str, Any]):
    bind_it = BINDERS[event_name]
    try:
        named = bind_it(args, text=text).keys()
    except InvalidError as error:
        str(error).encode(errors="backslashreplace")
        named = {str(problem.loc[0]) for problem in error.problems if problem.loc}
    assert named <= {*map(str, args), *REQUIRED}


REQUIRED = {"n", "line", "lines", "to", "value"}
BINDERS = {name: binder(name) for name in ("values", "add", "many", "update", "move", "anything")}


@pytest.mark.parametrize("value", [*NASTY, deep(100_000), 10**5000], ids=range(len(NASTY) + 2))
def test_what_no_command_could_carry_is_refused_by_name(value):
    try:
        PydanticCodec().plain(BINDERS["anything"]({"value": value}))
    except InvalidError as error:
        places = [problem.loc for problem in error.problems]
    else:
        places = [("value",)]
    assert places == [("value",)]


def test_a_number_that_json_does_not_know_is_refused_wherever_text_becomes_one():
    bind_it = PydanticCodec().binder(
        "T.e", [Parameter("measure", Measure), Parameter("rows", list[float], default=list)]
    )
    with pytest.raises(InvalidError, match="measure: cannot be written as JSON"):
        bind_it({"measure": {"ratio": "nan"}})
    with pytest.raises(InvalidError, match=r"rows\.0: "):
        bind_it({"measure": {"ratio": "1"}, "rows": ["1e999"]})


class Card(BaseModel):
    owner: str
    number: Secret[str]


class Purchase(Entity):
    cards: Private[list[Card]] = []

    @event
    def pay(self, card: Card) -> None: ...


def test_a_model_with_a_secret_part_is_written_into_no_log():
    (parameter,) = parameters_of(Purchase, events_of(Purchase)["pay"])
    assert parameter.secret
    assert secret_fields(Purchase) == {"cards"}


@pytest.mark.parametrize("text", ["1:30:00", "PT1H30M"])
def test_a_span_of_time_is_read_as_the_clock_and_as_the_standard_write_it(text):
    bind_it = PydanticCodec().binder("T.e", [Parameter("takes", timedelta)])
    assert bind_it({"takes": text}, text=True) == {"takes": timedelta(minutes=90)}
