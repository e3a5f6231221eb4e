"""Somebody else's store, from a wheel of its own: passes the published suite, and is used by its name."""

from __future__ import annotations

import os
import shutil
import subprocess
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from house import wheels
from house.environments import distributions, empty_environment, install
from house.layout import Package

HERE = Path(__file__).parent
STORE = HERE / "thirdparty_store"


def brought_by(name, extra):
    """Return what `pip install name[extra]` would bring along, as installed here."""
    found, wanted = {}, [(name, extra)]
    while wanted:
        current, asked = wanted.pop()
        for line in distribution(current).requires or ():
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": asked}):
                if requirement.name not in found:
                    wanted.append((requirement.name, ""))
                found[requirement.name] = distribution(requirement.name)
    return list(found.values())


def link(found, site):
    """Make a distribution that is installed here appear in another environment, without downloading it again."""
    tops = {file.parts[0] for file in found.files or () if file.parts[0] not in {"..", "__pycache__"}}
    for top in tops:
        (site / top).symlink_to(found.locate_file(top))


pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """An interpreter that has the store, starmodel-core and what its extra `testing` brings: nothing else."""
    python = empty_environment(tmp_path_factory.mktemp("elsewhere") / "venv")
    [site] = python.parents[1].glob("lib/python*/site-packages")
    core = next(path for path in HERE.parents if (path / "packages").is_dir()) / "packages" / "starmodel-core"
    install(python, wheels.build(Package(core)))
    install(python, wheels.build(Package(STORE)))
    for found in brought_by("starmodel-core", "testing"):
        link(found, site)
    return python


@pytest.fixture
def elsewhere(tmp_path):
    """A folder outside this repository, with the tests of the store."""
    return Path(shutil.copytree(STORE / "tests", tmp_path / "tests"))


def run(python, folder, *arguments, **environment):
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHON"))}
    return subprocess.run(
        [str(python), "-P", *arguments],
        cwd=folder,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


SUITE = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=line", "test_contract.py")


def test_the_store_needs_the_core_and_nothing_else_of_ours(python):
    ours = [name for name in distributions(python) if name.startswith(("starmodel", "jsonfile"))]
    assert ours == ["jsonfile-store", "starmodel-core"]


def test_a_third_party_store_passes_the_suite_from_the_wheel(python, elsewhere):
    done = run(python, elsewhere, *SUITE)
    assert done.returncode == 0, done.stdout + done.stderr
    passed = int(done.stdout.split(" passed")[0].split()[-1])
    assert passed > 150, done.stdout
    why = "its log is never cut, it follows no references, has no rules to rehearse, and keeps nothing for other stores"
    assert " 21 skipped" in done.stdout.splitlines()[-1], why


def test_the_suite_notices_when_the_store_is_broken(python, elsewhere):
    done = run(python, elsewhere, *SUITE, "-k", "stale or writers or gone or kept_whole", JSONFILE_BREAK="1")
    assert done.returncode == 1, done.stdout + done.stderr
    failed = {
        line.partition("::")[2].partition(" ")[0] for line in done.stdout.splitlines() if line.startswith("FAILED")
    }
    assert {
        "TestJsonFileStore::test_a_stale_change_is_a_conflict",
        "TestJsonFileStore::test_only_one_of_many_writers_wins",
        "TestJsonFileStore::test_what_was_deleted_is_gone_and_never_comes_back",
    } <= failed
    assert "TestJsonFileStore::test_contract_is_kept_whole" not in failed


def test_an_application_uses_the_store_by_its_name(python, elsewhere, tmp_path):
    done = run(python, tmp_path, str(elsewhere / "use_it.py"))
    assert (done.returncode, done.stdout) == (0, "kept\n"), done.stderr
    assert "kept \\u2615" in (tmp_path / "entities.jsonl").read_text()
