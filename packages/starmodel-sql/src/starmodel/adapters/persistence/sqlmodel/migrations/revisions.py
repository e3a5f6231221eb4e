"""The revisions in a project's folder, and running them: Alembic without ``alembic.ini`` and ``env.py``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from alembic.util import CommandError, rev_id
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from starmodel.core.errors import StarModelError, hint

from .errors import MigrationError

__all__ = ["VERSIONS", "Revisions", "current"]

VERSIONS = "alembic_version"
"""The table in which Alembic keeps where a database stands."""

_TEMPLATES = Path(__file__).parent
_NAMES = "%%(year)d%%(month).2d%%(day).2d_%%(hour).2d%%(minute).2d_%%(slug)s_%%(rev)s".replace("%%", "%")


def current(connection: Connection) -> tuple[str, ...]:
    """Return the revisions that the database is at: none for one that was never migrated, usually one."""
    return tuple(MigrationContext.configure(connection).get_current_heads())


class Revisions:
    """The revisions in *folder*, which need not be there yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._script = ScriptDirectory(
            _TEMPLATES, file_template=_NAMES, version_locations=[folder], messaging_opts={"quiet": True}
        )

    @property
    def head(self) -> str | None:
        """The newest revision, or ``None`` when there is none; MigrationError when there are several."""
        with self._explained():
            heads = self._script.get_heads()
        if len(heads) > 1:
            raise MigrationError(
                f"{self.folder} has {len(heads)} newest revisions, {', '.join(sorted(heads))}, since two were made "
                "after the same one; set down_revision in one of them to the other, so that they follow each other"
            )
        return heads[0] if heads else None

    def in_order(self) -> list[Script]:
        """Return all revisions, the oldest first."""
        _ = self.head
        with self._explained():
            return list(reversed(list(self._script.walk_revisions())))

    def pending(self, at: Sequence[str]) -> list[Script]:
        """Return what a database that is *at* these revisions lacks, the oldest first."""
        self.refuse_unknown(at)
        order = self.in_order()
        done = {self._done(order, one) for one in at}
        return order[max(done, default=0) :]

    def _done(self, order: list[Script], revision: str) -> int:
        return next(place for place, one in enumerate(order, 1) if one.revision == revision)

    def refuse_unknown(self, at: Sequence[str]) -> None:
        """Raise MigrationError when the database is at a revision that is not in the folder."""
        known = {one.revision for one in self.in_order()}
        ahead = [one for one in at if one not in known]
        if ahead:
            raise MigrationError(
                f"the database is at revision {ahead[0]}, which is not in {self.folder}: it is ahead of this code; "
                "use the code that has this revision, and migrate down with it first if the older code is wanted"
            )

    def resolved(self, text: str, at: Sequence[str]) -> str:
        """Return the revision that *text* names: an id, its beginning, ``head``, ``base``, or steps such as ``-1``."""
        if text in {"head", "heads"}:
            return self.head or "base"
        if text == "base":
            return "base"
        names = [one.revision for one in self.in_order()]
        if text[0] in "+-" and text[1:].isdigit():
            return self._stepped(names, at, int(text))
        found = [name for name in names if name.startswith(text)]
        if len(found) != 1:
            raise MigrationError(f"there is no revision {text!r} in {self.folder}; {hint(text, names)}")
        return found[0]

    def _stepped(self, names: list[str], at: Sequence[str], steps: int) -> str:
        place = max((names.index(one) + 1 for one in at), default=0) + steps
        if not 0 <= place <= len(names):
            raise MigrationError(f"{abs(steps)} steps lead out of the {len(names)} revisions in {self.folder}")
        return names[place - 1] if place else "base"

    def run(
        self, connection: Connection | None, to: str, *, down: bool = False, as_sql: bool = False, **options: Any
    ) -> None:
        """Run the revisions that lead *to* a revision, in the transaction that *connection* is in."""

        def steps(at: Any, _: MigrationContext) -> Any:
            find = self._script._downgrade_revs if down else self._script._upgrade_revs  # noqa: SLF001  (as Alembic's own commands do)
            return find(to, at)

        self._run(connection, steps, as_sql=as_sql, destination_rev=to, **options)

    def mark(self, connection: Connection, at: str) -> None:
        """Note that the database is at a revision, without running anything."""
        self._run(connection, lambda found, _: self._script._stamp_revs(at, found), destination_rev=at)  # noqa: SLF001  (as above)

    def _run(
        self, connection: Connection | None, steps: Callable[[Any, MigrationContext], Any], **options: Any
    ) -> None:
        configured = {name: options.pop(name) for name in ("output_buffer", "dialect_name") if name in options}
        with (
            self._explained(),
            EnvironmentContext(Config(), self._script, fn=steps, **options) as environment,
        ):
            if options.get("as_sql"):
                environment.configure(literal_binds=True, **configured)
            else:
                environment.configure(connection=connection)
            environment.run_migrations()

    def write(self, message: str | None, upgrade: str, downgrade: str, imports: str) -> Path:
        """Write a new revision after the newest one, and return its file."""
        _ = self.head
        there = set(self.folder.glob("*.py"))
        try:
            with self._explained():
                made = self._script.generate_revision(
                    rev_id(), message, upgrades=upgrade, downgrades=downgrade, imports=imports
                )
        except OSError as error:
            raise MigrationError(
                f"no revision can be written in {self.folder}: {error}; make the folder writable"
            ) from error
        except MigrationError:
            for broken in set(self.folder.glob("*.py")) - there:
                broken.unlink()
            raise
        if made is None:
            raise MigrationError(f"no revision could be written in {self.folder}")
        return Path(made.path)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say which revision is broken, instead of showing Alembic's inside."""
        try:
            yield
        except CommandError as error:
            raise MigrationError(f"{self.folder}: {error}") from error
        except (StarModelError, SQLAlchemyError, OSError):
            raise
        except Exception as error:  # whatever the code of a revision does
            raise MigrationError(
                f"a revision in {self.folder} cannot be run: {type(error).__name__}: {error}"
            ) from error
