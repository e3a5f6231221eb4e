"""``starmodel init``: a new project that runs at once."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

import typer

from starmodel.cli.extending import plugin_templates
from starmodel.cli.options import Json
from starmodel.cli.scaffold import Placed, ProjectPlace, place, project_place, rendered, template_names
from starmodel.cli.secret import new_secret
from starmodel.cli.terminal import say, say_json

__all__ = ["init"]

STACK = {"default": "FastHTML + MonsterUI + SQLite", "minimal": "FastHTML + SQLite"}


def init(
    name: Annotated[str, typer.Argument(help="The name of the project, or where to make it: shop, path/shop.")],
    *,
    template: Annotated[str, typer.Option(help="What to begin with: default, minimal, or a plugin's own.")] = "default",
    force: Annotated[
        bool, typer.Option("--force", help="Write into a folder that holds something; what is replaced is kept.")
    ] = False,
    no_tests: Annotated[bool, typer.Option("--no-tests", help="Leave out the tests.")] = False,
    json: Json = False,
) -> None:
    """Make a new project that runs at once."""
    cwd = Path.cwd()
    wanted = project_place(name, cwd)
    texts = rendered(template, _words(wanted), _others(template))
    if no_tests:
        texts = {path: text for path, text in texts.items() if not path.startswith("tests/")}
    placed = place(wanted.folder, texts, force=force)
    if json:
        say_json(_document(placed))
    else:
        _tell(placed, template, cwd)


def _others(template: str) -> Mapping[str, Traversable]:
    """Return the folders of the templates that plugins bring, by name; nothing where one of ours is wanted."""
    own = template_names()
    return {} if template in own else {name: one.folder for name, one in plugin_templates(own).items()}


def _words(wanted: ProjectPlace) -> Mapping[str, str]:
    """Return what templates are filled in with; the secret is of this project alone."""
    return {
        "name": wanted.name,
        "dashed": wanted.name.replace("_", "-"),
        "title": wanted.title,
        "secret": new_secret(),
        "version": version("starmodel-cli"),
    }


def _document(placed: Placed) -> dict[str, object]:
    backup = None if placed.backup is None else str(placed.backup)
    files, replaced = list(placed.written), list(placed.replaced)
    return {"folder": str(placed.folder), "files": files, "replaced": replaced, "backup": backup}


def _tell(placed: Placed, template: str, cwd: Path) -> None:
    say(f"✔ Project scaffolded ({STACK.get(template, template)})")
    if placed.backup is not None:
        say(f"  replaced: {', '.join(placed.replaced)}; what was there is in {placed.backup}")
    near = placed.folder.relative_to(cwd) if placed.folder.is_relative_to(cwd) else placed.folder
    say("$ starmodel run" if str(near) == "." else f"$ cd {near} && starmodel run")
