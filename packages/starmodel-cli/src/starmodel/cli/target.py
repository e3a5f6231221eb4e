"""Find the application that a person means: a file, a module, or the project they stand in."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path

from starmodel.core.errors import hint

from .errors import TargetNotFoundError

__all__ = ["Target", "find_target"]

CANDIDATES = ("app/main.py", "main.py", "app.py")
"""Where a project keeps its application, by custom."""

ROOT_SIGNS = ("pyproject.toml", ".git")


@dataclass(frozen=True, slots=True)
class Target:
    """A module to import from a folder, and the name of the application in it, or ``""`` for the usual ones."""

    folder: Path
    module: str
    attribute: str = ""

    @property
    def reference(self) -> str:
        """Return it as servers take it."""
        return f"{self.module}:{self.attribute}" if self.attribute else self.module


def find_target(text: str | None, cwd: Path) -> Target:
    """Return what *text* names, seen from *cwd*; without it, the project that *cwd* is in."""
    if not text:
        return _project(cwd)
    place, attribute = _split(text)
    path = cwd / place
    if path.is_dir():
        return _in_folder(path, attribute)
    if place.endswith(".py") or "/" in place or "\\" in place:
        return _file(path, attribute, place)
    return _module(place, attribute, cwd)


def _split(text: str) -> tuple[str, str]:
    """Split off ``:name``; the colon of a drive is followed by no name."""
    place, colon, attribute = text.rpartition(":")
    if colon and place and all(part.isidentifier() for part in attribute.split(".")):
        return place, attribute
    return text.removesuffix(":"), ""


def _project(cwd: Path) -> Target:
    for folder in (cwd, *cwd.parents):
        for candidate in CANDIDATES:
            if (folder / candidate).is_file():
                return _file(folder / candidate, "", candidate)
        if any((folder / sign).exists() for sign in ROOT_SIGNS):
            break
    raise TargetNotFoundError(
        f"no {', '.join(CANDIDATES[:-1])} or {CANDIDATES[-1]} in {cwd} or above it; {_choices(cwd)}"
    )


def _in_folder(folder: Path, attribute: str) -> Target:
    for candidate in CANDIDATES:
        if (folder / candidate).is_file():
            return _file(folder / candidate, attribute, candidate)
    raise TargetNotFoundError(f"no {', '.join(CANDIDATES[:-1])} or {CANDIDATES[-1]} in {folder}; {_choices(folder)}")


def _choices(folder: Path) -> str:
    files = sorted(file.name for file in folder.glob("*.py"))
    return f"name one of its files: starmodel run {files[0]}" if files else "name a file: starmodel run path/to/file.py"


def _file(path: Path, attribute: str, shown: str) -> Target:
    if not path.is_file():
        raise TargetNotFoundError(f"there is no file {shown}; {_near(path, shown)}")
    if path.suffix != ".py":
        raise TargetNotFoundError(f"{shown} is not a Python file; name one that ends in .py")
    path = path.resolve()
    folder, module = _import_name(path)
    if folder == path.parent and module in sys.stdlib_module_names:
        raise TargetNotFoundError(f"{shown} has the name of Python's own module {module!r}; rename the file")
    return Target(folder, module, attribute)


def _near(path: Path, shown: str) -> str:
    """Guess what was meant from the files beside it, else from those here with the same ending."""
    beside = [file.name for file in path.parent.glob("*.py")] if path.parent.is_dir() else []
    if not beside:
        return f"there is no Python file in {path.parent}"
    prefix = shown[: len(shown) - len(path.name)]
    return hint(shown, [f"{prefix}{name}" for name in beside])


def _import_name(path: Path) -> tuple[Path, str]:
    """Return the folder to import from, and the dotted name; packages above the file are part of the name."""
    folder, parts = path.parent, [path.stem]
    while (folder / "__init__.py").is_file() or _is_project_package(folder, parts):
        parts.insert(0, folder.name)
        folder = folder.parent
    return folder, ".".join(parts)


def _is_project_package(folder: Path, parts: list[str]) -> bool:
    """Tell whether *folder* is the ``app`` of a project, which is a package with or without an ``__init__.py``."""
    return folder.name == "app" and parts == ["main"]


def _module(name: str, attribute: str, cwd: Path) -> Target:
    if not all(part.isidentifier() for part in name.split(".")):
        raise TargetNotFoundError(f"{name!r} is neither a file nor a module; name a file: starmodel run todo.py")
    for folder in (cwd, cwd / "src"):
        if _is_module(folder / Path(*name.split("."))):
            return Target(folder.resolve(), name, attribute)
    top = name.partition(".")[0]
    is_here = (cwd / top).is_dir() or (cwd / f"{top}.py").is_file()
    # Only the top name may be looked up: for a deeper one Python imports what is above it.
    if not is_here and importlib.util.find_spec(top) is not None:
        return Target(cwd.resolve(), name, attribute)
    near = [file.stem for file in cwd.glob("*.py")]
    raise TargetNotFoundError(f"there is no module {name!r} in {cwd}; {hint(name, near)}")


def _is_module(path: Path) -> bool:
    return path.with_name(f"{path.name}.py").is_file() or (path / "__init__.py").is_file()
