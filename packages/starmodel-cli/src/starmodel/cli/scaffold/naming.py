"""What a project may be called, and where it goes."""

from __future__ import annotations

import importlib.util
import keyword
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from starmodel.cli.errors import ProjectNameError

__all__ = ["ProjectPlace", "project_place"]

LONGEST = 50
INSTALLED = frozenset({"dist-packages", "site-packages"})
OWN = frozenset({"test", "tests", "starmodel"})
"""Names that would get into the way of what a project has itself."""


@dataclass(frozen=True, slots=True)
class ProjectPlace:
    """A name that may be used, and the folder that will hold the project."""

    name: str
    folder: Path

    @property
    def title(self) -> str:
        """The name as people read it."""
        return self.name.replace("_", " ").strip().capitalize()


def project_place(text: str, cwd: Path) -> ProjectPlace:
    """Return where *text*, a name such as ``shop`` or ``path/shop``, points to; ProjectNameError says what is wrong."""
    folder = (cwd / text).resolve()
    name = folder.name
    _refuse_shape(text, name)
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        raise ProjectNameError(name, "it is a word of Python itself")
    if name in sys.stdlib_module_names or name in OWN:
        raise ProjectNameError(name, "Python or the project has a module of this name, which it would hide")
    if _is_installed(name, cwd, folder):
        raise ProjectNameError(name, "an installed package has this name, and one would hide the other")
    return ProjectPlace(name, folder)


def _refuse_shape(text: str, name: str) -> None:
    if not text.strip() or not name:
        raise ProjectNameError(text, "it is empty")
    if len(name) > LONGEST:
        raise ProjectNameError(name[:LONGEST] + "…", f"it has {len(name)} characters, and {LONGEST} are enough")
    if not (name.isascii() and name.isidentifier()) or name.startswith("_"):
        better = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").lower()
        example = better if better.isidentifier() else "shop"
        raise ProjectNameError(
            name, f"it must be letters, digits and _, and begin with a letter; for example {example!r}"
        )


def _is_installed(name: str, cwd: Path, folder: Path) -> bool:
    """Tell whether *name* is a module that does not come from a folder at hand, which is on the path by chance."""
    try:
        found = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return False
    if found is None:
        return False
    if found.origin is None:  # a folder without __init__.py: any folder on the path is one
        return any(INSTALLED & set(Path(place).parts) for place in found.submodule_search_locations or ())
    near = (cwd, folder.parent)
    return not any(parent in near for parent in list(Path(found.origin).parents)[:2])
