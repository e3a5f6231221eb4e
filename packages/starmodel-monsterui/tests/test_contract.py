"""MonsterKit keeps the contract of its port."""

from __future__ import annotations

import pytest
from fastcore.xml import to_xml

from starmodel.adapters.ui_monster import MonsterKit
from starmodel.testing import UIContract


class TestMonsterKit(UIContract):
    @pytest.fixture
    def kit(self):
        return MonsterKit()

    @pytest.fixture
    def render(self):
        return lambda drawn: to_xml(drawn, indent=False)
