"""Wheels of this repository, built once for each state of their sources."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from .layout import ROOT

if TYPE_CHECKING:
    from .layout import Package

__all__ = ["build", "contents", "state"]

CACHE = ROOT / ".cache" / "wheels"


def build(package: Package) -> Path:
    """Return a wheel of *package* as it is now; build it unless the same sources were built before."""
    folder = CACHE / f"{package.name}-{state(package)}"
    if not folder.exists():
        _build_into(folder, package)
        _discard_old_builds(folder, package)
    return next(folder.glob("*.whl"))


def contents(wheel: Path) -> list[str]:
    """Return the paths in *wheel* that are installed as code or data: all but its metadata."""
    with zipfile.ZipFile(wheel) as archive:
        return [name for name in archive.namelist() if ".dist-info/" not in name]


def state(package: Package) -> str:
    """Return a digest of every file that goes into the wheel of *package*."""
    digest = hashlib.sha256()
    for path in _inputs(package.folder):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(package.folder)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


def _inputs(folder: Path) -> list[Path]:
    top = [path for path in folder.iterdir() if path.is_file()]
    sources = [path for path in (folder / "src").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return sorted([*top, *sources])


def _build_into(folder: Path, package: Package) -> None:
    """Build in a scratch folder and rename it: a build cut short never looks like a finished one."""
    CACHE.mkdir(parents=True, exist_ok=True)
    scratch = tempfile.mkdtemp(dir=CACHE, prefix=f".{package.name}-")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", scratch]
    # a fixed time makes two builds of the same sources equal, byte for byte
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "315532800"}
    done = subprocess.run(command, cwd=package.folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(scratch)
        message = f"{package.name} does not build:\n{done.stdout}{done.stderr}"
        raise AssertionError(message)
    try:
        Path(scratch).replace(folder)
    except OSError:  # another process was faster, and built the same
        shutil.rmtree(scratch)
        if not folder.exists():
            raise


def _discard_old_builds(newest: Path, package: Package) -> None:
    digest = "[0-9a-f]" * 16
    for old in set(CACHE.glob(f"{package.name}-{digest}")) - {newest}:
        shutil.rmtree(old, ignore_errors=True)
