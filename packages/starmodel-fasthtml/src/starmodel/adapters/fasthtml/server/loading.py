"""Import the user's application, and say where in the user's own files it went wrong."""

from __future__ import annotations

import functools
import importlib
import inspect
import os
import traceback
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from starmodel.core.errors import StarModelError

from .errors import AppFailedError, AppMissingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["load_application"]

DEFAULT_NAMES = ("app", "create_app")
ASGI_ARGUMENTS = 3
FOREIGN = ("site-packages", "dist-packages", ".venv")


def load_application(target: str, folder: Path) -> Any:
    """Return the ASGI application that *target* names, calling it first if it is a factory.

    *target* is ``module:name``, or ``module`` for the ``app`` or ``create_app`` in it.  Lines of files in *folder*
    are the user's own and are named in errors.
    """
    name, _, attribute = target.partition(":")
    found = _find(_import(name, folder), attribute)
    if not _is_factory(found, target):
        return found
    try:
        return found()
    except (Exception, SystemExit) as error:
        raise _failed(target, error, folder) from error


def _import(name: str, folder: Path) -> ModuleType:
    try:
        module = importlib.import_module(name)
    # A script that ends in sys.exit() must not end the server without a word.
    except (Exception, SystemExit) as error:
        raise _failed(name, error, folder) from error
    own = folder.joinpath(*name.split(".")).with_suffix(".py")
    if own.is_file() and own.resolve() != Path(getattr(module, "__file__", None) or "").resolve():
        raise AppFailedError(name, f"{own.name} has the name of an installed package; rename the file")
    return module


def _find(module: ModuleType, attribute: str) -> Any:
    wanted = (attribute,) if attribute else DEFAULT_NAMES
    for name in wanted:
        try:
            return functools.reduce(getattr, name.split("."), module)
        except AttributeError:
            continue
    raise AppMissingError(module.__name__, wanted, sorted(_names(module)))


def _names(module: ModuleType) -> Iterator[str]:
    """Yield what the module itself defines."""
    for name, value in vars(module).items():
        is_imported = getattr(value, "__module__", module.__name__) != module.__name__ and callable(value)
        if not name.startswith("_") and not isinstance(value, ModuleType) and not is_imported:
            yield name


def _is_factory(found: Any, target: str) -> bool:
    if not callable(found):
        raise AppFailedError(target, f"it is {type(found).__name__}, not an application; name another")
    if not (inspect.isroutine(found) or inspect.isclass(found) or isinstance(found, functools.partial)):
        return False
    needed = _needed_arguments(cast("Callable[..., object]", found))
    if not needed and inspect.iscoroutinefunction(cast("object", found)):
        raise AppFailedError(target, "an async factory has nobody to await it; write it `def`")
    if needed and len(needed) != ASGI_ARGUMENTS:
        raise AppFailedError(target, f"it needs {', '.join(needed)}; give each a default, so that it can be called")
    return not needed


def _needed_arguments(found: Callable[..., object]) -> list[str]:
    optional = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    parameters = inspect.signature(found).parameters.values()
    return [one.name for one in parameters if one.default is one.empty and one.kind not in optional]


def _failed(target: str, error: BaseException, folder: Path) -> AppFailedError:
    if isinstance(error, SyntaxError) and error.filename:
        line = _line(error.filename, error.lineno, (error.text or "").strip())
        return AppFailedError(target, f"{type(error).__name__}: {error.msg}", [line])
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_own(frame.filename, folder)]
    lines = [_line(frame.filename, frame.lineno, frame.line or "") for frame in frames]
    said = str(error) if isinstance(error, StarModelError) else "".join(traceback.format_exception_only(error))
    return AppFailedError(target, said.strip(), lines)


def _is_own(filename: str, folder: Path) -> bool:
    path = Path(filename)
    return path.is_relative_to(folder) and not any(part in FOREIGN for part in path.parts)


def _line(filename: str, number: int | None, text: str) -> str:
    """Return a line as terminals and editors recognise it, to be clicked."""
    inside = Path(filename).is_relative_to(Path.cwd())
    return f"{os.path.relpath(filename) if inside else filename}:{number or 1}: {text}"
