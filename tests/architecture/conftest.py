"""Build the wheels that several of these tests look into."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from house import wheels
from house.layout import PACKAGES

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def built() -> dict[str, Path]:
    """Every wheel of this repository, by the name of its distribution."""
    return {package.name: wheels.build(package) for package in PACKAGES}


@pytest.fixture(scope="session")
def contents(built: dict[str, Path]) -> dict[str, list[str]]:
    """What each wheel installs."""
    return {name: wheels.contents(wheel) for name, wheel in built.items()}
