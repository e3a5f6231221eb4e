"""What stands for the code that draws: two processes with the same draw the same."""

from __future__ import annotations

import hashlib
import sys
import sysconfig
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["fingerprint_of", "known_values"]

_BROUGHT = frozenset({"dist-packages", "site-packages"})
_READ = frozenset({".css", ".html", ".j2", ".jinja", ".jinja2", ".js", ".json", ".md", ".po", ".py", ".svg", ".toml"})
"""The ends of the names of files that decide how something looks."""


def fingerprint_of(modules: Iterable[str], parts: Iterable[str]) -> str | None:
    """Return 16 hex digits that stand for Python, every installed package, the application's own files, and *parts*.

    The application's are the modules in use that no package brought, with what is beside them.  ``None`` when one of
    *modules* was read from no file: nobody knows then what it does elsewhere.  Reads files; not for the event loop.
    """
    if not all(getattr(sys.modules.get(name), "__file__", None) for name in modules):
        return None
    drawn_by = hashlib.blake2b(repr([sys.version, *parts]).encode(), digest_size=8)
    drawn_by.update(_installed())
    for digest in sorted(_digest(file) for file in _own_files()):
        drawn_by.update(digest)
    return drawn_by.hexdigest()


def known_values(values: Mapping[str, object]) -> list[str]:
    """Return those of *values* that are said by themselves: texts, numbers, and yes or no."""
    return [
        f"{name}={value!r}" for name, value in sorted(values.items()) if isinstance(value, str | int | float | None)
    ]


@cache
def _installed() -> bytes:
    """Return what stands for all that is installed, with the digests of its files: two builds may be of one version."""
    told = sorted(f"{one.name} {one.version} {one.read_text('RECORD') or ''}" for one in distributions())
    return hashlib.blake2b("\n".join(told).encode(), digest_size=16).digest()


def _own_files() -> set[Path]:
    """Return the files of packages and modules in use that are not installed; those that are not loaded yet as well."""
    installed = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})
    files: set[Path] = set()
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file is None or file.startswith(installed):
            continue
        found = Path(file)
        if not _BROUGHT.isdisjoint(found.parts):
            continue
        if hasattr(module, "__path__"):
            files.update(one for one in found.parent.rglob("*") if one.suffix in _READ)
        elif "." not in name:
            files.update(found.parent.glob("*.py"), found.parent.glob("*/*.po"))
        files.add(found)
    return files


def _digest(file: Path) -> bytes:
    """Return what stands for the name and the bytes of a file; the folder may be another on another machine."""
    try:
        return hashlib.blake2b(file.name.encode() + b"\0" + file.read_bytes(), digest_size=16).digest()
    except OSError:
        return file.name.encode()
