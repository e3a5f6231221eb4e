"""Suites that an author has bent: allowed only in the open.  Run by test_the_suites_bite.py."""

from __future__ import annotations

import pytest

from starmodel.app import InProcessBus
from starmodel.testing import BusContract


class Suite(BusContract):
    __test__ = False

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.__test__ = True

    @pytest.fixture
    def new_bus(self):
        return InProcessBus(capacity=50)


class TestReplacesATest(Suite):
    async def test_commits_arrive_in_order(self):
        pass


class TestRemovesATest(Suite):
    test_commits_arrive_in_order = None


class TestSkipsATest(Suite):
    @pytest.mark.skip(reason="too hard")
    def test_commits_arrive_in_order(self):
        pass


class TestGivesNoReason(Suite):
    @pytest.mark.xfail
    def test_commits_arrive_in_order(self):
        pytest.fail("no reason given")


class TestIsBentLater(Suite):
    pass


TestIsBentLater.test_commits_arrive_in_order = lambda self: None


class Pass:
    async def test_commits_arrive_in_order(self):
        pass


class TestInheritsWhatReplacesATest(Pass, Suite):
    pass


class TestGivesAReason(Suite):
    @pytest.mark.xfail(reason="this bus delivers in any order")
    def test_commits_arrive_in_order(self):
        pytest.fail("known")


class TestAddsATest(Suite):
    def test_something_of_its_own(self):
        pass
