"""The options that several commands have, said once."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

__all__ = ["App", "Json"]

App: TypeAlias = Annotated[
    str | None,
    typer.Option("--app", help="A file (todo.py, todo.py:app) or a module (shop.main); otherwise the project here."),
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Write JSON.")]
