"""How far the value of a field may travel, by the marks of its annotation."""

from __future__ import annotations

from typing import Annotated

import pytest

from starmodel.core import Private, Secret, Visibility
from starmodel.core.visibility import visibility_of


@pytest.mark.parametrize(
    ("annotation", "level"),
    [
        (int, Visibility.PUBLIC),
        (Private[int], Visibility.PRIVATE),
        (Secret[str], Visibility.SECRET),
        (Annotated[str, "a note"], Visibility.PUBLIC),
        (Annotated[str, "a note", Visibility.PRIVATE], Visibility.PRIVATE),
        (Private[Secret[str]], Visibility.SECRET),
    ],
)
def test_the_strictest_mark_says_how_far_a_value_may_travel(annotation, level):
    assert visibility_of(annotation) is level
