"""Write the files of a project: into a folder beside its place first, so that nothing half-written is ever there."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from starmodel.cli.errors import ProjectExistsError, ProjectUnwritableError

__all__ = ["Placed", "place"]

OWNERS_ONLY = frozenset({".env"})
"""What nobody else on the machine may read; an existing one is kept, as sessions hang on the secret in it."""


@dataclass(frozen=True, slots=True)
class Placed:
    """What was written; *replaced* are the files that were there with another content, kept in *backup*."""

    folder: Path
    written: tuple[str, ...]
    replaced: tuple[str, ...] = ()
    backup: Path | None = None


def place(folder: Path, texts: Mapping[str, str], *, force: bool = False) -> Placed:
    """Write *texts* by their paths into *folder*, all of them or none.

    ProjectExistsError when something is there already, unless *force*: then files of the same names are replaced, the
    old ones are kept, and everything else stays.
    """
    there = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
    if (there and not force) or folder.is_file():
        raise ProjectExistsError(folder, there)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise ProjectUnwritableError(folder.parent, error.strerror or str(error)) from error
    try:
        _write(draft, texts)
        draft.chmod(0o755)
        return _merged(draft, folder, texts) if there else _moved(draft, folder, texts)
    except OSError as error:
        raise ProjectUnwritableError(folder, error.strerror or str(error)) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _write(draft: Path, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        path = draft / name
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = 0o600 if name in OWNERS_ONLY else 0o644
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
            file.write(text)


def _moved(draft: Path, folder: Path, texts: Mapping[str, str]) -> Placed:
    if folder.is_dir():
        folder.rmdir()  # it is empty
    draft.rename(folder)
    return Placed(folder, tuple(texts))


def _merged(draft: Path, folder: Path, texts: Mapping[str, str]) -> Placed:
    kept = {name for name in OWNERS_ONLY if (folder / name).exists()}
    wanted = [name for name in texts if name not in kept]
    replaced = [name for name in wanted if _differs(folder / name, texts[name])]
    backup = folder / ".starmodel" / f"replaced-{datetime.now():%Y%m%d-%H%M%S}" if replaced else None  # noqa: DTZ005  (a name for the person at this machine)
    for name in replaced:
        copy = Path(str(backup), name)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(folder / name, copy)
    if backup is not None:
        backup.parent.joinpath(".gitignore").write_text("*\n", encoding="ascii")
    for name in wanted:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (draft / name).replace(target)
    return Placed(folder, tuple(wanted), tuple(replaced), backup)


def _differs(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() != text.encode()
