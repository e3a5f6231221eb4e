"""Pydantic's errors in the shape that every door shares."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError, field_validator

from starmodel.adapters.pydantic import problems_of
from starmodel.core.errors import CheckFailedError, InvalidError, Problem


class Person(BaseModel, extra="forbid"):
    name: str
    age: int = 0

    @field_validator("name")
    @classmethod
    def known(cls, name):
        if name == "eve":
            raise ValueError("is not welcome")
        if name == "mallory":
            raise CheckFailedError("is not welcome either")
        if name == "trent":
            raise InvalidError([Problem(("first",), "is required", "missing"), Problem((), "is wrong")])
        if name == "bob":
            raise AssertionError("is away")
        return name


def complaints(data, known=("name", "age")):
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(list[Person]).validate_python([data])
    return [(problem.loc, problem.message, problem.code) for problem in problems_of(caught.value, known)]


def test_what_is_missing_and_what_is_not_expected_has_plain_words():
    assert complaints({"nme": "x"}) == [
        ((0, "name"), "is required", "missing"),
        ((0, "nme"), "is not expected", "extra_forbidden"),
    ]


def test_the_words_of_a_validator_are_kept_without_a_prefix():
    assert complaints({"name": "eve"}) == [((0, "name"), "is not welcome", "value_error")]
    assert complaints({"name": "bob"}) == [((0, "name"), "is away", "assertion_error")]


def test_an_error_of_ours_keeps_its_words():
    assert complaints({"name": "mallory"}) == [((0, "name"), "is not welcome either", "value_error")]


def test_problems_inside_an_error_of_ours_keep_their_places():
    assert complaints({"name": "trent"}) == [
        ((0, "name", "first"), "is required", "missing"),
        ((0, "name"), "is wrong", "invalid"),
    ]


def test_an_unexpected_name_at_the_top_gets_a_hint():
    with pytest.raises(ValidationError) as caught:
        Person.model_validate({"name": "x", "aeg": 3})
    (problem,) = problems_of(caught.value, ["name", "age"])
    assert problem.message == "is not expected; did you mean 'age'?"
