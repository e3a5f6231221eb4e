"""Frozen dataclasses that fill themselves in by assignments are the same in everything but the time it takes."""

from __future__ import annotations

import copy
import inspect
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace

import pytest

from starmodel.core.swift import swift


@dataclass(frozen=True, slots=True)
class Plain:
    name: str
    size: int = 1
    tags: list[str] = field(default_factory=list[str])
    note: str = field(default="", compare=False, kw_only=True)


@swift
@dataclass(frozen=True, slots=True)
class Swift:
    name: str
    size: int = 1
    tags: list[str] = field(default_factory=list[str])
    note: str = field(default="", compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Larger(Swift):
    more: int = 0


@pytest.mark.parametrize(
    ("given", "named"),
    [(("a",), {}), (("a", 2), {}), (("a", 2, ["x"]), {"note": "n"}), ((), {"name": "a", "tags": ["x"]})],
)
def test_it_holds_what_its_own_way_would_have_put_into_it(given: tuple[object, ...], named: dict[str, object]) -> None:
    plain, made = Plain(*given, **named), Swift(*given, **named)  # type: ignore[arg-type]  # any call
    assert [getattr(made, one.name) for one in fields(made)] == [getattr(plain, one.name) for one in fields(plain)]
    assert type(made) is Swift
    assert repr(made) == repr(plain).replace("Plain", "Swift")


def test_each_has_a_value_of_its_own_from_a_factory() -> None:
    assert Swift("a").tags is not Swift("a").tags


def test_it_is_frozen_when_it_is_made() -> None:
    made = Swift("a")
    with pytest.raises(FrozenInstanceError):
        made.name = "b"  # type: ignore[misc]  # that is refused
    with pytest.raises(FrozenInstanceError):
        del made.name
    with pytest.raises((AttributeError, TypeError)):
        made.other = 1  # type: ignore[attr-defined]  # neither is there room for it
    assert made.name == "a"


def test_it_is_equal_copied_replaced_and_pickled_as_any() -> None:
    made = Swift("a", 2, note="n")
    assert made == Swift("a", 2, note="other")
    assert made != Swift("a", 3)
    assert replace(made, size=5) == Swift("a", 5)
    for twin in (copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert (type(twin), twin, twin.note) == (Swift, made, "n")


def test_it_is_called_and_described_as_before() -> None:
    assert str(inspect.signature(Swift)) == str(inspect.signature(Plain))
    with pytest.raises(TypeError, match="name"):
        Swift()  # type: ignore[call-arg]  # that is refused
    with pytest.raises(TypeError, match="unknown"):
        Swift("a", unknown=1)  # type: ignore[call-arg]  # and that


@swift
@dataclass(frozen=True, slots=True)
class Named:
    kind: type
    plain: str
    made: int = 0
    twin: int = 1
    become: int = 2


def test_a_field_may_have_any_name() -> None:
    made = Named(str, "p", become=5)
    assert (made.kind, made.plain, made.made, made.twin, made.become) == (str, "p", 0, 1, 5)
    assert type(made) is Named


def test_a_subclass_is_made_in_the_usual_way() -> None:
    made = Larger("a", 2, ["x"], 7, note="n")
    assert (made.name, made.size, made.tags, made.note, made.more) == ("a", 2, ["x"], "n", 7)
    assert type(made) is Larger
    with pytest.raises(FrozenInstanceError):
        made.name = "b"  # type: ignore[misc]  # that is refused


def test_a_subclass_without_fields_of_its_own_is_made_too() -> None:
    class Bare(Swift):
        pass

    assert (type(Bare("a")), Bare("a").name, Bare("a", note="n").note) == (Bare, "a", "n")


@dataclass(frozen=True)
class Slotless:
    name: str


@dataclass(frozen=True, slots=True)
class Checked:
    name: str

    def __post_init__(self) -> None:
        assert self.name


@pytest.mark.parametrize("kind", [Slotless, Checked])
def test_what_could_not_be_made_so_is_refused(kind: type) -> None:
    with pytest.raises(TypeError, match=f"{kind.__name__} must be a dataclass with slots and without __post_init__"):
        swift(kind)
