"""What is promised about types: checkers accept accepted.py and find every mistake in refused.py, and only those."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

CHECKERS = {
    "mypy": ["-m", "mypy", "--strict", "--no-error-summary"],
    "pyright": ["-m", "pyright", "--pythonpath", sys.executable],
}


def complaints(checker, path):
    """Return the lines of *path* that *checker* finds wrong, with what it said."""
    command = [sys.executable, *CHECKERS[checker], str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found = re.findall(rf"{path.name}:(\d+)(?::\d+)?(?: -|:) error: (.*)", done.stdout)
    assert done.returncode == bool(found), done.stdout + done.stderr  # anything else: it could not look
    return {int(line): message for line, message in found}


def marked(path):
    return {number for number, line in enumerate(path.read_text().splitlines(), 1) if "# refused" in line}


@pytest.mark.parametrize("checker", CHECKERS)
def test_what_users_write_is_understood(checker):
    assert complaints(checker, HERE / "accepted.py") == {}


@pytest.mark.parametrize("checker", CHECKERS)
def test_every_mistake_is_found_and_nothing_else_is_called_one(checker):
    path = HERE / "refused.py"
    assert len(marked(path)) == 37
    assert set(complaints(checker, path)) == marked(path)


@pytest.mark.parametrize("checker", CHECKERS)
def test_a_checker_that_could_not_look_is_noticed(checker, tmp_path):
    with pytest.raises(AssertionError):
        complaints(checker, tmp_path / "missing.py")
