"""The markers in core are what pluggy's own would write, whichever pluggy is installed."""

from __future__ import annotations

import pluggy
import pytest

from starmodel.core.hooks import hookimpl, hookspec

IMPL_OPTIONS = [
    {},
    {"optionalhook": True},
    {"tryfirst": True},
    {"trylast": True},
    {"specname": "starmodel_startup"},
    {"optionalhook": True, "tryfirst": True, "specname": "x"},
]


@pytest.mark.parametrize("options", IMPL_OPTIONS)
def test_an_implementation_is_marked_as_pluggy_marks_it(options):
    def ours(): ...
    def theirs(): ...

    hookimpl(**options)(ours)
    pluggy.HookimplMarker("starmodel")(**options)(theirs)
    assert vars(ours) == vars(theirs)


@pytest.mark.parametrize("options", [{}, {"firstresult": True}])
def test_a_specification_is_marked_as_pluggy_marks_it(options):
    def ours(): ...
    def theirs(): ...

    hookspec(**options)(ours)
    pluggy.HookspecMarker("starmodel")(**options)(theirs)
    assert vars(ours) == vars(theirs)


def test_a_bare_marker_gives_the_function_back():
    def function(): ...

    assert hookimpl(function) is function
    assert hookspec(function) is function
    assert function.starmodel_impl["tryfirst"] is False


def test_two_functions_marked_alike_share_no_options():
    mark = hookimpl(tryfirst=True)

    @mark
    def one(): ...
    @mark
    def two(): ...

    assert one.starmodel_impl is not two.starmodel_impl


def test_a_misspelt_option_is_refused():
    with pytest.raises(TypeError, match="tryfrist"):
        hookimpl(tryfrist=True)


def test_pluggy_reads_what_the_markers_wrote():
    class Specification:
        @hookspec(firstresult=True)
        def pick(self, number): ...

    class Plugin:
        @hookimpl
        def pick(self, number):
            return number + 1

    manager = pluggy.PluginManager("starmodel")
    manager.add_hookspecs(Specification)
    manager.register(Plugin())
    assert manager.hook.pick(number=1) == 2
