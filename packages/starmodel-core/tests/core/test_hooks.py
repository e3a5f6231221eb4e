"""Hooks are marked in the form pluggy reads, without pluggy."""

from __future__ import annotations

import pytest

from starmodel.core.hooks import hookimpl, hookspec


def plain():
    """Do nothing."""


@pytest.mark.parametrize(("mark", "attribute"), [(hookimpl, "starmodel_impl"), (hookspec, "starmodel_spec")])
def test_a_mark_works_bare_and_called(mark, attribute):
    def bare(): ...

    def called(): ...

    assert mark(bare) is bare
    assert mark()(called) is called
    assert getattr(bare, attribute) == getattr(called, attribute)


def test_options_are_kept_in_the_mark():
    @hookimpl(tryfirst=True, specname="starmodel_other")
    def first(): ...

    @hookspec(firstresult=True)
    def one(): ...

    assert first.starmodel_impl["tryfirst"] is True
    assert first.starmodel_impl["specname"] == "starmodel_other"
    assert one.starmodel_spec["firstresult"] is True


def test_every_mark_has_options_of_its_own():
    mark = hookimpl()

    def other(): ...

    mark(plain)
    mark(other)
    plain.starmodel_impl["tryfirst"] = True
    assert other.starmodel_impl["tryfirst"] is False
