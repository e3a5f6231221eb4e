"""A plugin starts after those it requires, and not without them."""

from __future__ import annotations

import pytest

from starmodel.plugins import HookFailedError, PluginHost, PluginLoadError, hookimpl

pytestmark = pytest.mark.anyio
MARKED = "from starmodel.core.hooks import hookimpl\n@hookimpl\ndef starmodel_plugin_info(): return {}\n"


def part(name, calls, *requires, fails=False):
    class Part:
        STARMODEL_REQUIRES = requires

        @hookimpl
        async def starmodel_startup(self):
            calls.append(f"+{name}")
            if fails:
                raise ZeroDivisionError

        @hookimpl
        async def starmodel_shutdown(self):
            calls.append(f"-{name}")

    return Part()


def host_of(*named, **options):
    host = PluginHost(**options)
    for name, one in named:
        host.add(one, name)
    return host


async def test_they_start_in_the_order_of_what_they_require_and_stop_in_the_reverse():
    calls = []
    host = host_of(("z", part("z", calls)), ("m", part("m", calls, "z")), ("a", part("a", calls, "m", "z")))
    await host.startup(None)
    await host.shutdown(None)
    assert calls == ["+z", "+m", "+a", "-a", "-m", "-z"]


async def test_without_what_it_requires_it_is_neither_started_nor_stopped():
    calls = []
    host = host_of(("z", part("z", calls, fails=True)), ("a", part("a", calls, "z")), ("b", part("b", calls)))
    await host.startup(None)
    await host.shutdown(None)
    assert calls == ["+b", "+z", "-b"]
    errors = {record.name: record.error for record in host.records}
    assert "it requires the plugin 'z', which did not start" in errors["a"]


async def test_when_a_required_one_does_not_start_nothing_does():
    calls = []
    host = host_of(("a", part("a", calls)), ("b", part("b", calls, fails=True)), ("c", part("c", calls)), required="b")
    with pytest.raises(HookFailedError, match="'b' failed in starmodel_startup"):
        await host.startup(None)
    assert calls == ["+a", "+b", "-a"]


def test_one_that_lacks_another_takes_part_in_nothing(install):
    install("needy", f"{MARKED}STARMODEL_REQUIRES = ('clock',)")
    install("needier", f"{MARKED}STARMODEL_REQUIRES = ('needy',)")
    host = PluginHost().load()
    found = {record.name: record for record in host.records}
    assert {found[name].status for name in ("needy", "needier")} == {"failed"}
    assert "requires the plugin 'clock', which is not here" in found["needy"].error
    assert {"needy", "needier"}.isdisjoint(answer.plugin for answer in host.each("starmodel_plugin_info"))


def test_two_that_require_each_other_are_told(install):
    install("egg", f"{MARKED}STARMODEL_REQUIRES = ('hen',)")
    install("hen", f"{MARKED}STARMODEL_REQUIRES = ('egg',)")
    found = {record.name: record for record in PluginHost().load().records}
    assert "requires the plugin 'hen', which cannot start without another" in found["egg"].error


def test_something_else_than_names_is_told(install):
    install("odd", f"{MARKED}STARMODEL_REQUIRES = 'clock'")
    (record,) = [record for record in PluginHost().load().records if record.name == "odd"]
    assert "must be names of plugins" in record.error


def test_an_own_one_that_lacks_another_is_an_error_at_once():
    with pytest.raises(PluginLoadError, match="requires the plugin 'clock'"):
        host_of(("a", part("a", [], "clock")))
