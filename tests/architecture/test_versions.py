"""One version for all wheels, and the noxfile's tools that keep it and the pins so."""

from __future__ import annotations

import importlib.util

import pytest

from house.layout import PACKAGES, ROOT
from house.versions import disagreements

AGREED = {"starmodel": "1.2.3", "starmodel-core": "1.2.3"}


def test_versions_and_pins_agree():
    versions = {package.name: package.pyproject["project"]["version"] for package in PACKAGES}
    assert disagreements(versions, {package.name: package.requirements for package in PACKAGES}) == []


@pytest.mark.parametrize(
    ("versions", "requirements"),
    [
        (AGREED | {"starmodel-core": "1.2.4"}, {}),
        (AGREED, {"starmodel-cli": ["starmodel-core~=1.2.2"]}),
        (AGREED, {"starmodel-cli": ["starmodel-core==1.2.3"]}),
        (AGREED, {"starmodel-cli": ["starmodel-core"]}),
        (AGREED, {"starmodel": ["starmodel-core~=1.2.3"]}),
        (AGREED, {"starmodel": ["starmodel[cli,fasthtml]==1.2.2"]}),
    ],
)
def test_a_disagreement_is_noticed(versions, requirements):
    assert len(disagreements(versions, requirements)) == 1


@pytest.fixture(scope="module")
def noxfile():
    spec = importlib.util.spec_from_file_location("noxfile", ROOT / "noxfile.py")
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", "")  # it changes PATH when it is loaded; the patch puts it back
        spec.loader.exec_module(module)
    return module


def test_bump_sets_every_version_and_pin_and_nothing_else(noxfile):
    text = 'version = "{0}"\ndependencies = ["starmodel-core~={0}", "starmodel[cli,fasthtml]=={0}", "pluggy>=0.1.0"]\n'
    assert noxfile.bumped(text.format("0.1.0"), "0.2.0") == text.format("0.2.0")


def test_after_a_bump_all_packages_agree(noxfile, tmp_path):
    from house.layout import Package

    moved = []
    for package in PACKAGES:
        folder = tmp_path / package.name
        folder.mkdir()
        text = (package.folder / "pyproject.toml").read_text()
        (folder / "pyproject.toml").write_text(noxfile.bumped(text, "9.8.7"))
        moved.append(Package(folder))
    versions = {package.name: package.pyproject["project"]["version"] for package in moved}
    assert set(versions.values()) == {"9.8.7"}
    assert disagreements(versions, {package.name: package.requirements for package in moved}) == []


@pytest.mark.parametrize(("text", "answer"), [("0.2.0", True), ("1.0.0rc1", True), ("0.2", False), ("v0.2.0", False)])
def test_bump_takes_release_numbers_only(noxfile, text, answer):
    assert noxfile.is_release(text) is answer


def test_a_pin_keeps_its_marker_only_where_one_name_has_two_versions(noxfile):
    forked = ["b==1 ; python_version < '3.12'", "b==2 ; python_version >= '3.12'"]
    compiled = "\n".join(["-e packages/x", "a==1 ; sys_platform == 'win32'", *forked])
    assert noxfile.plain_pins(compiled) == ["a==1", *forked]


def test_the_constraints_hold_names_and_versions_only():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert lines
    assert [line for line in lines if "==" not in line or "/" in line or line.startswith("starmodel")] == []
