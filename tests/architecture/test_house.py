"""Each list in the settings that names all packages really names all, and what a pyproject promises is there."""

from __future__ import annotations

import re
from importlib.metadata import EntryPoint

import pytest

from house.layout import PACKAGES, ROOT, settings

NAMES = [package.name for package in PACKAGES]
ENTRY_POINTS = [
    EntryPoint(name, target, group)
    for package in PACKAGES
    for group, entries in {
        **package.pyproject["project"].get("entry-points", {}),
        "console_scripts": package.pyproject["project"].get("scripts", {}),
    }.items()
    for name, target in entries.items()
]


def test_mypy_looks_into_every_package():
    wanted = [f"$MYPY_CONFIG_FILE_DIR/packages/{name}/src" for name in NAMES]
    assert settings()["mypy"]["mypy_path"] == wanted


def test_the_import_contracts_cover_every_package():
    portions = sorted(portion for package in PACKAGES for portion in package.portions)
    assert settings()["importlinter"]["root_packages"] == portions


def test_every_portion_stands_in_the_order_of_the_layers():
    layers = settings()["importlinter"]["contracts"][0]["layers"]
    named = [name.strip() for layer in layers for name in layer.split("|")]
    assert sorted(named) == settings()["importlinter"]["root_packages"]


@pytest.mark.parametrize("package", PACKAGES, ids=NAMES)
def test_every_package_brings_the_licence_and_says_how_to_install_it(package):
    assert (package.folder / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()
    assert re.search(rf'pip install "?{package.name}["[\n]', (package.folder / "README.md").read_text())


@pytest.mark.parametrize("entry", ENTRY_POINTS, ids=[f"{entry.group}:{entry.name}" for entry in ENTRY_POINTS])
def test_every_entry_point_leads_somewhere(entry):
    assert entry.load() is not None


def test_an_entry_point_to_nowhere_is_noticed():
    with pytest.raises(AttributeError):
        EntryPoint("gone", "starmodel.core:Gone", "starmodel.persistence").load()
