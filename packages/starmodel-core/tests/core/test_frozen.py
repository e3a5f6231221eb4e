"""Freezing makes containers refuse every change and share what is frozen already; thawing gives a private copy."""

from __future__ import annotations

import copy
import pickle
from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starmodel.core.frozen import FrozenDict, FrozenList, FrozenSet, freeze, is_immutable, thaw

LIST_CHANGES = {
    "append": lambda x: x.append(1),
    "extend": lambda x: x.extend([1]),
    "insert": lambda x: x.insert(0, 1),
    "pop": lambda x: x.pop(),
    "remove": lambda x: x.remove(1),
    "clear": lambda x: x.clear(),
    "sort": lambda x: x.sort(),
    "reverse": lambda x: x.reverse(),
    "set item": lambda x: x.__setitem__(0, 2),
    "set slice": lambda x: x.__setitem__(slice(0, 1), []),
    "del item": lambda x: x.__delitem__(0),
    "+=": lambda x: x.__iadd__([1]),
    "*=": lambda x: x.__imul__(2),
}
DICT_CHANGES = {
    "set item": lambda x: x.__setitem__("a", 2),
    "del item": lambda x: x.__delitem__("a"),
    "|=": lambda x: x.__ior__({}),
    "clear": lambda x: x.clear(),
    "pop": lambda x: x.pop("a"),
    "popitem": lambda x: x.popitem(),
    "setdefault": lambda x: x.setdefault("b", 1),
    "update": lambda x: x.update(b=1),
}
SET_CHANGES = {
    "add": lambda x: x.add(2),
    "clear": lambda x: x.clear(),
    "discard": lambda x: x.discard(1),
    "pop": lambda x: x.pop(),
    "remove": lambda x: x.remove(1),
    "update": lambda x: x.update({2}),
    "|=": lambda x: x.__ior__({2}),
    "&=": lambda x: x.__iand__({2}),
    "-=": lambda x: x.__isub__({1}),
    "^=": lambda x: x.__ixor__({1}),
    "difference_update": lambda x: x.difference_update({1}),
    "intersection_update": lambda x: x.intersection_update({2}),
    "symmetric_difference_update": lambda x: x.symmetric_difference_update({1}),
}
EVERY_CHANGE = [
    pytest.param(value, change, id=f"{type(value).__name__} {name}")
    for value, changes in (([1], LIST_CHANGES), ({"a": 1}, DICT_CHANGES), ({1}, SET_CHANGES))
    for name, change in changes.items()
]


class Point(NamedTuple):
    name: str
    tags: list[str]


@dataclass
class Loose:
    tags: list[str]


@dataclass(frozen=True)
class Fixed:
    n: int


@pytest.mark.parametrize(("value", "change"), EVERY_CHANGE)
def test_a_frozen_container_refuses_every_change(value, change):
    frozen = freeze(value)
    with pytest.raises(
        TypeError, match=f"this {type(value).__name__} belongs to an immutable snapshot; change it inside"
    ):
        change(frozen)
    assert frozen == value


@pytest.mark.parametrize("kind", [list, dict, set])
def test_no_method_that_changes_the_container_was_forgotten(kind):
    named = {"list": LIST_CHANGES, "dict": DICT_CHANGES, "set": SET_CHANGES}[kind.__name__]
    reading = {"copy", "count", "index", "fromkeys", "get", "items", "keys", "values", "difference", "intersection"}
    reading |= {"isdisjoint", "issubset", "issuperset", "symmetric_difference", "union"}
    public = {name for name in vars(kind) if not name.startswith("_")}
    assert public - reading == {name for name in named if name.isidentifier()}


def test_freezing_reaches_every_depth():
    frozen = freeze({"rows": [{"tags": {"a"}}, ([1],)]})
    assert type(frozen) is FrozenDict
    assert type(frozen["rows"]) is FrozenList
    assert type(frozen["rows"][0]["tags"]) is FrozenSet
    assert type(frozen["rows"][1][0]) is FrozenList


