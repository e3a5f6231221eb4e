"""The options that several commands have, said once."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

__all__ = ["App", "Json", "PluginName", "Python"]

App: TypeAlias = Annotated[
    str | None,
    typer.Option("--app", help="A file (todo.py, todo.py:app) or a module (shop.main); otherwise the project here."),
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Write JSON.")]
PluginName: TypeAlias = Annotated[
    str, typer.Argument(help="A short name, the name of a plugin, or that of its package.")
]
Python: TypeAlias = Annotated[
    str | None, typer.Option("--python", help="The interpreter of the project's environment, when it is unusual.")
]
