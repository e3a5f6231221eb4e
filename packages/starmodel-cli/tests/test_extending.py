"""What plugins add to the command line: commands, templates for projects, and what doctor should know."""

from __future__ import annotations

import json
import shutil
import sys

import pytest

GROUP = "starmodel.plugins"

FORECAST = """
    from pathlib import Path

    from starmodel.core.contributions import Finding, ScaffoldTemplate
    from starmodel.core.hooks import hookimpl

    @hookimpl
    def starmodel_cli(app):
        @app.command()
        def forecast(place: str = "here"):
            "Say what the weather will be."
            print("fine,", place)

        @app.command()
        def doctor():
            print("not the doctor")

    @hookimpl
    def starmodel_scaffold_templates():
        return [ScaffoldTemplate(name, Path(__file__).parent / "weather-template") for name in ("weather", "default")]

    @hookimpl
    async def starmodel_doctor():
        return [Finding("weather station", "warning", "it does not answer; plug it in")]
"""

BROKEN = """
    from starmodel.core.hooks import hookimpl

    @hookimpl
    def starmodel_cli(app):
        raise RuntimeError("no clouds")

    @hookimpl
    def starmodel_doctor():
        return ["all fine"]
"""


@pytest.fixture
def weather(install, project, monkeypatch):
    monkeypatch.setenv("STARMODEL_PLUGINS", "weather,storm")
    install("weather", GROUP, "weather = weather", FORECAST)
    install("storm", GROUP, "storm = storm", BROKEN)
    return project


def test_a_plugin_adds_a_command_to_the_program_and_its_help(cli, weather):
    assert cli("forecast", "--place", "Rome").out == "fine, Rome\n"
    ended = cli("--help")
    assert "Say what the weather will be." in ended.out


def test_what_a_plugin_does_wrong_costs_nobody_else_and_is_one_line(cli, weather):
    ended = cli("--help")
    assert ended.code == 0
    assert "plugin storm: starmodel_cli: RuntimeError: no clouds" in ended.err
    assert "plugin weather: starmodel_cli: ValueError: the command 'doctor' is somebody else's" in ended.err
    assert "Traceback" not in ended.err
    assert "not the doctor" not in cli("doctor", "--help").out


def test_nothing_is_imported_of_a_plugin_for_a_command_of_ours(cli, weather):
    cli("version")
    assert "weather" not in sys.modules


def test_a_plugin_that_is_off_adds_nothing(cli, weather, monkeypatch):
    ended = cli("--no-plugins", "forecast")
    assert "there is no command 'forecast'" in ended.err
    monkeypatch.delenv("STARMODEL_DISABLE_PLUGINS", raising=False)
    monkeypatch.delenv("STARMODEL_PLUGINS")
    assert "there is no command 'forecast'" in cli("forecast").err
    assert "weather" not in sys.modules


def test_a_plugin_brings_a_template_for_new_projects(cli, weather, tmp_path):
    folder = tmp_path / "site" / "weather-template"
    (folder / "app").mkdir(parents=True)
    (folder / "app" / "main.py.tmpl").write_text("TITLE = '$title costs $$3'\n")
    ended = cli("init", "rain", "--template", "weather")
    assert ended.code == 0, ended.err
    assert (weather / "rain" / "app" / "main.py").read_text() == "TITLE = 'Rain costs $3'\n"
    assert (weather / "rain" / ".env").is_file()
    assert "the template 'default' is somebody else's" in ended.err


def test_a_template_that_cannot_be_used_writes_nothing(cli, weather, tmp_path):
    folder = tmp_path / "site" / "weather-template"
    folder.mkdir()

    def refused():
        ended = cli("init", "snow", "--template", "weather")
        assert not (weather / "snow").exists()
        return ended.err

    for text, why in ((b"$nothing", "it asks for $nothing, which nobody fills in"), (b"\xff", "it is no text")):
        (folder / "README.md.tmpl").write_bytes(text)
        assert f"the template 'weather' cannot be used: README.md: {why}" in refused()
    shutil.rmtree(folder)
    assert "the template 'weather' cannot be used" in refused()
    assert "'weather'" in cli("init", "snow", "--template", "whether").err


def test_doctor_asks_plugins_and_names_each_fault(cli, weather):
    checks = {one["what"]: one for one in json.loads(cli("doctor", "--json").out)["checks"]}
    assert checks["weather station"]["status"] == "warning"
    assert checks["plugin weather"]["status"] == "ok"
    assert "the answer must be a list of Finding, and one is 'all fine'" in checks["plugin storm"]["detail"]
