"""Empty virtual environments, and what is found in them after installing."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["distributions", "empty_environment", "foreign_modules", "import_cost", "install"]

FOREIGN = """
import importlib, json, sys
before = set(sys.modules)
for name in {names!r}:
    importlib.import_module(name)
roots = {{name.partition(".")[0] for name in set(sys.modules) - before}}
print(json.dumps(sorted(roots - sys.stdlib_module_names - {{"starmodel"}})))
"""
COST = """
import time
begun = time.process_time()
import {name}
print(time.process_time() - begun)
"""
DISTRIBUTIONS = """
import importlib.metadata, json
print(json.dumps(sorted(found.metadata["Name"] for found in importlib.metadata.distributions())))
"""


def empty_environment(folder: Path) -> Path:
    """Make a virtual environment that holds nothing, not even pip, and return its interpreter."""
    venv.create(folder, with_pip=False)
    return folder / "bin" / "python"


def install(python: Path, wheel: Path) -> None:
    """Install *wheel* for *python*, from nowhere but this file."""
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-index", str(wheel)]
    subprocess.run(command, check=True)


def distributions(python: Path) -> list[str]:
    """Return the names of what is installed for *python*."""
    return _names(python, DISTRIBUTIONS)


def foreign_modules(python: Path, *names: str) -> list[str]:
    """Return the top-level modules outside the standard library, ours left out, that importing *names* loads."""
    return _names(python, FOREIGN.format(names=names))


def import_cost(python: Path, name: str) -> float:
    """Return how many ms of processor time importing *name* takes, in the quickest of five new processes."""
    return 1000 * min(float(_ask(python, COST.format(name=name))) for _ in range(5))


def _names(python: Path, program: str) -> list[str]:
    return [str(name) for name in json.loads(_ask(python, program))]


def _ask(python: Path, program: str) -> str:
    return subprocess.run([str(python), "-I", "-c", program], capture_output=True, text=True, check=True).stdout
