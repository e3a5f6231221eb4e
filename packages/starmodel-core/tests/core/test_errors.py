"""Every error has one root, keeps its arguments, says what to do, and survives pickling."""

from __future__ import annotations

import pickle

import pytest

from starmodel.core import errors
from starmodel.core.errors import Problem, StarModelError, hint

SAMPLES = [
    errors.CheckFailedError("too much"),
    errors.CommandReusedError("c1"),
    errors.ConflictError("Todo a", 1, 2),
    errors.FieldConflictError("Todo a", 1, 2, {"title": ("theirs", "yours")}),
    errors.ForbiddenError("Todo.delete", "only the owner may"),
    errors.FrozenEntityError("Todo", "title"),
    errors.GoneError("Todo", "a"),
    errors.InvalidError([Problem(("lines", 0, "qty"), "is required", "missing"), Problem((), "is wrong")]),
    errors.NotFoundError("Todo", "a"),
    errors.ReadOnlyError("Todo.search"),
    errors.RefusedError("not now"),
    errors.UnknownEntityError("Todoo", ["Todo"]),
    errors.UnknownEventError("Todo", "togle", ["toggle"]),
    errors.UnknownFieldError("Todo", "titel", ["title"]),
]
KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_has_one_root(kind):
    assert issubclass(kind, StarModelError)


def test_every_kind_of_problem_a_door_tells_apart_has_a_code_of_its_own():
    codes = [kind.code for kind in KINDS]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: type(error).__name__)
def test_an_error_survives_pickling_with_everything_it_knows(error):
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: type(error).__name__)
def test_notes_survive_pickling(error):
    error.add_note("seen by ada")
    assert pickle.loads(pickle.dumps(error)).__notes__ == ["seen by ada"]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errors.FrozenEntityError("Todo", "title"), "change it inside an @event method, or .* with .evolve(title=...)"),
        (errors.UnknownFieldError("Todo", "titel", ["title"]), "did you mean 'title'?"),
        (errors.NotFoundError("Todo", "a"), "reload and choose another"),
        (errors.ConflictError("Todo a", 1, 2), "at version 2, .* on version 1; load it again and repeat"),
        (errors.FieldConflictError("Todo a", 1, 2, {"t": ("x", "y")}), "t is now 'x', yours is 'y'; choose a value"),
        (errors.CommandReusedError("c"), "send it with a new id"),
        (errors.ReadOnlyError("Todo.find"), 'declare it @event(method="post")'),
        (errors.ForbiddenError("Todo.delete", "why"), "Todo.delete is not allowed: why"),
        (errors.ForbiddenError("Todo.delete"), "Todo.delete is not allowed"),
    ],
)
def test_an_error_says_what_to_do(error, words):
    start, _, end = words.partition(" .* ")
    assert start in str(error)
    assert end in str(error)


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (errors.NotFoundError, LookupError),
        (errors.FrozenEntityError, AttributeError),
        (errors.InvalidError, ValueError),
        (errors.ForbiddenError, PermissionError),
        (errors.StoreError, OSError),
        (errors.DefinitionError, TypeError),
    ],
)
def test_an_error_also_is_the_builtin_it_resembles(error, builtin):
    assert issubclass(error, builtin)


def test_a_problem_reads_as_a_path_and_what_is_wrong():
    assert str(Problem(("lines", 0, "qty"), "is required")) == "lines.0.qty: is required"
    assert str(Problem((), "is wrong")) == "is wrong"


def test_a_hint_offers_the_closest_name_or_all_of_them():
    assert hint("titel", ["title", "done"]) == "did you mean 'title'?"
    assert hint("zzz", ["title", "done"]) == "there is done, title"
    assert hint("zzz", []) == "there is none"