@pytest.mark.parametrize("value", [1, "x", None, Decimal(1), (1, "x"), frozenset({1}), datetime.now(UTC)])
def test_what_cannot_change_is_returned_as_it_is(value):
    assert freeze(value) is value
    assert thaw(value) is value


@pytest.mark.parametrize("value", [[1], {"a": [1]}, {1}, ([1],)])
def test_what_is_frozen_already_is_shared(value):
    frozen = freeze(value)
    assert freeze(frozen) is frozen


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (defaultdict(list, a=[1]), FrozenDict),
        (OrderedDict(a=[1]), FrozenDict),
        (type("Rows", (list,), {})([1]), FrozenList),
    ],
)
def test_relatives_of_the_containers_are_frozen_too(value, kind):
    frozen = freeze(value)
    assert type(frozen) is kind
    assert frozen == value


def test_a_named_tuple_keeps_its_type_while_its_parts_are_frozen():
    frozen = freeze(Point("a", ["x"]))
    assert type(frozen) is Point
    assert type(frozen.tags) is FrozenList
    thawed = thaw(frozen)
    thawed.tags.append("y")
    assert (thawed, frozen) == (Point("a", ["x", "y"]), Point("a", ["x"]))


@pytest.mark.parametrize("value", [[[1], 2], {"a": [1]}, {1}, ([1], 2), Loose(["x"])])
def test_a_thawed_copy_is_equal_and_private(value):
    frozen = freeze(value)
    thawed = thaw(frozen)
    assert thawed == value
    assert type(thawed) is type(value)
    assert thawed is not frozen


def test_a_mutable_object_is_copied_by_thawing():
    value = Loose(["x"])
    thaw(value).tags.append("y")
    assert value.tags == ["x"]


@pytest.mark.parametrize("value", [[1, [2]], {"a": {"b": 1}}, {1, 2}])
def test_a_frozen_container_survives_pickling_and_copying(value):
    frozen = freeze(value)
    again = pickle.loads(pickle.dumps(frozen))
    assert (again, type(again)) == (frozen, type(frozen))
    assert copy.copy(frozen) is frozen
    assert copy.deepcopy(frozen) is frozen


@pytest.mark.parametrize(
    ("kind", "immutable"), [(int, True), (Fixed, True), (Loose, False), (list, False), (object, False)]
)
def test_only_types_whose_instances_never_change_count_as_immutable(kind, immutable):
    assert is_immutable(kind) is immutable


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4) | st.tuples(inner)
    ),
    max_leaves=20,
)


@given(values)
def test_freezing_changes_no_value_and_thawing_is_its_way_back(value):
    assert freeze(value) == value
    assert thaw(freeze(value)) == value


@given(values)
def test_freezing_twice_is_freezing_once(value):
    assert freeze(freeze(value)) == freeze(value)


@given(values)
def test_what_was_thawed_shares_nothing_that_can_change_with_what_was_frozen(value):
    frozen = freeze(value)
    _spoil(thaw(frozen))
    assert frozen == freeze(value)


def _spoil(value):
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    for part in list(parts):
        _spoil(part)
    if isinstance(value, list | dict):
        value.clear()


@dataclass(frozen=True)
class Tagged:
    tags: list
    inner: tuple = ()
    n: int = 0


@dataclass(frozen=True, slots=True)
class Spot:
    x: int
    y: Decimal | None = None


def test_what_a_frozen_dataclass_holds_is_frozen_with_it():
    given = Tagged(["a"], (Tagged(["b"]),))
    frozen = freeze([given])[0]
    assert frozen == given
    for change in (frozen.tags.append, frozen.inner[0].tags.append):
        with pytest.raises(TypeError, match="immutable snapshot"):
            change("x")
    given.tags.append("mine")
    assert frozen.tags == ["a"]
    assert freeze(frozen) is frozen
    assert freeze(Tagged(frozen.tags)).tags is frozen.tags


def test_a_frozen_dataclass_of_simple_values_is_taken_as_it_is():
    points = [Spot(1), Spot(2, Decimal(3))]
    assert all(one is other for one, other in zip(freeze(points), points, strict=True))
