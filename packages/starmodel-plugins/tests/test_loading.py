"""A host loads what fits, records what does not, and goes on."""

from __future__ import annotations

import pytest

from starmodel.core.errors import StarModelError
from starmodel.plugins import HOOK_API, HookFailedError, PluginHost, PluginLoadError, hookimpl

GOOD = """
    from starmodel.core.hooks import hookimpl

    @hookimpl
    def starmodel_plugin_info():
        return {"title": "Good"}
"""
WRAPPER = """
    import pluggy

    @pluggy.HookimplMarker("starmodel")(wrapper=True)
    def starmodel_routes():
        return (yield)
"""
MARKED = "from starmodel.core.hooks import hookimpl\n"


def record_of(host, name):
    return {record.name: record for record in host.records}[name]


def loaded(name, **options):
    return record_of(PluginHost(**options).load(), name)


def test_a_good_plugin_is_recorded_with_its_hooks(install):
    install("good", GOOD)
    record = loaded("good")
    assert (record.status, record.hooks, record.distribution, record.version, record.error) == (
        "ok", ("starmodel_plugin_info",), "good", "1.2", None,
    )  # fmt: skip
    assert record.load_ms > 0


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import no_such_module", "No module named 'no_such_module'"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("def broken(:", "SyntaxError"),
        ("x = 1", "takes part in no hook; mark its functions with @hookimpl"),
        (MARKED + "STARMODEL_HOOK_API = (2, 0)\n@hookimpl\ndef starmodel_routes(): ...", "needs hook API 2.0"),
        (MARKED + "STARMODEL_HOOK_API = (1, 99)\n@hookimpl\ndef starmodel_routes(): ...", "needs hook API 1.99"),
        (MARKED + "STARMODEL_HOOK_API = '1'\n@hookimpl\ndef starmodel_routes(): ...", "two whole numbers"),
        (MARKED + "@hookimpl\ndef starmodel_route(): ...", "did you mean 'starmodel_routes'"),
        (MARKED + "@hookimpl\ndef starmodel_routes(app, more): ...", "'more'"),
        (MARKED + "@hookimpl\nasync def starmodel_routes(): ...", "write it `def`"),
        (WRAPPER, "is a wrapper"),
    ],
    ids=["import", "exit", "syntax", "none", "major", "minor", "odd", "name", "argument", "async", "wrapper"],
)
def test_a_plugin_that_does_not_fit_fails_with_advice_and_alone(install, code, words):
    install("bad", code)
    install("good", GOOD)
    host = PluginHost().load()
    bad = record_of(host, "bad")
    assert bad.status == "failed"
    assert words in bad.error
    assert "\n" not in bad.error
    assert bad.hooks == ()
    assert "bad" not in {answer.plugin for answer in host.each("starmodel_plugin_info")}
    assert record_of(host, "good").status == "ok"


def test_a_plugin_of_which_one_hook_does_not_fit_takes_part_in_none(install):
    code = "@hookimpl\ndef starmodel_plugin_info(): return {}\n@hookimpl\ndef starmodel_routes(app, more): ..."
    install("half", MARKED + code)
    host = PluginHost().load()
    assert record_of(host, "half").status == "failed"
    assert host.each("starmodel_plugin_info") == []


def test_a_plugin_written_for_this_version_loads(install):
    install("good", f"{MARKED}STARMODEL_HOOK_API = {HOOK_API}\n@hookimpl\ndef starmodel_routes(): return []")
    assert loaded("good").status == "ok"


def test_a_hook_of_a_newer_host_is_passed_over_if_it_is_optional(install):
    install("newer", MARKED + "@hookimpl(optionalhook=True)\ndef starmodel_telepathy(mind): ...")
    record = loaded("newer")
    assert (record.status, record.hooks) == ("ok", ())


def test_a_disabled_plugin_is_not_imported(install):
    install("explosive", "raise SystemExit(3)")
    assert loaded("explosive", disabled=["explosive"]).status == "disabled"


def test_a_star_disables_every_plugin(install):
    install("one", "raise SystemExit(3)")
    install("two", "raise SystemExit(3)")
    assert {record.status for record in PluginHost(disabled={"*"}).load().records} == {"disabled"}


def test_what_the_application_relies_on_is_disabled_by_no_setting_and_its_failure_stops_the_start():
    class Guard:
        @hookimpl
        def starmodel_routes(self):
            raise OSError("the key is away")

    host = PluginHost(disabled={"*"})
    host.add(Guard(), "guard", always=True)
    assert [record.status for record in host.records] == ["ok"]
    with pytest.raises(HookFailedError):
        host.collect("starmodel_routes", app=None)


def test_of_two_plugins_of_one_name_the_first_distribution_wins(install):
    install("aaa", GOOD, name="twin")
    install("bbb", "raise SystemExit(3)", name="twin")
    host = PluginHost().load()
    assert record_of(host, "twin").distribution == "aaa"
    shadowed = record_of(host, "twin@bbb")
    assert (shadowed.status, shadowed.distribution) == ("shadowed", "bbb")
    assert "aaa offers a plugin of the same name" in shadowed.error


def test_a_strict_host_raises_the_failure_and_keeps_its_cause(install):
    install("bad", "1 / 0")
    with pytest.raises(PluginLoadError, match="'bad' could not be loaded: ZeroDivisionError") as caught:
        PluginHost(strict=True).load()
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert isinstance(caught.value, StarModelError)


@pytest.mark.parametrize(("code", "options"), [("1 / 0", {}), (GOOD, {"disabled": ["guard"]}), (None, {})])
def test_an_application_does_not_start_without_a_required_plugin(install, code, options):
    if code is not None:
        install("guard", code)
    with pytest.raises(PluginLoadError, match="'guard' could not be loaded: it is required and"):
        PluginHost(required=["guard"], **options).load()


def test_a_required_plugin_that_loads_is_no_obstacle(install):
    install("guard", GOOD)
    assert loaded("guard", required=["guard"]).status == "ok"


def test_the_application_gives_a_plugin_of_its_own():
    class Own:
        @hookimpl
        def starmodel_plugin_info(self):
            return {"title": "Own"}

    host = PluginHost()
    host.add(Own())
    host.add(Own, name="class")
    assert [(answer.plugin, answer.value) for answer in host.each("starmodel_plugin_info")] == [
        ("Own", {"title": "Own"}),
        ("class", {"title": "Own"}),
    ]
    assert record_of(host, "Own").distribution is None


def test_a_plugin_of_the_application_that_does_not_fit_is_an_error_at_once():
    with pytest.raises(PluginLoadError, match="mark its functions with @hookimpl"):
        PluginHost().add(object())


def test_a_name_is_given_once():
    class Own:
        @hookimpl
        def starmodel_plugin_info(self): ...

    host = PluginHost()
    host.add(Own())
    with pytest.raises(PluginLoadError, match="another plugin of this name"):
        host.add(Own())


def test_two_hosts_share_nothing():
    class Own:
        @hookimpl
        def starmodel_plugin_info(self): ...

    one, two = PluginHost(), PluginHost()
    one.add(Own())
    assert two.each("starmodel_plugin_info") == []
    assert two.records == ()
