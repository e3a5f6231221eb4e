"""What is promised about types: checkers accept accepted.py and find every mistake in refused.py, and only those."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ACCEPTED, REFUSED = HERE / "accepted.py", HERE / "refused.py"

CHECKERS = {
    "mypy": ["-m", "mypy", "--strict", "--no-error-summary"],
    "pyright": ["-m", "pyright", "--pythonpath", sys.executable],
}


def complaints(checker, *paths):
    """Return the lines of each of *paths* that *checker* finds wrong, with what it said."""
    command = [sys.executable, *CHECKERS[checker], *map(str, paths)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found = re.findall(r"([\w-]+\.py):(\d+)(?::\d+)?(?: -|:) error: (.*)", done.stdout)
    assert done.returncode == bool(found), done.stdout + done.stderr  # anything else: it could not look
    by_file = {path.name: {} for path in paths}
    for name, line, message in found:
        by_file[name][int(line)] = message
    return by_file


def marked(path):
    return {number for number, line in enumerate(path.read_text().splitlines(), 1) if "# refused" in line}


@pytest.mark.parametrize("checker", CHECKERS)
def test_what_users_write_is_understood_and_each_mistake_in_it_found(checker):
    """One look at both files: it is what takes long."""
    found = complaints(checker, ACCEPTED, REFUSED)
    assert found["accepted.py"] == {}
    assert len(marked(REFUSED)) == 39
    assert set(found["refused.py"]) == marked(REFUSED)


@pytest.mark.parametrize("checker", CHECKERS)
def test_a_checker_that_could_not_look_is_noticed(checker, tmp_path):
    with pytest.raises(AssertionError):
        complaints(checker, tmp_path / "missing.py")
