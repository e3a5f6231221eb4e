"""``starmodel new``: an entity, an event or a page in the project at hand."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from starmodel.cli.environment import read_env
from starmodel.cli.options import App
from starmodel.cli.target import Target, find_target
from starmodel.cli.terminal import say, warn
from starmodel.cli.writing import (
    NewCodeError,
    SourceModule,
    entity_source,
    event_source,
    field_of,
    page_source,
    try_out,
)
from starmodel.core.errors import hint

__all__ = ["new", "new_entity", "new_event", "new_page"]

PAGES = "add_pages"
"""The function of a project that adds its pages."""

new = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Add an entity, an event or a page to a project.",
)

Fields: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(help="title:str, starts:datetime, venue:Venue, 'note:str|None=None', 'price:Decimal=0'."),
]
File: TypeAlias = Annotated[str | None, typer.Option("--file", help="The file to add to; otherwise entities.py.")]


@new.command("entity")
def new_entity(
    name: Annotated[str, typer.Argument(help="The name of the class, such as Event.")],
    fields: Fields = None,
    *,
    file: File = None,
    app: App = None,
    no_migration: Annotated[bool, typer.Option("--no-migration", help="Write no revision of the database.")] = False,
) -> None:
    """Add an entity: its class is written into entities.py, and everything else stays as it is."""
    target = find_target(app, Path.cwd())
    before = SourceModule.read(_file(target, file, "entities.py"))
    _refuse_class_name(name, before)
    if not fields:
        raise NewCodeError(f"{name} needs a field; for example: starmodel new entity {name} title:str")
    known = [*before.entities, name]
    others = [one for one in before.classes if one not in known]
    given = [field_of(text, entities=known, classes=others) for text in fields]
    source, imports = entity_source(name, given)
    changed = before.importing(imports).with_class(source)
    _keep(changed, target)
    say(f"✔ {name} is in {_near(changed.path)}")
    for line in source.splitlines():
        say(f"  {line}")
    if not _registers_all(target):
        say(f"  give it to the application in {_near(_main(target))}: create_app(…, {name})")
    _migrate(target, before, name, wanted=not no_migration)


@new.command("event")
def new_event(
    name: Annotated[str, typer.Argument(help="The entity and the name of the event, such as Todo.snooze.")],
    arguments: Fields = None,
    *,
    file: File = None,
    app: App = None,
) -> None:
    """Add an event to an entity; an argument that is called as a field is stored there."""
    target = find_target(app, Path.cwd())
    before = SourceModule.read(_file(target, file, "entities.py"))
    owner, dot, event = name.partition(".")
    if not dot or not event.isidentifier():
        raise NewCodeError(f"{name!r} is no event; write Entity.event, for example Todo.snooze")
    if owner not in before.entities:
        raise NewCodeError(f"{_near(before.path)} has no entity {owner!r}; {hint(owner, before.entities)}")
    members = _members(before.classes[owner])
    if event in members:
        raise NewCodeError(f"{owner} has {event!r} already; choose another name")
    others = [one for one in before.classes if one not in before.entities]
    given = [field_of(text, entities=before.entities, classes=others) for text in arguments or []]
    source, imports = event_source(owner, event, given, members)
    changed = before.importing(imports).with_inner(owner, source)
    _keep(changed, target)
    say(f"✔ {name} is in {_near(changed.path)}")
    for line in source.splitlines():
        say(f"      {line}")


@new.command("page")
def new_page(
    name: Annotated[str, typer.Argument(help="The name of the page, such as about; its address is /about.")],
    *,
    file: File = None,
    app: App = None,
) -> None:
    """Add a page to views.py."""
    target = find_target(app, Path.cwd())
    before = SourceModule.read(_file(target, file, "views.py"))
    if not (name.isascii() and name.isidentifier()) or name.startswith("_"):
        raise NewCodeError(f"{name!r} cannot be the name of a page; use letters, digits and _")
    block = before.blocks.get(PAGES)
    if not isinstance(block, ast.FunctionDef):
        raise NewCodeError(f"{_near(before.path)} has no function `def {PAGES}(app)`, which pages are added in")
    if name in before.names | {
        one.name for one in block.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
    }:
        raise NewCodeError(f"{_near(before.path)} has {name!r} already; choose another name")
    source, imports = page_source(name)
    changed = before.importing(imports).with_inner(PAGES, source)
    _keep(changed, target)
    say(f"✔ the page /{name.replace('_', '-')} is in {_near(changed.path)}")


def _file(target: Target, given: str | None, usual: str) -> Path:
    """Return the file to add to: the one that was named, else the usual one beside the application."""
    if given is not None:
        return Path(given).resolve()
    found = _main(target).parent / usual
    if not found.is_file():
        raise NewCodeError(f"there is no {usual} beside {_near(_main(target))}; name the file with --file")
    return found


def _main(target: Target) -> Path:
    return target.folder.joinpath(*target.module.split(".")).with_suffix(".py")


def _near(path: Path) -> str:
    cwd = Path.cwd()
    return str(path.relative_to(cwd) if path.is_relative_to(cwd) else path)


def _refuse_class_name(name: str, module: SourceModule) -> None:
    if not (name.isascii() and name.isidentifier()) or not name[0].isupper():
        raise NewCodeError(f"{name!r} cannot be the name of an entity; use letters and digits, a capital first: Event")
    if name in module.names:
        raise NewCodeError(f"{_near(module.path)} has {name!r} already; choose another name")
    taken = [one for one in module.entities if one.lower() == name.lower()]
    if taken:
        raise NewCodeError(f"{name!r} would have the addresses of {taken[0]!r}; choose another name")


def _members(node: ast.ClassDef) -> set[str]:
    """Return the names that a class body binds."""
    names = {one.name for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}
    for one in node.body:
        targets = [one.target] if isinstance(one, ast.AnnAssign) else one.targets if isinstance(one, ast.Assign) else []
        names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def _keep(changed: SourceModule, target: Target) -> None:
    """Write *changed* if it can be imported."""
    given = read_env(target.folder / ".env")
    os.environ.update({name: value for name, value in given.items() if name not in os.environ})
    try_out(changed)
    changed.write()


def _registers_all(target: Target) -> bool:
    """Tell whether the application takes whatever its module of entities defines."""
    main = _main(target)
    return main.is_file() and "entities_in(" in main.read_text(encoding="utf-8")


def _migrate(target: Target, before: SourceModule, name: str, *, wanted: bool) -> None:
    """Write a revision when the project has some; where that fails, the class goes again."""
    folder = target.folder / "migrations"
    if not any(folder.glob("*.py")):
        say("  starmodel run brings its table up; before there is data that matters: starmodel migrate make")
        return
    if not wanted:
        say("  no revision was written: starmodel migrate make")
        return
    command = [sys.executable, "-m", "starmodel.cli", "migrate", "make", "-m", f"add {name.lower()}"]
    command += ["--app", target.reference]
    made = subprocess.run(command, cwd=target.folder, capture_output=True, text=True, check=False)  # noqa: S603  (our own program)
    if made.returncode:
        before.write()
        raise NewCodeError(f"nothing was written: {made.stderr.strip().removeprefix('✘ ')}")
    for line in made.stdout.splitlines():
        say(f"  {line}")
    if made.stderr.strip():
        warn(made.stderr.strip())
