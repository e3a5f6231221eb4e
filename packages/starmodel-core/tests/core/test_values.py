"""A value is a frozen dataclass in every respect but the time it takes to make."""

from __future__ import annotations

import copy
import inspect
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from typing import Any

import pytest

from starmodel.core.values import value


@value()
class Place:
    name: str
    number: int = 0
    tags: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Control:
    name: str
    number: int = 0
    tags: dict[str, Any] = field(default_factory=dict)


@value(kw_only=True)
class Named:
    name: str = "x"


def test_it_is_made_like_a_dataclass():
    assert Place("a") == Place(name="a", number=0, tags={})
    assert repr(Place("a", 1)).partition("(")[2] == repr(Control("a", 1)).partition("(")[2]
    assert str(inspect.signature(Place)) == str(inspect.signature(Control))
    assert [part.name for part in fields(Place)] == ["name", "number", "tags"]


def test_each_has_a_default_of_its_own():
    assert Place("a").tags is not Place("b").tags


def test_it_is_frozen_once_it_is_made():
    place = Place("a")
    with pytest.raises(FrozenInstanceError):
        place.name = "b"
    with pytest.raises(FrozenInstanceError):
        del place.name
    with pytest.raises((AttributeError, TypeError)):
        place.other = 1


def test_wrong_arguments_are_refused_as_by_any_function():
    for wrong in (lambda: Place(), lambda: Place("a", nothing=1), lambda: Named("a")):
        with pytest.raises(TypeError, match="__init__"):
            wrong()


def test_it_can_be_copied_pickled_hashed_and_matched():
    place = Place("a", 2, tags={"b": 1})
    assert type(place) is Place
    assert replace(place, number=3).number == 3
    assert pickle.loads(pickle.dumps(place)) == copy.copy(place) == copy.deepcopy(place) == place
    assert hash(Named()) == hash(Named(name="x"))
    match place:
        case Place(name, number):
            assert (name, number) == ("a", 2)


def test_a_class_may_be_derived_from_it():
    @dataclass(frozen=True, slots=True)
    class Further(Place):
        more: str = ""

    class Plain(Place):
        pass

    assert (Further("a", more="b").more, Further("a").tags) == ("b", {})
    assert type(Plain("a")) is Plain
    assert Plain("a").number == 0
