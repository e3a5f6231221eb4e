"""Where things are in this repository."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["NAMESPACES", "PACKAGES", "ROOT", "Package", "modules", "settings"]

ROOT = Path(__file__).parents[3]

# The folders that several wheels share, and that therefore belong to none of them.
NAMESPACES = frozenset({"starmodel", "starmodel/adapters", "starmodel/adapters/bus", "starmodel/adapters/persistence"})


@dataclass(frozen=True)
class Package:
    """One distribution of this repository."""

    folder: Path

    @property
    def name(self) -> str:
        """The name it is published under."""
        return self.folder.name

    @property
    def src(self) -> Path:
        """Where its sources are."""
        return self.folder / "src"

    @property
    def pyproject(self) -> dict[str, Any]:
        """What its pyproject.toml says."""
        return tomllib.loads((self.folder / "pyproject.toml").read_text())

    @property
    def portions(self) -> list[str]:
        """The import paths it owns: every folder directly below a shared one."""
        folders = (path.relative_to(self.src) for path in self.src.glob("**/") if path.name != "__pycache__")
        owned = (folder for folder in folders if str(folder.parent) in NAMESPACES and str(folder) not in NAMESPACES)
        return sorted(".".join(folder.parts) for folder in owned)

    @property
    def requirements(self) -> list[str]:
        """Everything it asks for, extras included."""
        project = self.pyproject["project"]
        extras = project.get("optional-dependencies", {}).values()
        return [*project["dependencies"], *(line for lines in extras for line in lines)]


PACKAGES = [Package(path.parent) for path in sorted(ROOT.glob("packages/*/pyproject.toml"))]


def settings() -> dict[str, Any]:
    """Return the tool settings of the root pyproject.toml."""
    tools: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    return tools


def modules(src: Path) -> Iterator[tuple[str, Path]]:
    """Yield the dotted name and the file of every module below *src*."""
    for path in sorted(src.rglob("*.py")):
        dotted = re.sub(r"/__init__$", "", path.relative_to(src).with_suffix("").as_posix())
        yield dotted.replace("/", "."), path
