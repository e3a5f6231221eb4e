"""The three rules that keep one namespace over many wheels safe."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from .layout import NAMESPACES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["owned_namespaces", "shared_paths", "untyped_portions"]


def owned_namespaces(paths: Iterable[str]) -> list[str]:
    """Complain about files that turn a shared folder into the package of one wheel: all others would vanish."""
    return [f"{path} hides the other wheels" for path in paths if _is_init(path) and _parent(path) in NAMESPACES]


def untyped_portions(paths: Iterable[str]) -> list[str]:
    """Complain about everything directly below a shared folder that is not a package with py.typed."""
    inside = {path for path in paths if path.startswith("starmodel/")}
    loose = [path for path in inside if _parent(path) in NAMESPACES and not _is_init(path)]
    missing = [
        f"{portion}/{name} is missing"
        for portion in {_portion(path) for path in inside} - {None}
        for name in ("__init__.py", "py.typed")
        if f"{portion}/{name}" not in inside
    ]
    return sorted([*(f"{path} is a bare module; make it a package" for path in loose), *missing])


def shared_paths(wheels: Mapping[str, Iterable[str]]) -> list[str]:
    """Complain about paths that two wheels bring: installing one would overwrite the other."""
    owners: dict[str, list[str]] = {}
    for wheel, paths in wheels.items():
        for path in paths:
            owners.setdefault(path, []).append(wheel)
    return [f"{path} is in {' and '.join(sorted(who))}" for path, who in sorted(owners.items()) if len(who) > 1]


def _parent(path: str) -> str:
    return str(PurePosixPath(path).parent)


def _is_init(path: str) -> bool:
    return PurePosixPath(path).name == "__init__.py"


def _portion(path: str) -> str | None:
    """Return the folder directly below a shared one that holds *path*."""
    for folder in PurePosixPath(path).parents:
        if str(folder.parent) in NAMESPACES and str(folder) not in NAMESPACES:
            return str(folder)
    return None
