"""One namespace over many wheels: the three rules that keep it whole, checked in built wheels."""

from __future__ import annotations

import pytest

from house import wheels
from house.layout import PACKAGES, Package
from house.namespace import owned_namespaces, shared_paths, untyped_portions
from starmodel.plugins import FIRST_PARTY

GOOD = ["starmodel/core/__init__.py", "starmodel/core/entity.py", "starmodel/core/py.typed"]
NAMES = [package.name for package in PACKAGES]


@pytest.mark.parametrize("name", NAMES)
def test_no_wheel_claims_a_shared_folder(contents, name):
    assert owned_namespaces(contents[name]) == []


@pytest.mark.parametrize("name", NAMES)
def test_everything_directly_below_a_shared_folder_is_a_typed_package(contents, name):
    assert untyped_portions(contents[name]) == []


def test_no_two_wheels_hold_the_same_path(contents):
    assert shared_paths(contents) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_wheel_holds_code_and_nothing_outside_the_namespace(contents, name):
    assert contents[name]
    assert [path for path in contents[name] if not path.startswith("starmodel/")] == []


def test_the_web_wheel_brings_what_its_pages_load_and_the_licences_of_it(contents):
    vendor = "starmodel/adapters/fasthtml/assets/vendor"
    inside = {path.removeprefix(f"{vendor}/") for path in contents["starmodel-fasthtml"] if path.startswith(vendor)}
    assert {"datastar.js", "licenses/datastar-LICENSE.md"} <= inside


def test_the_rules_pass_a_good_wheel():
    assert (owned_namespaces(GOOD), untyped_portions(GOOD), shared_paths({"a": GOOD})) == ([], [], [])


@pytest.mark.parametrize("folder", ["starmodel", "starmodel/adapters", "starmodel/adapters/persistence"])
def test_a_stray_init_is_noticed(folder):
    assert owned_namespaces([*GOOD, f"{folder}/__init__.py"]) == [f"{folder}/__init__.py hides the other wheels"]


@pytest.mark.parametrize(
    ("paths", "complaint"),
    [
        (["starmodel/bootstrap.py"], "starmodel/bootstrap.py is a bare module; make it a package"),
        (["starmodel/adapters/rest.py"], "starmodel/adapters/rest.py is a bare module; make it a package"),
        (GOOD[:2], "starmodel/core/py.typed is missing"),
        (GOOD[1:], "starmodel/core/__init__.py is missing"),
        (
            ["starmodel/adapters/persistence/redis/keys.py", "starmodel/adapters/persistence/redis/py.typed"],
            "starmodel/adapters/persistence/redis/__init__.py is missing",
        ),
    ],
)
def test_an_untyped_portion_is_noticed(paths, complaint):
    assert untyped_portions(paths) == [complaint]


def test_a_path_in_two_wheels_is_noticed():
    assert shared_paths({"one": GOOD, "two": GOOD[2:]}) == ["starmodel/core/py.typed is in one and two"]


def test_a_fault_in_the_sources_reaches_the_built_wheel(tmp_path, monkeypatch):
    monkeypatch.setattr(wheels, "CACHE", tmp_path / "cache")
    package = Package(tmp_path / "starmodel-demo")
    (package.src / "starmodel").mkdir(parents=True)
    (package.src / "starmodel" / "__init__.py").touch()
    (package.folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "starmodel-demo"\nversion = "0"\n'
        '[tool.hatch.build.targets.wheel]\npackages = ["src/starmodel"]\n'
    )
    assert owned_namespaces(wheels.contents(wheels.build(package)))
    (package.src / "starmodel" / "__init__.py").rename(package.src / "starmodel" / "loose.py")
    assert untyped_portions(wheels.contents(wheels.build(package)))


def test_the_wheels_that_are_on_without_being_switched_on_are_these():
    assert {package.name for package in PACKAGES} <= FIRST_PARTY
