"""Keep a secret beside a project in development, so that sessions survive reloads and restarts."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from .errors import SecretError

__all__ = ["LEAST", "kept_secret", "new_secret"]

LEAST = 32
"""The fewest characters of a secret that is given."""


def new_secret() -> str:
    """Return a secret of 256 bits."""
    return secrets.token_hex(32)


def kept_secret(folder: Path) -> str:
    """Return the secret kept in *folder*, making one of 256 bits the first time; only its owner can read it."""
    home = folder / ".starmodel"
    file = home / "secret"
    try:
        return _read(file) or _make(home, file)
    except (OSError, UnicodeDecodeError) as error:
        raise SecretError.unwritable(file, str(error)) from error


def _read(file: Path) -> str:
    if not file.is_file():
        return ""
    file.chmod(0o600)
    return file.read_text(encoding="ascii").strip()


def _make(home: Path, file: Path) -> str:
    home.mkdir(mode=0o700, exist_ok=True)
    (home / ".gitignore").write_text("*\n", encoding="ascii")
    draft = home / f"secret.{secrets.token_hex(8)}"
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as stream:
            stream.write(new_secret())
        _publish(draft, file)
    finally:
        draft.unlink(missing_ok=True)
    return _read(file)


def _publish(draft: Path, file: Path) -> None:
    """Give the draft its name, whole or not at all; of two programs that start at once the first one's secret stays."""
    if file.exists() and not _read(file):
        file.unlink()  # left empty by a full disk
    try:
        file.hardlink_to(draft)
    except FileExistsError:
        return
    except OSError:
        draft.replace(file)  # a file system without links
