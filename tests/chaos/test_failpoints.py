"""Death at every step of a commit, and of a process: what is stored is all of a command or nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def walk(kind, url, folder, every):
    """Die at every so manieth step; ``python -m rig`` does it at all of them."""
    command = [sys.executable, "-m", "rig.failpoints", kind, url, str(folder), str(every)]
    env = {**os.environ, "PYTHONPATH": str(HERE)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert found["problems"] == [], done.stderr[-3000:]
    return found


@pytest.mark.parametrize("url", ["sqlite", pytest.param("postgres", marks=pytest.mark.long)], indirect=True)
def test_a_commit_that_dies_at_any_step_is_there_whole_or_not_at_all(url, tmp_path):
    found = walk("commit", url, tmp_path, every=12)
    assert found["steps"] >= 20


@pytest.mark.parametrize("url", ["sqlite", pytest.param("postgres", marks=pytest.mark.long)], indirect=True)
def test_a_process_that_dies_at_any_step_leaves_nothing_undone(url, tmp_path):
    found = walk("process", url, tmp_path, every=40)
    assert found["steps"] >= 60
