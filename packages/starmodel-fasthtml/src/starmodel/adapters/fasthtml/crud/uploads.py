"""Files that wait to be imported: private, for one visitor, and not for long."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import stat
import tempfile
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING

from starmodel.core.errors import StoreError
from starmodel.core.files import size_text

if TYPE_CHECKING:
    from starmodel.app.signing import Signer

__all__ = ["Uploads"]

_LASTS = 60 * 60
_RESERVE = 256 * 1024 * 1024
_TOKEN = 32


class Uploads:
    """Keeps uploaded files in a folder that only this user of the machine may enter, for an hour.

    The name of a file is made from its token, the visitor and the application's secret: nobody else's token leads to
    it, and every process of the application on this machine finds it.  None is taken while the disk has less than
    *reserve* bytes left.
    """

    def __init__(
        self, signer: Signer, folder: Path | None = None, *, lasts: float = _LASTS, reserve: int = _RESERVE
    ) -> None:
        self._signer, self._lasts, self._reserve = signer, lasts, reserve
        user = getattr(os, "getuid", lambda: 0)()
        self._folder = folder or Path(tempfile.gettempdir()) / f"starmodel-uploads-{user}"

    async def keep(self, file: IO[bytes], visitor: str) -> str:
        """Copy *file* and return the token that leads to the copy; what has waited too long is deleted before."""
        token = secrets.token_hex(_TOKEN // 2)
        await asyncio.to_thread(self._copy, file, self._path(token, visitor))
        return token

    def find(self, token: str, visitor: str) -> Path | None:
        """Return where the file of *token* is; ``None`` when it is another visitor's, or too old."""
        if len(token) != _TOKEN or not token.isascii() or not token.isalnum():
            return None
        path = self._path(token, visitor)
        try:
            age = time.time() - path.stat().st_mtime
        except OSError:
            return None
        return path if age < self._lasts else None

    def drop(self, token: str, visitor: str) -> None:
        """Delete the file of *token*, if it is there."""
        path = self.find(token, visitor)
        if path is not None:
            path.unlink(missing_ok=True)

    def _path(self, token: str, visitor: str) -> Path:
        return self._folder / self._signer.digest("upload", f"{visitor} {token}")[:16].hex()

    def _copy(self, file: IO[bytes], path: Path) -> None:
        self._open_folder()
        self._sweep()
        if shutil.disk_usage(self._folder).free < self._reserve:
            raise StoreError(f"less than {size_text(self._reserve)} are left on the disk of {self._folder}")
        file.seek(0)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as copy:
            shutil.copyfileobj(file, copy)

    def _open_folder(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = self._folder.lstat()
        foreign = found.st_uid != getattr(os, "getuid", lambda: found.st_uid)()
        if foreign or not stat.S_ISDIR(found.st_mode) or (os.name == "posix" and found.st_mode & 0o077):
            raise StoreError(f"{self._folder} is not private to this user; delete it, or set TMPDIR to another folder")

    def _sweep(self) -> None:
        """Delete what has waited too long."""
        oldest = time.time() - self._lasts
        for path in self._folder.iterdir():
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < oldest:
                    path.unlink()
