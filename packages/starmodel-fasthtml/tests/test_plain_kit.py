"""PlainKit keeps the contract of its port."""

from __future__ import annotations

import pytest

from starmodel.adapters.fasthtml.markup import html_of
from starmodel.adapters.fasthtml.plain import PlainKit
from starmodel.testing import UIContract


class TestPlainKit(UIContract):
    @pytest.fixture
    def kit(self):
        return PlainKit()

    @pytest.fixture
    def render(self):
        return html_of
