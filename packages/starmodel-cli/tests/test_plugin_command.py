"""``starmodel plugin`` shows what is plugged in, the broken ones included."""

from __future__ import annotations

import json

import pytest

from starmodel.plugins import HOOK_API, PluginHost

GROUP = "starmodel.plugins"
GOOD = "from starmodel.core.hooks import hookimpl\n@hookimpl\ndef starmodel_page_head(): return []"


def listed(cli, what):
    document = json.loads(cli("plugin", what, "--json").out)
    assert document["hook_api"] == list(HOOK_API)
    return {entry["name"]: entry for entry in document["plugins" if what == "list" else "hooks"]}


@pytest.fixture(autouse=True)
def switched_on(monkeypatch, clean, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STARMODEL_PLUGINS", "good, bad")


def test_one_that_is_not_switched_on_is_listed_and_not_imported(cli, install, monkeypatch):
    install("bad", GROUP, "bad = bad", "1 / 0")
    monkeypatch.setenv("STARMODEL_PLUGINS", "")
    assert listed(cli, "list")["bad"]["status"] == "inactive"


def test_an_option_leaves_every_plugin_alone(cli, install):
    install("good", GROUP, "good = good", GOOD)
    assert "disabled" in cli("--no-plugins", "plugin", "list").out


def test_plugins_are_listed_with_their_state(cli, install):
    install("good", GROUP, "good = good", GOOD)
    install("bad", GROUP, "bad = bad", "1 / 0")
    plugins = listed(cli, "list")
    assert (plugins["good"]["status"], plugins["good"]["hooks"]) == ("ok", ["starmodel_page_head"])
    assert (plugins["bad"]["status"], plugins["bad"]["version"]) == ("failed", "1.2")
    assert plugins["bad"]["error"] == "ZeroDivisionError: division by zero"


def test_plugins_are_listed_for_people_with_what_is_wrong(cli, install):
    install("good", GROUP, "good = good", GOOD)
    install("bad", GROUP, "bad = bad", "raise ValueError('[brackets] are no markup')")
    out = cli("plugin", "list").out
    assert "good" in out
    assert "page_head" in out
    assert "bad: ValueError: [brackets] are no markup" in out


@pytest.mark.parametrize("names", ["bad", "*", "other, bad ,"])
def test_plugins_can_be_disabled_by_the_environment(cli, install, monkeypatch, names):
    install("bad", GROUP, "bad = bad", "1 / 0")
    monkeypatch.setenv("STARMODEL_DISABLE_PLUGINS", names)
    assert listed(cli, "list")["bad"]["status"] == "disabled"


def test_no_plugin_is_told(cli, monkeypatch):
    monkeypatch.setenv("STARMODEL_PLUGINS", "")
    monkeypatch.setattr("starmodel.plugins.choosing.discover", list)
    assert cli("plugin", "list").out.startswith("No plugin is installed.\n")


def test_hooks_are_listed_with_who_takes_part(cli, install):
    install("good", GROUP, "good = good", GOOD)
    hooks = listed(cli, "hooks")
    assert hooks.keys() == {hook.name for hook in PluginHost().hooks}
    assert hooks["starmodel_page_head"]["plugins"] == ["good"]
    assert hooks["starmodel_page_head"]["arguments"] == ["request"]


def test_hooks_are_listed_for_people(cli):
    out = cli("plugin", "hooks").out
    assert "starmodel_startup(app)" in out
    assert "\x1b[" not in out


def test_no_color_is_respected(monkeypatch, capsys):
    from starmodel.cli.terminal import fail

    monkeypatch.setenv("FORCE_COLOR", "1")
    fail("oh")
    assert "\x1b[" in capsys.readouterr().err
    monkeypatch.setenv("NO_COLOR", "1")
    fail("oh")
    assert "\x1b[31m" not in capsys.readouterr().err
