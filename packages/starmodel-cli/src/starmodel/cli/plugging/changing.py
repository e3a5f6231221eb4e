"""A change of a project and its environment that happens as a whole or not at all, even if this process is killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

from .errors import PluginBusyError, PluginChangeError, PluginRecoveryError
from .snapshots import drop_snapshot, put_back, take_snapshot

try:
    import fcntl
except ImportError:  # Windows: two changes at once are not noticed there
    fcntl = None  # type: ignore[assignment]  # as the check below expects it

__all__ = ["is_cut_short", "recovered", "undoable"]

JOURNAL = Path(".starmodel", "plugin-change")
NEW, OLD = ".new", ".old"
STOPS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def undoable(project: Path, environment: Path | None, files: Sequence[Path]) -> Iterator[int]:
    """Put *files* and *environment* back as they were when the block fails or is stopped; yield the lock to hand on.

    What is needed for that is written down first.  A process that was killed cannot put anything back: the next
    command does, see :func:`recovered`.  A child that is given the lock keeps that command waiting until it ends.
    """
    with _locked(project) as lock, _stoppable():
        _recover(project)
        try:
            _begin(project, environment, files)
            yield lock
        except BaseException:
            with _unstoppable():
                _recover(project)
            raise
        with _unstoppable():
            _write(project, {**_read(project), "state": "done"})
            _recover(project)


def recovered(project: Path) -> bool:
    """Put back what a killed command left half done in *project*; tell whether there was anything.

    PluginBusyError while somebody is at it.
    """
    if not is_cut_short(project):
        return False
    with _locked(project), _unstoppable():
        return _recover(project)


def is_cut_short(project: Path) -> bool:
    """Tell whether a change of *project* is under way, or was left half done; costs next to nothing."""
    return any((project / JOURNAL).with_suffix(suffix).exists() for suffix in ("", NEW, OLD))


def _begin(project: Path, environment: Path | None, files: Sequence[Path]) -> None:
    folder = project / JOURNAL
    draft = folder.with_suffix(NEW)
    draft.mkdir(parents=True)
    (draft / ".gitignore").write_text("*\n", encoding="ascii")
    kept = [_kept(file, draft / str(number)) for number, file in enumerate(files)]
    place = None if environment is None else str(environment)
    journal: dict[str, Any] = {"state": "begun", "files": kept, "environment": place}
    _write_to(draft, journal)
    draft.rename(folder)
    if environment is not None:
        try:
            journal["names"] = take_snapshot(environment)
        except OSError as error:
            raise PluginChangeError(f"keeping a copy of {environment}", error.strerror or str(error)) from error
    _write(project, {**journal, "state": "changing"})


def _kept(file: Path, copy: Path) -> dict[str, Any]:
    if file.is_file():
        shutil.copy2(file, copy)
    return {"path": str(file), "existed": file.is_file(), "copy": copy.name}


def _recover(project: Path) -> bool:
    try:
        return _taken_back(project)
    except OSError as error:
        raise PluginRecoveryError(project, str(error)) from error


def _taken_back(project: Path) -> bool:
    """Go back to before the change, or forget about it when it had come to its end, or not even begun."""
    folder = project / JOURNAL
    _discard(folder.with_suffix(NEW))
    _discard(folder.with_suffix(OLD))
    if not folder.exists():
        return False
    journal = _read(project)
    environment = Path(journal["environment"]) if journal["environment"] else None
    if journal["state"] == "changing":
        if environment is not None:
            put_back(environment, journal["names"])
        for kept in journal["files"]:
            _restore(Path(kept["path"]), folder / kept["copy"], existed=kept["existed"])
    if environment is not None and environment.is_dir():
        drop_snapshot(environment)
    trash = folder.with_suffix(OLD)
    folder.rename(trash)  # at once, since half a journal could not be read
    _discard(trash)
    return bool(journal["state"] == "changing")


def _discard(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):  # somebody else has something there
        folder.parent.rmdir()


def _restore(file: Path, copy: Path, *, existed: bool) -> None:
    if not existed:
        file.unlink(missing_ok=True)
    elif not file.is_file() or file.read_bytes() != copy.read_bytes():
        draft = file.with_name(f".{file.name}.starmodel")
        shutil.copy2(copy, draft)
        draft.replace(file)


def _read(project: Path) -> dict[str, Any]:
    journal: dict[str, Any] = json.loads((project / JOURNAL / "journal.json").read_text(encoding="utf-8"))
    return journal


def _write(project: Path, journal: dict[str, Any]) -> None:
    _write_to(project / JOURNAL, journal)


def _write_to(folder: Path, journal: dict[str, Any]) -> None:
    draft = folder / "journal.new"
    with draft.open("w", encoding="utf-8") as file:
        json.dump(journal, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / "journal.json")


@contextmanager
def _locked(project: Path) -> Iterator[int]:
    if fcntl is None:
        yield -1
        return
    handle = os.open(project, os.O_RDONLY)  # the folder itself, so that no file is left behind
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise PluginBusyError(project) from None
    try:
        yield handle
    finally:
        os.close(handle)


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let every way of asking a process to stop be an exception, so that what was begun is put back."""
    with _answering(_stop):
        yield


@contextmanager
def _unstoppable() -> Iterator[None]:
    """Leave requests to stop until everything is back in its place."""
    with _answering(signal.SIG_IGN):
        yield


def _stop(number: int, frame: FrameType | None) -> None:
    del frame
    raise KeyboardInterrupt(signal.Signals(number).name)


@contextmanager
def _answering(answer: Any) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, answer) for number in STOPS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
