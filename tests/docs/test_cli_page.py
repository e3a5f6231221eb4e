"""The page about the command line tells of every command, every finding and every template."""

from __future__ import annotations

import re
from importlib.metadata import distribution

from starmodel.cli.catalog import GROUP
from starmodel.cli.checks import RULES
from starmodel.cli.scaffold import rendered, template_names

from .pages import ROOT

PAGE = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| ((?:`[\w.-]+`(?:, )?)+) \| (\w+) \|", re.MULTILINE)


def told():
    """Return the severity of each finding that the page tells of."""
    return {id: severity for ids, severity in ROW.findall(PAGE) for id in re.findall(r"`([\w.-]+)`", ids)}


def test_every_finding_is_told_with_its_severity():
    assert told() == {rule.id: rule.severity for rule in RULES}


def test_a_finding_for_deployment_is_told_as_one():
    plain, _, deploy = PAGE.partition("With `--deploy` also:")
    assert [rule.id for rule in RULES if f"`{rule.id}`" not in (deploy if rule.deploy else plain)] == []


def test_every_command_of_ours_is_told():
    points = distribution("starmodel-cli").entry_points
    names = [point.name for point in points if point.group == GROUP]
    assert [name for name in names if f"| `{name}` |" not in PAGE and f"| [`{name}`]" not in PAGE] == []


def test_every_template_and_every_file_of_a_project_is_told():
    assert [name for name in template_names() if f"`{name}`" not in PAGE and name not in PAGE] == []
    words = dict.fromkeys(("name", "dashed", "title", "secret", "version"), "x")
    parts = {part for path in rendered("default", words) for part in path.split("/")}
    untold = {"conftest.py", "test_entities.py", "test_pages.py", ".gitignore", ".gitkeep", ".env.example"}
    assert sorted(part for part in parts - untold if part not in PAGE) == []
