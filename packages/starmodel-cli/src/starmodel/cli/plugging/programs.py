"""Run installers and other programs: with the lock of the change, and never longer than the command that began them."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from .errors import PluginChangeError

__all__ = ["ProgramFailedError", "run"]

SHOWN = 2_000


class ProgramFailedError(PluginChangeError):
    """A program did not do what it was asked to; *why* ends with its own last words."""


def run(
    command: Sequence[str],
    *,
    step: str,
    folder: Path,
    lock: int = -1,
    timeout: float | None = None,
    environ: Mapping[str, str] | None = None,
) -> str:
    """Return what *command* writes to standard output and error; ProgramFailedError with the end of it when it fails.

    It has a group of its own: a stop reaches this process first, which ends it before anything is put back.
    """
    try:
        child = subprocess.Popen(  # noqa: S603 - an installer or an interpreter, never a shell
            command,
            cwd=folder,
            env=_environment(environ or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            pass_fds=(lock,) if lock >= 0 else (),
        )
    except OSError as error:
        raise ProgramFailedError(step, f"{command[0]}: {error.strerror}") from error
    try:
        said, _ = child.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        _end(child)
        raise ProgramFailedError(step, f"no end within {timeout:g} s") from None
    except BaseException:
        _end(child)
        raise
    if child.returncode:
        raise ProgramFailedError(step, said.strip()[-SHOWN:] or f"{command[0]} ended with {child.returncode}")
    return said


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    """Return ours without the active environment, which tools would take for the one that is meant."""
    return {**{name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}, **more}


def _end(child: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
