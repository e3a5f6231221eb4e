"""The promise of the core: one distribution, no dependency, nothing loaded but the standard library."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from house.environments import distributions, empty_environment, foreign_modules, import_cost, install

CORE = ("starmodel.core", "starmodel.app", "starmodel.adapters.persistence.memory")


@pytest.fixture(scope="module")
def python(built, tmp_path_factory):
    """An interpreter for which only the core wheel is installed."""
    python = empty_environment(tmp_path_factory.mktemp("alone") / "venv")
    assert distributions(python) == []
    install(python, built["starmodel-core"])
    return python


def test_the_core_wheel_installs_as_one_distribution(python):
    assert distributions(python) == ["starmodel-core"]


def test_importing_the_core_loads_the_standard_library_only(python):
    assert foreign_modules(python, *CORE) == []


def test_importing_the_core_takes_60_ms_at_most(python):
    assert import_cost(python, "starmodel.core") <= 60


def test_foreign_modules_and_further_distributions_are_noticed():
    here = Path(sys.executable)
    assert "pluggy" in foreign_modules(here, "pluggy")
    assert {"pytest", "pluggy"} <= set(distributions(here))
