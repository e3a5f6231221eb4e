"""The whole suite of the UI port."""

from __future__ import annotations

from .asking import AskingContract
from .drawing import DrawingContract
from .showing import ShowingContract

__all__ = ["UIContract"]


class UIContract(DrawingContract, AskingContract, ShowingContract):
    """What a kit must draw, whatever it looks like.

    Give it two fixtures: the kit, and what turns the elements it draws into HTML::

        class TestMyKit(UIContract):
            @pytest.fixture
            def kit(self):
                return MyKit()

            @pytest.fixture
            def render(self):
                return lambda drawn: fastcore.xml.to_xml(drawn, indent=False)
    """
