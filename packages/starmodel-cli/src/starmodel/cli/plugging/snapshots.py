"""An environment as it was: every file of it once more, by hard links, so that it can be put back byte for byte."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

__all__ = ["drop_snapshot", "put_back", "take_snapshot"]

BEFORE, AFTER = ".starmodel-before", ".starmodel-after"


def take_snapshot(environment: Path) -> list[str]:
    """Keep *environment* in a folder inside it; return the names of what is at its top.

    Installers replace files and never write into them, so a link keeps what was there.  What lies at the top itself,
    such as ``pyvenv.cfg``, is copied.
    """
    kept = environment / BEFORE
    drop_snapshot(environment)
    kept.mkdir()
    names = sorted(entry.name for entry in environment.iterdir() if entry.name not in {BEFORE, AFTER})
    for name in names:
        _keep(environment / name, kept / name)
    return names


def put_back(environment: Path, names: list[str]) -> None:
    """Bring *environment* back to what it was when it had *names* at its top; may be cut short, and run again."""
    kept, aside = environment / BEFORE, environment / AFTER
    aside.mkdir(exist_ok=True)
    for entry in list(environment.iterdir()):
        if entry.name not in {*names, BEFORE, AFTER}:
            _move(entry, aside)
    for name in names:
        # What is no longer kept was put back before somebody cut this short.
        if (kept / name).exists() or (kept / name).is_symlink():
            if (environment / name).exists() or (environment / name).is_symlink():
                _move(environment / name, aside)
            (kept / name).rename(environment / name)
    drop_snapshot(environment)


def drop_snapshot(environment: Path) -> None:
    """Forget what was kept."""
    for name in (AFTER, BEFORE):
        shutil.rmtree(environment / name, ignore_errors=True)


def _move(entry: Path, aside: Path) -> None:
    target = aside / entry.name
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    else:
        target.unlink(missing_ok=True)
    entry.rename(target)


def _keep(source: Path, target: Path) -> None:
    if source.is_symlink():
        target.symlink_to(source.readlink())
    elif source.is_dir():
        shutil.copytree(source, target, symlinks=True, copy_function=_linked)
    else:
        shutil.copy2(source, target)


def _linked(source: str, target: str) -> None:
    with suppress(OSError):  # a file system without hard links
        os.link(source, target, follow_symlinks=False)
        return
    shutil.copy2(source, target, follow_symlinks=False)
