"""``starmodel plugin`` shows what is plugged in, the broken ones included."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys

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


GROUPS = ("persistence", "bus", "codec", "ui", "auth")
DRIVERS = {"redis", "sqlalchemy", "sqlmodel", "fasthtml", "monsterui", "uvicorn", "starlette", "psycopg", "alembic"}
LISTED = """
import sys
from starmodel.cli import main
try:
    main()
finally:
    print([name for name in sys.modules if name.partition(".")[0] in set({drivers!r})])
"""


def test_adapters_are_listed_from_their_metadata_and_not_imported(cli, install):
    for number in range(10):
        install(f"acme-{number}", f"starmodel.{GROUPS[number % 5]}", f"acme{number} = acme_{number}:Acme", "1 / 0")
    document = json.loads(cli("plugin", "list", "--json").out)
    found = [one["distribution"] for one in document["adapters"] if one["name"].startswith("acme")]
    assert sorted(found) == [f"acme-{number}" for number in range(10)]
    assert "Traceback" not in cli("--help").err


@pytest.mark.parametrize("arguments", [("--help",), ("plugin", "list")])
def test_no_driver_is_imported_to_list_what_there_is(tmp_path, arguments):
    program = LISTED.format(drivers=sorted(DRIVERS))
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.long
@pytest.mark.parametrize("arguments", [("--help",), ("plugin", "list")])
def test_a_list_with_ten_adapters_more_takes_a_quarter_of_a_second(tmp_path, install, arguments):
    for number in range(10):
        site = install(f"acme-{number}", f"starmodel.{GROUPS[number % 5]}", f"acme{number} = acme_{number}:A", "1 / 0")
    environ = {**os.environ, "PYTHONPATH": str(site)}
    busy = max(1.0, seconds(tmp_path, environ, "-c", "import asyncio") / 0.05)
    assert seconds(tmp_path, environ, "-m", "starmodel.cli", *arguments) <= 0.25 * busy, "as on a machine of its own"


def seconds(folder, environ, *arguments):
    """Return what a process costs at its best, of a core; the machine may have other things to do."""
    times = []
    for _ in range(10):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], cwd=folder, env=environ, capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return min(times)


def test_an_adapter_is_told_with_the_setting_that_chooses_it(cli, monkeypatch):
    parts = {"source": {}, "plugins": [], "settings": [], "requires": [], "errors": []}
    adapters = [
        {"kind": "auth", "name": "acme-tokens"},
        {"kind": "tasks", "name": "acme-queue"},
        {"kind": "codec", "name": "acme-json"},
    ]
    said = {"name": "acme", "installed": True, "distribution": "acme", "version": "1", "summary": "", "digest": ""}
    monkeypatch.setattr("starmodel.cli.plugging.find_place", lambda *_: None)
    monkeypatch.setattr("starmodel.cli.plugging.about", lambda *_: {**said, **parts, "adapters": adapters})
    told = cli("plugin", "info", "acme").out
    assert "adapter  auth acme-tokens, used where STARMODEL_AUTH=acme-tokens\n" in told
    assert "adapter  tasks acme-queue, used where STARMODEL_TASKS=acme-queue\n" in told
    assert "adapter  codec acme-json\n" in told
