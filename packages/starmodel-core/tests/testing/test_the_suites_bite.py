"""Every fault that a suite is there for makes it fail: proven on adapters that are broken on purpose."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from starmodel.core.errors import DefinitionError
from starmodel.testing import BusContract, StoreContract

HERE = Path(__file__).parent
ADAPTERS = (
    *("broken_stores", "broken_buses", "broken_codecs", "broken_files", "broken_auth", "broken_sessions"),
    *("broken_fragments", "broken_tasks"),
)


def suites(module_name):
    """Return the test classes of a file beside this one."""
    spec = importlib.util.spec_from_file_location(module_name, HERE / f"{module_name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [cls for name, cls in vars(module).items() if name.startswith("Test")]


SUITES = {(module, cls.__name__): cls for module in ADAPTERS for cls in suites(module)}


def outcomes(folder, nodes):
    """Run these tests the way an author would, without any configuration; return what became of each."""
    report = folder / "report.xml"
    quiet = [
        "-q",
        "--tb=no",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:hypothesispytest",
        "-p",
        "no:schemathesis",
        "--show-capture=no",
        "--continue-on-collection-errors",
    ]
    command = [sys.executable, "-m", "pytest", *quiet, f"--junit-xml={report}", *nodes]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    found = {}
    for case in ET.parse(report).getroot().iter("testcase"):
        *_, module, cls = ["", *case.get("classname").split(".")]  # what could not be collected has no class
        name = case.get("name").partition("[")[0]
        kinds = {child.tag: f"{child.get('message', '')} {child.text}" for child in case}
        found.setdefault((module, cls, name), []).append(kinds)
    return found


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    nodes = [
        f"{HERE / module}.py::{cls.__name__}::{name}" for (module, _), cls in SUITES.items() for name in cls.caught_by
    ]
    return outcomes(tmp_path_factory.mktemp("broken"), nodes)


@pytest.mark.parametrize(("module", "cls"), SUITES, ids=[f"{module}-{cls}" for module, cls in SUITES])
def test_a_broken_adapter_is_caught(run, module, cls):
    for name in SUITES[module, cls].caught_by:
        results = run[module, cls, name]
        assert any("failure" in result for result in results), f"{name} did not notice that {cls}"
        assert not any("error" in result for result in results)


def test_every_store_and_bus_and_codec_was_broken_in_many_ways():
    assert len(SUITES) > 50


@pytest.fixture(scope="module")
def bent(tmp_path_factory):
    file = HERE / "bent_suites.py"
    names = [cls.__name__ for cls in suites("bent_suites")]
    nodes = [f"{file}::{name}::test_contract_is_kept_whole" for name in names]
    found = outcomes(
        tmp_path_factory.mktemp("bent"), [*nodes, f"{file}::TestGivesAReason::test_commits_arrive_in_order"]
    )
    return {(cls, name): results for (_, cls, name), results in found.items()}


BENT = [
    "TestReplacesATest",
    "TestRemovesATest",
    "TestSkipsATest",
    "TestGivesNoReason",
    "TestIsBentLater",
    "TestInheritsWhatReplacesATest",
]


@pytest.mark.parametrize("cls", BENT)
def test_a_suite_that_was_bent_is_caught(bent, cls):
    [result] = bent[cls, "test_contract_is_kept_whole"]
    assert f"{cls} replaces test_commits_arrive_in_order" in result["failure"]
    assert "xfail(reason=...)" in result["failure"]


def test_a_suite_may_be_loosened_in_the_open_and_extended(bent):
    assert bent["TestGivesAReason", "test_contract_is_kept_whole"] == [{}]
    assert "skipped" in bent["TestGivesAReason", "test_commits_arrive_in_order"][0]
    assert bent["TestAddsATest", "test_contract_is_kept_whole"] == [{}]


def test_the_guard_itself_cannot_be_replaced():
    with pytest.raises(DefinitionError, match="replaces test_contract_is_kept_whole"):
        type("TestBent", (BusContract,), {"test_contract_is_kept_whole": lambda self: None})


def test_neither_can_it_by_a_base_class():
    guard = type("Guard", (), {"test_contract_is_kept_whole": lambda self: None})
    with pytest.raises(DefinitionError, match="TestBent replaces test_contract_is_kept_whole"):
        type("TestBent", (guard, BusContract), {"test_commits_arrive_in_order": None})


def test_a_mark_in_the_class_or_inherited_is_refused_at_once():
    with pytest.raises(DefinitionError, match="TestBent is marked skip as a whole"):
        type("TestBent", (BusContract,), {"pytestmark": pytest.mark.skip})
    failing = pytest.mark.xfail(type("Failing", (), {}))
    with pytest.raises(DefinitionError, match="Failing is marked xfail as a whole"):
        type("TestBent", (failing, BusContract), {})


@pytest.fixture(scope="module")
def unguarded(tmp_path_factory):
    """Run suites that have lost their guard; return what was said of each class."""
    folder = tmp_path_factory.mktemp("unguarded")
    file = folder / "test_unguarded.py"
    file.write_text((HERE / "bent_guards.py").read_text())
    found = outcomes(folder, [str(file)])
    return {name if name.startswith("Test") else cls: results for (_, cls, name), results in found.items()}


@pytest.mark.parametrize(
    ("cls", "said"),
    [
        ("TestSkipsAll", "TestSkipsAll is marked skip as a whole"),
        ("TestFailsAll", "TestFailsAll is marked xfail as a whole"),
        ("TestLosesItsGuardLater", "TestLosesItsGuardLater replaces test_contract_is_kept_whole"),
    ],
)
def test_a_suite_that_has_lost_its_guard_cannot_be_collected(unguarded, cls, said):
    [result] = unguarded[cls]
    assert said in result["error"]


def test_a_suite_may_say_where_it_cannot_run(unguarded):
    assert all("skipped" in result for result in unguarded["TestCannotRunHere"])


def test_a_mark_on_a_published_test_itself_is_noticed(monkeypatch):
    published = BusContract.__published__["test_commits_arrive_in_order"]
    kept = type("TestKept", (BusContract,), {})
    kept().test_contract_is_kept_whole()
    monkeypatch.setattr(published, "pytestmark", [pytest.mark.skip(reason="too hard").mark], raising=False)
    with pytest.raises(pytest.fail.Exception, match="TestKept replaces test_commits_arrive_in_order"):
        kept().test_contract_is_kept_whole()


def test_a_test_that_is_taken_out_of_the_published_suite_is_missed(monkeypatch):
    kept = type("TestKept", (BusContract,), {})
    monkeypatch.delattr(BusContract, "test_commits_arrive_in_order")
    with pytest.raises(pytest.fail.Exception, match="TestKept replaces test_commits_arrive_in_order"):
        kept().test_contract_is_kept_whole()


def test_each_of_two_suites_in_one_class_is_kept_whole():
    both = type("TestBoth", (StoreContract, BusContract), {"test_commits_arrive_in_order": None})
    with pytest.raises(pytest.fail.Exception, match="TestBoth replaces test_commits_arrive_in_order"):
        both().test_contract_is_kept_whole()


def test_an_author_who_gives_no_adapter_is_told_what_to_give(tmp_path):
    file = tmp_path / "test_forgotten.py"
    file.write_text("from starmodel.testing import StoreContract\n\n\nclass TestMine(StoreContract):\n    pass\n")
    node = f"{file}::TestMine::test_an_id_that_was_never_used_is_none"
    [[result]] = outcomes(tmp_path, [node]).values()
    assert "give TestMine a fixture new_store that returns an empty, unopened store" in result["error"]


def test_a_failing_assertion_of_a_suite_explains_itself(run):
    results = run["broken_buses", "TestLosesTheOrder", "test_commits_arrive_in_order"]
    assert "assert [" in results[0]["failure"], "the modules of the suite are rewritten, as a test file would be"
