"""What must not lie about in the repository: lock files, and addresses that somebody would fetch from."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ADDRESSES", "files", "stray_addresses", "stray_lock_files"]

LOCK_FILES = frozenset(
    {"Pipfile.lock", "bun.lockb", "npm-shrinkwrap.json", "package-lock.json", "pdm.lock", "pnpm-lock.yaml"}
    | {"poetry.lock", "pylock.toml", "uv.lock", "yarn.lock"},
)

# Registries and CDNs, taken apart so that this file does not hold them.
ADDRESSES = tuple(
    ".".join(parts)
    for parts in (
        ("files", "pythonhosted", "org"),
        ("pypi", "org/simple"),
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("cdn", "jsdelivr", "net"),
        ("cdn", "tailwindcss", "com"),
        ("cdnjs", "cloudflare", "com"),
        ("unpkg", "com"),
        ("esm", "sh"),
        ("fonts", "googleapis", "com"),
        ("fonts", "gstatic", "com"),
    )
)


def files(root: Path) -> list[Path]:
    """Return what a commit of everything would hold."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [path for name in sorted(listed.split("\0")) if name and (path := root / name).is_file()]


def stray_lock_files(paths: Iterable[Path]) -> list[str]:
    """Complain about lock files: they name registries; constraints.txt holds names and versions instead."""
    return [f"{path} is a lock file" for path in paths if path.name in LOCK_FILES]


def stray_addresses(paths: Iterable[Path], places: Iterable[str] = ()) -> list[str]:
    """Complain about addresses of registries and CDNs, and about *places* of the machine at hand, in any text."""
    unwanted = (*ADDRESSES, *places)
    return [f"{path} names {found}" for path in paths for found in unwanted if found in _text(path)]


def _text(path: Path) -> str:
    """Return the text of *path*; a binary file has none."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""
