"""``starmodel migrate``: revisions are made from the code and applied to the database."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer

from starmodel.app import Registry
from starmodel.cli.environment import MODE, MODES, is_production, read_env
from starmodel.cli.errors import MigrationsMissingError
from starmodel.cli.loading import load
from starmodel.cli.target import find_target
from starmodel.cli.terminal import say, say_json
from starmodel.core.errors import AdapterNotFoundError

__all__ = [
    "Migrations",
    "Offer",
    "Report",
    "check_all",
    "go_down",
    "go_up",
    "make_revision",
    "migrate",
    "show_sql",
    "show_status",
]

GROUP = "starmodel.migrations"
SQL = "sql"
FOLDER = "migrations"
"""Where a project keeps its revisions, beside its application."""


class Report(Protocol):
    """What a migration did or found."""

    @property
    def lines(self) -> Sequence[str]:
        """What to tell people."""

    @property
    def document(self) -> Mapping[str, Any]:
        """What to tell programs, as JSON can hold it."""

    @property
    def ok(self) -> bool:
        """Whether the program should succeed."""


class Migrations(Protocol):
    """Makes and applies the revisions of one application."""

    def make(
        self,
        message: str | None,
        *,
        rename: Sequence[str],
        drop: Sequence[str],
        default: Sequence[str],
        allow_loss: bool,
    ) -> Report:
        """Write a revision for what the code has changed."""

    def up(self, to: str, *, trial: bool) -> Report:
        """Bring the database to a revision."""

    def down(self, to: str, *, trial: bool) -> Report:
        """Take the database back to a revision."""

    def status(self) -> Report:
        """Say where the database stands."""

    def sql(self, to: str) -> Report:
        """Return the SQL that :meth:`up` would run."""

    def check(self) -> Report:
        """Say whether code, revisions and database fit together."""


class Offer(Protocol):
    """What a package offers under the entry point group ``starmodel.migrations``."""

    def __call__(self, application: object, folder: Path, /, *, store: str | None) -> Migrations:
        """Return what migrates a store of *application*, with the revisions in *folder*."""


migrate = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Bring the tables of a database to what the code says, and back.",
)

App = Annotated[
    str | None,
    typer.Option("--app", help="A file (todo.py, todo.py:app) or a module (shop.main); otherwise the project here."),
]
Store = Annotated[str | None, typer.Option("--store", help="Which SQL store, when there are several.")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON.")]
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
    found = find_target(app, Path.cwd())
    offers: Registry[Offer] = Registry(GROUP)
    try:
        offer = offers.get(SQL)
    except AdapterNotFoundError as error:
        raise MigrationsMissingError from error
    production = is_production(os.environ, found.folder)
    given = read_env(found.folder / ".env")
    os.environ.update({name: value for name, value in given.items() if name not in os.environ})
    os.environ[MODE] = MODES[production]
    return offer(load(found), found.folder / FOLDER, store=store)


def _tell(report: Report, *, json: bool) -> None:
    if json:
        say_json({**report.document, "ok": report.ok})
    else:
        for line in report.lines:
            say(line)
    if not report.ok:
        raise typer.Exit(1)
