"""``starmodel plugin new`` makes plugins whose tests pass, and ``plugin test`` says what is wrong with one."""

from __future__ import annotations

import ast
import json
import sys
import tomllib
from importlib.metadata import distributions

import pytest

from starmodel.cli.plugging import KINDS
from starmodel.cli.plugging.authoring import GROUPS


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_a_distribution_that_declares_what_it_brings(cli, here, kind):
    done = json.loads(cli("plugin", "new", "acme-own", "--kind", kind, "--json").out)
    assert {"pyproject.toml", "README.md", "src/acme_own/__init__.py", "src/acme_own/py.typed"} < set(done["files"])
    project = tomllib.loads((here / "acme-own/pyproject.toml").read_text())["project"]
    [(group, declared)] = project["entry-points"].items()
    assert (group, list(declared)) == (KINDS[kind].group, ["acme-own"])
    assert project["dependencies"][0].startswith("starmodel-core~=")
    for file in (here / "acme-own").rglob("*.py"):
        ast.parse(file.read_text(), str(file))
    assert not [file for file in (here / "acme-own").rglob("*") if file.is_file() and "$" in file.read_text()]


@pytest.mark.parametrize(
    ("name", "kind", "why"),
    [
        ("acme", "stroe", "did you mean 'store'"),
        ("acme", "queue", "there is auth, bus, route, store, task, ui"),
        ("Acme", "store", "small letters"),
        ("acme_own", "store", "small letters"),
        ("json", "store", "cannot be called"),
        ("class", "store", "cannot be called"),
    ],
)
def test_names_and_kinds_that_cannot_be_are_refused(cli, here, name, kind, why):
    ended = cli("plugin", "new", name, "--kind", kind)
    assert ended.code == 1
    assert why in ended.err
    assert list(here.iterdir()) == []


def test_what_is_there_is_not_written_over(cli, here):
    (here / "acme").mkdir()
    (here / "acme/mine.txt").touch()
    assert "choose another name" in cli("plugin", "new", "acme", "--kind", "bus").err


def test_a_plugin_that_does_not_load_or_whose_tests_fail_is_told(cli, here, monkeypatch):
    cli("plugin", "new", "acme", "--kind", "bus")
    monkeypatch.chdir(here / "acme")
    (here / "acme/tests/test_bus.py").write_text("def test_it():\n    assert 1 == 2\n")
    (here / "acme/src/acme/bus.py").write_text("1 / 0\n")
    ended = cli("plugin", "test", "--json")
    told = json.loads(ended.out)
    assert (ended.code, told["ok"], told["tests"]["code"]) == (1, False, 1)
    assert told["offers"][0]["error"] == "ZeroDivisionError: division by zero"


def test_a_group_nobody_looks_into_and_an_environment_without_pytest_are_told(cli, here):
    cli("plugin", "new", "acme", "--kind", "bus")
    project, python = here / "acme/pyproject.toml", here / "acme/.venv/bin/python"
    project.write_text(project.read_text().replace("starmodel.bus", "starmodel.buss"))
    python.parent.mkdir(parents=True)
    lacks = 'if [ "$1" = -m ]; then echo "$0: No module named pytest"; exit 1; fi'
    python.write_text(f'#!/bin/sh\n{lacks}\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    told = json.loads(cli("plugin", "test", "acme", "--json").out)
    assert "nothing looks into the group 'starmodel.buss'; did you mean 'starmodel.bus'?" in told["offers"][0]["error"]
    assert f"--group {project}:test" in told["tests"]["last"]


def test_what_we_declare_ourselves_stands_where_somebody_looks():
    ours = [one for one in distributions() if one.name.startswith("starmodel")]
    groups = {point.group for one in ours for point in one.entry_points if point.group.startswith("starmodel.")}
    assert {"starmodel.persistence", "starmodel.cli_commands"} <= groups <= GROUPS


def test_a_folder_that_declares_nothing_is_no_plugin(cli, here):
    assert "has no pyproject.toml" in cli("plugin", "test").err
    (here / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert "declares nothing for StarModel" in cli("plugin", "test").err


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_what_every_kind_begins_with_passes_its_suite(cli, here, kind):
    cli("plugin", "new", "acme", "--kind", kind)
    ended = cli("plugin", "test", "acme", "--json")
    assert ended.code == 0, ended.out
    assert " passed" in json.loads(ended.out)["tests"]["last"]
