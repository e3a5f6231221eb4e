"""Import the application that a target names, for commands that work on it in this process."""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
import traceback
from pathlib import Path
from types import ModuleType

from starmodel.core.errors import StarModelError, hint

from .errors import TargetFailedError, TargetNotFoundError
from .target import Target

__all__ = ["load", "place_of", "reason_of"]

NAMES = ("app", "create_app")
"""What an application is called, by custom; the second makes one."""


def load(target: Target) -> object:
    """Return the application, calling it first if it is a function; lines of the user's own files are in errors."""
    sys.path.insert(0, str(target.folder))
    try:
        found = _named(importlib.import_module(target.module), target)
        return found() if inspect.isroutine(found) or isinstance(found, functools.partial) else found
    except TargetNotFoundError:
        raise
    except SyntaxError as error:
        raise TargetFailedError(
            target.reference, f"SyntaxError: {error.msg}", f"{error.filename}:{error.lineno}"
        ) from error
    # Whatever the user's module does; a script that ends in sys.exit() must not end this program without a word.
    except (Exception, SystemExit) as error:
        raise TargetFailedError(target.reference, reason_of(error), place_of(error, target.folder)) from error


def reason_of(error: BaseException) -> str:
    """Return why the user's own code failed, in one line: our errors say it themselves."""
    return str(error) if isinstance(error, StarModelError) else f"{type(error).__name__}: {error}"


def _named(module: ModuleType, target: Target) -> object:
    wanted = (target.attribute,) if target.attribute else NAMES
    for name in wanted:
        try:
            found: object = functools.reduce(getattr, name.split("."), module)
        except AttributeError:
            continue
        return found
    known = [name for name, value in vars(module).items() if name[0] != "_" and not isinstance(value, ModuleType)]
    raise TargetNotFoundError(f"{target.module} has no {' and no '.join(wanted)}; {hint(wanted[0], known)}")


def place_of(error: BaseException, folder: Path) -> str:
    """Return the innermost line of the user's own files that *error* went through, ``""`` when there is none."""
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(folder)
    ]
    own = [frame for frame in frames if "site-packages" not in frame.filename]
    return f"{own[-1].filename}:{own[-1].lineno}: {own[-1].line}" if own else ""
