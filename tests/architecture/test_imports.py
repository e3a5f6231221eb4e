"""Which way the arrows point: core and app stand on the standard library alone, and nobody imports upwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from house.imports import foreign_imports
from house.layout import PACKAGES, ROOT, modules

DEPENDENCY_FREE = ("starmodel.core", "starmodel.app", "starmodel.adapters.persistence.memory")
PURE = [
    (name, path)
    for package in PACKAGES
    for name, path in modules(package.src)
    if any(f"{name}.".startswith(f"{pure}.") for pure in DEPENDENCY_FREE)
]


@pytest.mark.parametrize("path", [path for _, path in PURE], ids=[name for name, _ in PURE])
def test_core_app_and_memory_import_the_standard_library_only(path):
    assert foreign_imports(path.read_text()) == []


def test_all_three_dependency_free_packages_were_looked_at():
    assert {pure for pure in DEPENDENCY_FREE for name, _ in PURE if name == pure} == set(DEPENDENCY_FREE)


@pytest.mark.parametrize(
    "source",
    [
        "import pydantic",
        "import os, pydantic.fields",
        "from pydantic import BaseModel",
        "def late():\n    from pydantic import BaseModel",
        "if TYPE_CHECKING:\n    import pydantic",
        "try:\n    import pydantic\nexcept ImportError:\n    pass",
    ],
)
def test_a_foreign_import_is_noticed_wherever_it_stands(source):
    assert len(foreign_imports(source)) == 1


@pytest.mark.parametrize("source", ["import os.path", "from . import errors", "from starmodel.core import Entity"])
def test_the_standard_library_and_our_own_are_not_foreign(source):
    assert foreign_imports(source) == []


def lint_imports(sources):
    """Run import-linter over the merged *sources*, with the contracts of this repository."""
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", program, "--no-cache", "--config", str(ROOT / "pyproject.toml")]
    environment = {**os.environ, "PYTHONPATH": str(sources), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, env=environment, cwd=sources, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def sources(tmp_path):
    """A copy of all sources, merged the way an installation merges them."""
    needless = shutil.ignore_patterns("__pycache__", "vendor")
    for package in PACKAGES:
        shutil.copytree(package.src, tmp_path, dirs_exist_ok=True, ignore=needless)
    return tmp_path


def test_the_import_contracts_are_kept(sources):
    code, output = lint_imports(sources)
    assert code == 0, output
    assert "0 broken" in output


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("starmodel.core.errors", "starmodel.app"),
        ("starmodel.core.frozen", "starmodel.core.entity"),
        ("starmodel.app.registry", "pluggy"),
        ("starmodel.adapters.pydantic.codec", "starmodel.adapters.fasthtml"),
        ("starmodel.plugins.hookspecs.pages", "starmodel.cli"),
    ],
)
def test_a_planted_violation_breaks_the_contracts(sources, importer, imported):
    path = sources / f"{importer.replace('.', '/')}.py"
    path.write_text(f"{path.read_text()}\nimport {imported}\n")
    code, output = lint_imports(sources)
    assert code == 1, output
    assert f"{importer} -> {imported}" in output
