"""Plugins that a project keeps in its own folder ``app/plugins``: no distribution, no entry point."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .discovery import FoundPlugin

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["LOCAL_PREFIX", "LocalPoint", "discover_local"]

LOCAL_PREFIX = "local:"
"""What the names of such plugins begin with: none of them takes the place of an installed one."""

_PACKAGE = "app.plugins"


@dataclass(frozen=True, slots=True)
class LocalPoint:
    """A module or a package in the folder, not yet imported."""

    name: str
    project: Path

    @property
    def value(self) -> str:
        """The module's name."""
        return f"{_PACKAGE}.{self.name.removeprefix(LOCAL_PREFIX)}"

    def load(self) -> ModuleType:
        """Import it; ImportError when another program's ``app`` was imported in its place."""
        if str(self.project) not in sys.path:
            sys.path.insert(0, str(self.project))
        module = importlib.import_module(self.value)
        home = Path(module.__file__ or "").resolve()
        if not home.is_relative_to(self.project):
            raise ImportError(f"{self.value} was found at {home}, outside of {self.project}; rename that other package")
        return module


def discover_local(project: Path) -> list[FoundPlugin]:
    """Return the plugins in ``app/plugins`` of *project*, by name, as ``local:<name>``; a leading ``_`` hides one."""
    project = project.resolve()
    folder = project / "app" / "plugins"
    names = sorted(_name(path) for path in folder.iterdir() if _is_module(path)) if folder.is_dir() else []
    points = [LocalPoint(f"{LOCAL_PREFIX}{name}", project) for name in names]
    return [FoundPlugin(name=point.name, distribution="", version="", point=point) for point in points]


def _name(path: Path) -> str:
    return path.stem if path.is_file() else path.name


def _is_module(path: Path) -> bool:
    is_module = path.suffix == ".py" if path.is_file() else (path / "__init__.py").is_file()
    return is_module and not path.name.startswith("_") and _name(path).isidentifier()
