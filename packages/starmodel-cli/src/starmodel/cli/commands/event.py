"""``starmodel event``: run an event by the one road, as a button or a program would."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Annotated, Any, TypeAlias

import typer

from starmodel.app import Application, Preview, Refusal, Result, refusal_of
from starmodel.app.doors import command_id
from starmodel.cli.calling import command_of
from starmodel.cli.errors import CallError
from starmodel.cli.loading import place_of, reason_of
from starmodel.cli.options import App, Json
from starmodel.cli.outcomes import document_of, lines_of
from starmodel.cli.project import Project, open_project
from starmodel.cli.terminal import fail, say, say_json
from starmodel.core.actors import Actor
from starmodel.core.commands import Command

__all__ = ["event"]

_Do: TypeAlias = Callable[..., Coroutine[Any, Any, Result | Preview]]

OPERATOR = "cli"
"""What the log records as the actor of what is done from here, unless somebody is named."""


def event(
    name: Annotated[str, typer.Argument(help="The entity and its event, such as Todo.toggle.")],
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID] [NAME=VALUE]...", help="The id of the entity, and the arguments."),
    ] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what it would change, and store nothing.")] = False,
    actor: Annotated[
        str | None, typer.Option("--as", help="Whoever does it; policies are asked then. Otherwise the operator.")
    ] = None,
    role: Annotated[list[str] | None, typer.Option(help="A role of that actor.")] = None,
    args: Annotated[str | None, typer.Option(help="All arguments as one JSON object, instead of NAME=VALUE.")] = None,
    key: Annotated[str, typer.Option(help="The same key takes effect once, within 24 hours.")] = "",
    base: Annotated[
        int | None, typer.Option(min=0, help="The version that was seen: what others changed since is not overwritten.")
    ] = None,
    app: App = None,
    json: Json = False,
) -> None:
    """Run an event of an entity, or show what it would change."""
    if role and actor is None:
        raise typer.BadParameter("--role is for --as: the operator may do everything")
    project = open_project(app)
    application = project.application
    somebody = Actor(OPERATOR, trusted=True) if actor is None else Actor(actor, roles=frozenset(role or ()))
    try:
        command = command_of(application, name, words or [], args=args)
        command = replace(command, id=command_id(somebody, key), base_version=base)
        do: _Do = application.preview if dry_run else application.dispatch
        running = do(command, actor=somebody, text=args is None, only_at=_only_at(application, command))
        outcome = asyncio.run(_opened(application, running))
    except CallError:
        raise
    except Exception as error:
        _refuse(error, project, name, json=json)
        raise typer.Exit(1) from error
    if json:
        say_json(document_of(application, outcome))
        return
    for line in lines_of(application, outcome):
        say(line)


async def _opened(application: Application, running: Coroutine[Any, Any, Any]) -> Any:
    try:
        async with application:
            return await running
    finally:
        running.close()


def _only_at(application: Application, command: Command) -> int | None:
    """Return the one version that may be changed; ``None`` for an event that merges what was changed since by field."""
    handler = application.catalog.handler(command.entity, command.event)
    return None if handler.event.takes_fields else command.base_version


def _refuse(error: Exception, project: Project, name: str, *, json: bool) -> None:
    """Tell why it was not done, in the words of every other door.

    What those keep to the log is said here, where nobody else listens; a mistake in the program with its place.
    """
    refusal: Refusal = refusal_of(error, secrets.token_hex(6))
    if refusal.status >= 500:
        refusal = replace(refusal, detail=reason_of(error))
    place = place_of(error, project.folder) if refusal.status == 500 else ""
    if json:
        say_json({**refusal.to_dict(), **({"place": place} if place else {})})
    elif refusal.status == 500:
        fail(f"{name} failed, and nothing was changed: {refusal.detail}" + (f"\n  {place}" if place else ""))
    else:
        fail(f"{refusal.title}: {refusal.detail}")
