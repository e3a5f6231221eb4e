"""What migrates a database: the seam to whatever package does it, and how a project gets hold of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from starmodel.app import Registry
from starmodel.core.errors import AdapterNotFoundError

from .errors import MigrationsMissingError
from .project import Project

__all__ = ["Migrations", "Offer", "Report", "migrations_of"]

GROUP = "starmodel.migrations"
SQL = "sql"


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


def migrations_of(project: Project, *, store: str | None = None) -> Migrations:
    """Return what migrates a store of *project*; MigrationsMissingError when no package does."""
    offers: Registry[Offer] = Registry(GROUP)
    try:
        offer = offers.get(SQL)
    except AdapterNotFoundError as error:
        raise MigrationsMissingError from error
    return offer(project.found, project.migrations, store=store)
