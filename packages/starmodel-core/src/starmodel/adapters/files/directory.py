"""Files in a directory: each written aside, flushed to the disk, and put in its place at once."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import time
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, TypeVar, TypeVarTuple

from starmodel.core.errors import NotFoundError, StoreError
from starmodel.core.files import size_text

from .keys import checked_key, new_key

__all__ = ["DirectoryFileStore"]

_CHUNK = 256 * 1024
_PART = ".part"
_SHARED = ".shared"
_RESERVE = 256 * 1024 * 1024

T = TypeVar("T")
Args = TypeVarTuple("Args")


class DirectoryFileStore:
    """Implements :class:`starmodel.core.file_store.FileStore` in *folder*, which is made when it is first needed.

    Several processes may share it.  What waits is in ``waiting/``, what is kept in ``kept/``, by the first two digits
    of its key, with a mark beside what was kept twice; only the user of this process may read it.  No file is taken
    while the disk has less than *reserve* bytes left: the database may need them.
    """

    def __init__(self, folder: Path | str = "files", *, reserve: int = _RESERVE) -> None:
        self.folder, self.reserve = Path(folder), reserve
        self._waiting, self._kept = self.folder / "waiting", self.folder / "kept"

    async def save(self, chunks: AsyncIterable[bytes], /) -> str:
        """Keep what *chunks* give as a file that waits."""
        key = new_key()
        part, place = self._waiting / f"{key}{_PART}", self._waiting / key
        opened = ExitStack()
        try:
            file = await _done(self._begun, part, opened)
            async for chunk in chunks:
                await _done(_written, file, chunk)
            await _done(_finished, file, part, place)
        except BaseException:  # also when the sender has gone and this is cancelled
            for undo in (opened.close, part.unlink, place.unlink):
                with suppress(OSError):
                    undo()
            raise
        return key

    async def open(self, key: str, /, *, start: int = 0, stop: int | None = None) -> AsyncGenerator[bytes, None]:
        """Return the bytes of a file in chunks."""
        file = await asyncio.to_thread(self._opened, checked_key(key))
        return _read(file, start, stop)

    async def keep(self, key: str, /) -> bool:
        """Let a file wait no longer, and return whether it waited."""
        return await asyncio.to_thread(self._keep, checked_key(key))

    async def let_go(self, key: str, /) -> None:
        """Let a file wait again that nobody else keeps."""
        with suppress(NotFoundError):
            await asyncio.to_thread(self._let_go, checked_key(key))

    async def delete(self, key: str, /) -> None:
        """Delete a file."""
        with suppress(NotFoundError):
            checked_key(key)
            await asyncio.to_thread(self._delete, key)

    async def sweep(self, *, seconds: float) -> int:
        """Delete what has waited too long."""
        return await asyncio.to_thread(self._sweep, time.time() - seconds)

    def _place(self, key: str) -> Path:
        return self._kept / key[:2] / key

    def _begun(self, part: Path, opened: ExitStack) -> IO[bytes]:
        with _told(f"no file can be written in {self._waiting}"):
            _make(self._waiting)
            if shutil.disk_usage(self._waiting).free < self.reserve:
                raise OSError(errno.ENOSPC, f"less than {size_text(self.reserve)} are left on the disk")
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            return opened.enter_context(os.fdopen(handle, "wb", buffering=0))

    def _opened(self, key: str) -> IO[bytes]:
        for path in (self._place(key), self._waiting / key, self._place(key)):  # it may be kept in between
            with suppress(FileNotFoundError), _told(f"a file in {self.folder} cannot be read", or_missing=True):
                return path.open("rb", buffering=0)
        raise NotFoundError("file", key)

    def _shared(self, key: str) -> Path:
        return self._place(f"{key}{_SHARED}")

    def _keep(self, key: str) -> bool:
        place = self._place(key)
        with _told(f"a file cannot be kept in {self._kept}"):
            if self._moved(self._waiting / key, place):
                return True
            if place.exists():
                self._shared(key).touch(mode=0o600)  # before it is looked at again: see _let_go()
                if place.exists() or self._moved(self._waiting / key, place):
                    return False
        raise NotFoundError("file", key)

    def _moved(self, path: Path, to: Path) -> bool:
        _make(to.parent)
        try:
            path.rename(to)
        except FileNotFoundError:
            return False
        _flush(to.parent)
        return True

    def _let_go(self, key: str) -> None:
        """Take it back first, then look for a mark: whoever marks it looks afterwards where it is."""
        with _told(f"a file in {self.folder} cannot be moved"):
            if not self._shared(key).exists() and self._moved(self._place(key), self._waiting / key):
                self._take_again(key)

    def _take_again(self, key: str) -> bool:
        """Keep a file that waits and is marked as kept by somebody else; tell whether it is."""
        if not self._shared(key).exists():
            return False
        self._moved(self._waiting / key, self._place(key))
        return True

    def _delete(self, key: str) -> None:
        with _told(f"a file in {self.folder} cannot be deleted"):
            (self._waiting / key).unlink(missing_ok=True)
            self._place(key).unlink(missing_ok=True)
            self._shared(key).unlink(missing_ok=True)

    def _sweep(self, oldest: float) -> int:
        count = 0
        for path in self._waiting.iterdir() if self._waiting.is_dir() else ():
            with suppress(OSError):  # kept, or swept by another process, meanwhile
                if path.stat().st_mtime < oldest and not self._take_again(path.name):
                    path.unlink()
                    count += 1
        return count


@contextmanager
def _told(what: str, *, or_missing: bool = False) -> Iterator[None]:
    """Raise StoreError for what the system refuses; with *or_missing* FileNotFoundError for what is not there."""
    try:
        yield
    except OSError as error:
        if or_missing and isinstance(error, FileNotFoundError):
            raise
        raise StoreError(f"{what}: {error.strerror or error}; is there room, and may this user write there?") from error


def _written(file: IO[bytes], chunk: bytes) -> None:
    with _told("a file cannot be written"):
        rest = memoryview(chunk)
        while rest:
            rest = rest[file.write(rest) :]


def _finished(file: IO[bytes], part: Path, place: Path) -> None:
    with _told("a file cannot be written"):
        os.fsync(file.fileno())
        file.close()
        part.rename(place)
        _flush(place.parent)


def _make(folder: Path) -> None:
    """Make one of our folders, below the one that holds them all; their names last like those of files."""
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _flush(folder.parent)
        _flush(folder.parent.parent)


def _flush(folder: Path) -> None:
    """Make the names in *folder* last, where the system can."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


async def _done(work: Callable[[*Args], T], *args: *Args) -> T:
    """Return what *work* returns in a thread, which is waited for also when this is cancelled.

    A file that is closed while a thread still uses it may be another one there: its number is given out again at once.
    """
    thread = asyncio.get_running_loop().run_in_executor(None, work, *args)
    try:
        return await asyncio.shield(thread)
    except asyncio.CancelledError:
        while not thread.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([thread])
        raise


async def _read(file: IO[bytes], start: int, stop: int | None) -> AsyncGenerator[bytes, None]:
    try:
        await _done(file.seek, start)
        left = _CHUNK if stop is None else stop - start
        while left > 0:
            chunk = await _done(file.read, min(_CHUNK, left))
            if not chunk:
                break
            left = _CHUNK if stop is None else left - len(chunk)
            yield chunk
    finally:
        file.close()
