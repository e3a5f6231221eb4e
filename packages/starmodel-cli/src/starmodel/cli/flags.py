"""Flags that were not given are plainly off.

Typer starts its own flags as ``None`` and then lets pydantic make a ``bool`` of that, whose import alone takes longer
than most commands do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from typer.core import TyperCommand

__all__ = ["set_flags_off", "with_flags_off"]

_TYPERS_OWN = frozenset({"help", "install_completion", "show_completion"})


def with_flags_off(command: TyperCommand | TyperGroup) -> TyperCommand | TyperGroup:
    """Return *command* with Typer's own flags off, and those of the commands below it."""
    set_flags_off(command.get_params(typer.Context(command)))
    if isinstance(command, TyperGroup):
        for one in command.commands.values():
            with_flags_off(cast("TyperCommand | TyperGroup", one))
    return command


def set_flags_off(parameters: list[Any]) -> list[Any]:
    """Turn Typer's own flags among the *parameters* of a command off, and return all of them."""
    for one in parameters:
        if one.name in _TYPERS_OWN and one.default is None:
            one.default = False
    return parameters
