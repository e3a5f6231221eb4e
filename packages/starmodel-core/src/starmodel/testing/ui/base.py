"""What the parts of the UI suite share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from starmodel.core.ui import UIAdapter
from starmodel.testing.base import Contract

from .document import Element, parsed
from .samples import KEPT

__all__ = ["Draw", "UISuite", "keeps"]

Draw = Callable[[Any], Element]


class UISuite(Contract):
    """The fixtures of the UI suite."""

    @pytest.fixture
    def kit(self) -> UIAdapter:
        """Make a kit: every subclass gives this fixture."""
        raise NotImplementedError(f"give {type(self).__name__} a fixture kit that returns a kit")

    @pytest.fixture
    def render(self) -> Callable[[Any], str]:
        """Return what turns a drawn thing into HTML: every subclass gives this fixture."""
        raise NotImplementedError(f"give {type(self).__name__} a fixture render that returns a function to HTML")

    @pytest.fixture
    def draw(self, render: Callable[[Any], str]) -> Draw:
        """Return what turns a drawn thing into a tree."""
        return lambda drawn: parsed(render(drawn))


def keeps(element: Element) -> bool:
    """Say whether an element has the sample attributes exactly as they were given, and none that was not."""
    unwanted = {"data-off", "data-none"} & element.attributes.keys()
    return not unwanted and {name: element.get(name) for name in KEPT} == KEPT
