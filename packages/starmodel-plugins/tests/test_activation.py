"""Installed is not active: a project says which plugins are on, and what it says nobody overlooks."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from starmodel.core.errors import ConfigurationError
from starmodel.plugins import FIRST_PARTY, PluginChoice, PluginHost, PluginLoadError, find_project

GOOD = """
from starmodel.core.hooks import hookimpl

@hookimpl
def starmodel_plugin_info():
    return {"title": __name__}
"""


@pytest.fixture
def project(tmp_path):
    """Write the pyproject.toml of a project, and return its folder."""
    folder = tmp_path / "project"

    def write(text=""):
        folder.mkdir(exist_ok=True)
        (folder / "pyproject.toml").write_text(text)
        return folder

    return write


def drop_in(folder, name, code=GOOD):
    plugins = folder / "app" / "plugins"
    plugins.mkdir(parents=True, exist_ok=True)
    for package in (plugins.parent, plugins):
        (package / "__init__.py").touch()
    (plugins / f"{name}.py").write_text(code)


def states(host):
    return {record.name: record.status for record in host.records}


def test_without_a_project_nothing_of_others_is_on(install, tmp_path):
    install("weather", "raise SystemExit('imported')")
    assert states(PluginChoice().host())["weather"] == "inactive"


def test_a_project_switches_plugins_on_by_name(install, project):
    install("weather", GOOD)
    install("stocks", GOOD)
    host = PluginChoice.of(project('[tool.starmodel]\nplugins = ["weather"]'), {}).host()
    assert states(host)["weather"] == "ok"
    assert states(host)["stocks"] == "inactive"
    assert [answer.plugin for answer in host.each("starmodel_plugin_info")] == ["weather"]


def test_the_environment_says_it_for_one_machine(install, project):
    install("weather", GOOD)
    install("stocks", GOOD)
    choice = PluginChoice.of(project('[tool.starmodel]\nplugins = ["weather"]'), {"STARMODEL_PLUGINS": "stocks,"})
    assert {name: states(choice.host())[name] for name in ("stocks", "weather")} == {
        "stocks": "ok",
        "weather": "inactive",
    }


def test_what_is_disabled_stays_off(install, project):
    install("weather", "raise SystemExit('imported')")
    environ = {"STARMODEL_DISABLE_PLUGINS": "weather"}
    choice = PluginChoice.of(project('[tool.starmodel]\nplugins = ["weather"]'), environ)
    assert states(choice.host())["weather"] == "disabled"


def test_our_own_are_on_and_a_name_that_only_looks_like_ours_is_not(install):
    install("starmodel-redis", GOOD, name="ours")
    install("starmodel-evil", "raise SystemExit('imported')", name="evil")
    found = states(PluginHost(enabled=()).load())
    assert (found["ours"], found["evil"]) == ("ok", "inactive")
    assert "starmodel-evil" not in FIRST_PARTY


def test_one_that_is_switched_on_and_not_installed_is_told(project):
    host = PluginChoice.of(project('[tool.starmodel]\nplugins = ["wether"]'), {}).host()
    (record,) = [record for record in host.records if record.name == "wether"]
    assert record.status == "missing"
    assert "not installed" in record.error


def test_a_project_does_not_start_without_what_it_requires(install, project):
    text = '[tool.starmodel]\nplugins = ["guard"]\nrequired-plugins = ["guard"]'
    with pytest.raises(PluginLoadError, match="'guard' could not be loaded: it is required and not installed"):
        PluginChoice.of(project(text), {}).host()
    install("guard", "1 / 0")
    with pytest.raises(PluginLoadError, match="ZeroDivisionError"):
        PluginChoice.of(project(text), {}).host()


def test_a_required_plugin_that_nobody_switched_on_stops_the_start(install, project):
    install("guard", GOOD)
    with pytest.raises(PluginLoadError, match="it is required and inactive"):
        PluginChoice.of(project('[tool.starmodel]\nrequired-plugins = ["guard"]'), {}).host()


def test_the_project_is_found_from_a_folder_in_it(project):
    folder = project()
    (folder / "app").mkdir()
    assert find_project(folder / "app") == folder.resolve()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[tool.starmodel]\nplugins = 'weather'", "must be a list of names"),
        ("[tool.starmodel]\nplugins = [3]", "must be a list of names"),
        ("[tool.starmodel.backends]\nsql = 3", "names a package for each adapter"),
        ("[tool]\nstarmodel = 3", "must be a table"),
        ("[tool.starmodel", "cannot be read, so nobody knows which plugins are on"),
    ],
)
def test_a_table_that_says_something_else_is_an_error(project, text, words):
    with pytest.raises(ConfigurationError, match=words):
        PluginChoice.of(project(text), {})


def test_of_two_of_one_name_the_project_pins_one(install, project):
    install("aaa", "raise SystemExit('imported')", name="twin")
    install("Bbb_c", GOOD, name="twin")
    choice = PluginChoice.of(
        project('[tool.starmodel]\nplugins = ["twin"]\n[tool.starmodel.backends]\ntwin = "bbb-c"'), {}
    )
    assert {name: state for name, state in states(choice.host()).items() if "twin" in name} == {
        "twin": "ok",
        "twin@aaa": "shadowed",
    }


def test_of_two_of_one_name_ours_counts_unless_another_is_pinned(install):
    install("aaa", "raise SystemExit('imported')", name="twin")
    install("starmodel-sql", GOOD, name="twin")
    assert states(PluginHost(enabled=()).load())["twin"] == "ok"


def test_plugins_in_the_projects_folder_are_on_and_come_after_installed_ones(project):
    folder = project()
    drop_in(folder, "weather")
    drop_in(folder, "_hidden", "raise SystemExit('imported')")
    code = "from starmodel.plugins import PluginChoice; from pathlib import Path\n"
    code += "host = PluginChoice.of(Path.cwd(), {}).host()\n"
    code += "print([(one.name, one.status, one.origin) for one in host.records if one.name.startswith('local:')])"
    environ = {name: value for name, value in os.environ.items() if not name.startswith("STARMODEL_")}
    said = subprocess.run(  # a process of its own: every project has a package called app
        [sys.executable, "-c", code], cwd=folder, env=environ, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "[('local:weather', 'ok', 'app.plugins.weather')]"


def test_a_broken_plugin_of_the_project_is_recorded_with_its_name(project, monkeypatch):
    folder = project()
    drop_in(folder, "torn", "1 / 0")
    monkeypatch.setattr(sys, "path", [*sys.path])
    host = PluginChoice.of(folder, {}).host()
    (record,) = [record for record in host.records if record.name == "local:torn"]
    assert (record.status, record.error) == ("failed", "ZeroDivisionError: division by zero")
    for name in [name for name in sys.modules if name == "app" or name.startswith("app.")]:
        del sys.modules[name]


def test_another_programs_package_is_not_taken_for_the_projects(project, tmp_path, monkeypatch):
    folder = project()
    drop_in(folder, "weather")
    drop_in(tmp_path / "other", "weather")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "other"), str(folder.resolve()), *sys.path])
    host = PluginChoice.of(folder, {}).host()
    (record,) = [record for record in host.records if record.name == "local:weather"]
    assert "outside of" in record.error
    for name in [name for name in sys.modules if name == "app" or name.startswith("app.")]:
        del sys.modules[name]
