"""The checks of this repository notice a fault: each is shown one, with the settings that the repository has."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from house.layout import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = "packages/starmodel-core/src/starmodel/core/planted.py"


def checked(*command: str, given: str = "", **env: str) -> tuple[int, str]:
    """Return the exit code of a check, and all that it says."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        input=given,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **env},
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ('"""A module."""\n\nimport os\n', "F401"),
        ('"""A module."""\n\n\ndef total(of):\n    """Add up."""\n    return sum(of)\n', "ANN001"),
        ('"""A module."""\n\n\ndef total(of: list[int]) -> int:\n    return sum(of)\n', "D103"),
        ('"""A module."""\n\nanswer = eval("6 * 7")\n', "S307"),
    ],
)
def test_ruff_notices_what_the_style_forbids(code, rule):
    status, said = checked("ruff", "check", "--no-cache", "--stdin-filename", SOURCE, "-", given=code)
    assert status == 1
    assert rule in said


def test_ruff_passes_what_it_allows():
    code = '"""A module."""\n\n\ndef total(of: list[int]) -> int:\n    """Add up."""\n    return sum(of)\n'
    assert checked("ruff", "check", "--no-cache", "--stdin-filename", SOURCE, "-", given=code)[0] == 0


def test_mypy_is_strict(tmp_path: Path):
    planted = tmp_path / "planted.py"
    planted.write_text("def total(of):\n    return sum(of)\n\n\nfirst: int = [1][0:1]\n")
    code, said = checked("mypy", "--no-incremental", str(planted))
    assert code == 1
    assert "Function is missing a type annotation" in said
    assert "Incompatible types in assignment" in said


def test_the_floor_of_the_coverage_holds(tmp_path: Path):
    data = {"COVERAGE_FILE": str(tmp_path / "coverage")}
    program = tmp_path / "program.py"
    program.write_text("import starmodel.core\n")
    assert checked("coverage", "run", str(program), **data)[0] == 0
    code, said = checked("coverage", "report", **data)
    assert code == 2
    assert "less than fail-under=95" in said


def test_a_wheel_that_uses_what_it_does_not_declare_cannot_be_imported_alone(built, tmp_path: Path):
    from house.environments import empty_environment, install

    python = empty_environment(tmp_path / "venv")
    install(python, built["starmodel-core"])
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "packages/starmodel-core/src", copy)
    (copy / "starmodel/core/marks.py").write_text("import pydantic\n")
    done = subprocess.run(
        [python, "-I", "-c", f"import sys; sys.path.insert(0, {str(copy)!r}); import starmodel.core"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "No module named 'pydantic'" in done.stderr
