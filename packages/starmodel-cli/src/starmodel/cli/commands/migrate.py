"""``starmodel migrate``: revisions are made from the code and applied to the database."""

from __future__ import annotations

from typing import Annotated

import typer

from starmodel.cli.migrations import Migrations, Report, migrations_of
from starmodel.cli.options import App, Json
from starmodel.cli.project import open_project
from starmodel.cli.terminal import say, say_json

__all__ = [
    "check_all",
    "go_down",
    "go_up",
    "make_revision",
    "migrate",
    "show_sql",
    "show_status",
]

migrate = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Bring the tables of a database to what the code says, and back.",
)

Store = Annotated[str | None, typer.Option("--store", help="Which SQL store, when there are several.")]
NoTrial = Annotated[bool, typer.Option("--no-trial", help="Do not try it on a copy first.")]


@migrate.command("make")
def make_revision(
    *,
    message: Annotated[str | None, typer.Option("--message", "-m", help="What it is for.")] = None,
    rename: Annotated[
        list[str] | None, typer.Option(help="Todo.name=title or Old=New: it is the same under a new name.")
    ] = None,
    drop: Annotated[list[str] | None, typer.Option(help="Todo.note or Old: it goes, with what it holds.")] = None,
    default: Annotated[list[str] | None, typer.Option(help="Todo.note=text: what rows get that hold nothing.")] = None,
    allow_loss: Annotated[bool, typer.Option("--allow-loss", help="Whatever is lost may be lost.")] = False,
    app: App = None,
    store: Store = None,
    json: Json = False,
) -> None:
    """Write a revision for what the code has changed since the newest one."""
    migrations = _migrations(app, store)
    choices = {"rename": rename or [], "drop": drop or [], "default": default or []}
    _tell(migrations.make(message, **choices, allow_loss=allow_loss), json=json)


@migrate.command("up")
def go_up(
    to: Annotated[str, typer.Argument(help="A revision, or steps such as +1.")] = "head",
    *,
    no_trial: NoTrial = False,
    app: App = None,
    store: Store = None,
    json: Json = False,
) -> None:
    """Apply revisions: tried on a copy first, then all of them or none."""
    _tell(_migrations(app, store).up(to, trial=not no_trial), json=json)


@migrate.command("down", context_settings={"ignore_unknown_options": True})
def go_down(
    to: Annotated[str, typer.Argument(help="A revision, steps such as -2, or base.")] = "-1",
    *,
    no_trial: NoTrial = False,
    app: App = None,
    store: Store = None,
    json: Json = False,
) -> None:
    """Take revisions back: tried on a copy first, then all of them or none."""
    _tell(_migrations(app, store).down(to, trial=not no_trial), json=json)


@migrate.command("status")
def show_status(*, app: App = None, store: Store = None, json: Json = False) -> None:
    """Show where the database stands and what is still to be applied."""
    _tell(_migrations(app, store).status(), json=json)


@migrate.command("sql")
def show_sql(
    to: Annotated[str, typer.Argument(help="A revision, or steps such as +1.")] = "head",
    *,
    app: App = None,
    store: Store = None,
    json: Json = False,
) -> None:
    """Show the SQL that `up` would run."""
    _tell(_migrations(app, store).sql(to), json=json)


@migrate.command("check")
def check_all(*, app: App = None, store: Store = None, json: Json = False) -> None:
    """Fail when code, revisions and database do not fit together, and say why."""
    _tell(_migrations(app, store).check(), json=json)


def _migrations(app: str | None, store: str | None) -> Migrations:
    return migrations_of(open_project(app), store=store)


def _tell(report: Report, *, json: bool) -> None:
    if json:
        say_json({**report.document, "ok": report.ok})
    else:
        for line in report.lines:
            say(line)
    if not report.ok:
        raise typer.Exit(1)
