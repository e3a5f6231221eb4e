"""Every fault that the UI suite is there for makes it fail: proven on kits that are broken on purpose."""

from __future__ import annotations

import itertools

import broken_kits
import pytest

from starmodel.testing.ui.document import parsed

KITS = [cls for name, cls in vars(broken_kits).items() if name.startswith("Test")]
CAUGHT = [(cls, name) for cls in KITS for name in cls.caught_by]


def cases_of(test):
    """Yield the arguments with which pytest would call a test besides its fixtures."""
    marks = [mark for mark in getattr(test, "pytestmark", []) if mark.name == "parametrize"]
    axes = [[{mark.args[0]: value} for value in mark.args[1]] for mark in marks]
    for combination in itertools.product(*axes):
        yield {name: value for part in combination for name, value in part.items()}


def failures(suite, name):
    """Return how many cases of a published test fail on a kit."""
    test, failed = getattr(suite, name), 0
    kit, render = broken_kits.PlainKit(), suite.spoiled
    fixtures = {"kit": kit, "draw": lambda drawn: parsed(render(broken_kits.html_of(drawn)))}
    for case in cases_of(test):
        try:
            test(**fixtures, **case)
        except AssertionError:
            failed += 1
    return failed


@pytest.mark.parametrize(("cls", "name"), CAUGHT, ids=[f"{cls.__name__}-{name}" for cls, name in CAUGHT])
def test_a_broken_kit_is_caught(cls, name):
    assert failures(cls(), name), f"{name} did not notice that {cls.__name__}"


@pytest.mark.parametrize("name", sorted({name for _, name in CAUGHT}))
def test_a_kit_that_is_whole_is_not(name):
    assert failures(broken_kits.Suite(), name) == 0
