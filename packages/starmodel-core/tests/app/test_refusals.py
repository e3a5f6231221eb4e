"""What a refused command is answered: one table for every door, and nothing in it that nobody may know."""

from __future__ import annotations

import pytest

from starmodel.app import refusal_of
from starmodel.core import errors
from starmodel.core.errors import Problem


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.InvalidError([Problem(("n",), "is required")]), 422),
        (errors.CheckFailedError("too much"), 422),
        (errors.RefusedError("not now"), 409),
        (errors.ConflictError("T a", 1, 2), 409),
        (errors.FieldConflictError("T a", 1, 2, {"t": ("x", "y")}), 409),
        (errors.UndoError("too late"), 409),
        (errors.CommandReusedError("c"), 422),
        (errors.QueryError("no such field"), 400),
        (errors.TooManyError("T.e", 3.5), 429),
        (errors.ForbiddenError("T.e"), 403),
        (errors.NotFoundError("T", "a"), 404),
        (errors.UnknownEntityError("T"), 404),
        (errors.UnknownEventError("T", "e"), 404),
        (errors.GoneError("T", "a"), 410),
        (errors.ReadOnlyError("T.e"), 405),
        (errors.StoreError("down"), 503),
        (errors.DefinitionError("bad class"), 500),
        (errors.ConfigurationError("two stores"), 500),
        (RuntimeError("bug"), 500),
        (ValueError("bug"), 500),
    ],
)
def test_every_refusal_has_its_status(error, status):
    refusal = refusal_of(error, "r1")
    assert (refusal.status, refusal.id) == (status, "r1")
    assert refusal.title


@pytest.mark.parametrize(
    "error", [RuntimeError("geheim"), errors.DefinitionError("geheim"), errors.StoreError("geheim")]
)
def test_an_inner_failure_is_told_without_its_words(error):
    assert "geheim" not in repr(refusal_of(error, "r1").to_dict())


def test_what_is_not_there_and_what_is_hidden_read_the_same():
    one, other = (refusal_of(errors.NotFoundError("T", id), "r1") for id in "ab")
    assert one == other


def test_the_problems_of_an_input_are_listed_by_place():
    error = errors.InvalidError([Problem(("lines", 0), "is required", "missing")])
    assert refusal_of(error, "r1").to_dict()["errors"] == [
        {"loc": ["lines", 0], "message": "is required", "code": "missing"}
    ]


def test_both_values_of_a_conflict_are_shown_by_field():
    refusal = refusal_of(errors.FieldConflictError("T a", 1, 2, {"t": ("x", "y")}), "r1")
    assert str(refusal.errors[0]) == "t: is now 'x', yours is 'y': choose one and save again"


def test_it_is_a_problem_document():
    document = refusal_of(errors.RefusedError("not now"), "r1").to_dict()
    assert document == {
        "type": "urn:starmodel:problem:refused",
        "title": "That is not possible now",
        "status": 409,
        "detail": "not now",
        "id": "r1",
        "errors": [],
    }
