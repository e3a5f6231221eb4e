"""Run a changed file before it is written, so that what Python or an entity would refuse is never kept."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

from starmodel.cli.loading import reason_of
from starmodel.cli.target import Target, find_target
from starmodel.core.entity import Entity, fields_of
from starmodel.core.events import events_of
from starmodel.core.parameters import parameters_of

from .errors import NewCodeError
from .module import SourceModule

__all__ = ["try_out"]


def try_out(changed: SourceModule) -> None:
    """Raise NewCodeError when *changed* cannot be imported, or an entity in it cannot be used."""
    target = find_target(str(changed.path), Path.cwd())
    try:
        _try(changed, target)
    # Whatever the user's file does; a script that ends in sys.exit() must not end this program without a word.
    except (Exception, SystemExit) as error:
        raise NewCodeError(f"nothing was written into {changed.path}: {reason_of(error)}") from error


def _try(changed: SourceModule, target: Target) -> None:
    """Run the file as the module it will be, which annotations are looked up in, and look at its entities."""
    sys.path.insert(0, str(target.folder))
    package = target.module.rpartition(".")[0]
    if package:
        importlib.import_module(package)
    module = ModuleType(target.module)
    module.__file__, module.__package__ = str(changed.path), package
    before = sys.modules.get(target.module)
    sys.modules[target.module] = module
    try:
        exec(compile(changed.text, str(changed.path), "exec"), vars(module))  # noqa: S102  (it is the user's own file)
        for kind in [one for one in vars(module).values() if isinstance(one, type) and issubclass(one, Entity)]:
            fields_of(kind)
            for event in events_of(kind).values():
                parameters_of(kind, event)
    finally:
        if before is None:
            del sys.modules[target.module]
        else:
            sys.modules[target.module] = before
