"""What ``starmodel migrate`` does, for the application it is given."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, func, inspect, select, table
from sqlalchemy import column as column_of

from starmodel.adapters.persistence.sqlmodel import search, triggers
from starmodel.adapters.persistence.sqlmodel.repository import SQLRepo
from starmodel.adapters.persistence.sqlmodel.schema import PREFIX, is_own
from starmodel.core.errors import StarModelError, hint

from .applying import apply, connected, overtaken, transaction
from .beside import breaks, warned
from .choices import Choices
from .comparing import differences
from .describing import summary, told
from .errors import HALF_WAY, MigrationError, is_half_way
from .finding import sql_stores
from .opening import drift
from .operations import rendered
from .plain import plain_metadata
from .planning import Plan
from .replaying import replayed
from .revisions import Revisions, current
from .scratch import nothing
from .showing import recorded, written
from .trial import try_out

__all__ = ["Migrator", "Report", "migrator"]

_NO_REVISION = "There is no revision yet; write the first: starmodel migrate make"


@dataclass(frozen=True, slots=True)
class Report:
    """What happened: *lines* for people, *document* for programs; not *ok* is a reason to stop."""

    lines: Sequence[str]
    document: dict[str, Any] = field(default_factory=dict)
    ok: bool = True


def migrator(found: object, folder: Path, *, store: str | None = None) -> Migrator:
    """Return what migrates the SQL store of the application that was *found*, with revisions in *folder*."""
    stores = sql_stores(found)
    if store is not None and store not in stores:
        raise MigrationError(f"there is no SQL store {store!r}; {hint(store, stores)}")
    if store is None and len(stores) > 1:
        raise MigrationError(f"there are {len(stores)} SQL stores; say which: --store {' or --store '.join(stores)}")
    name = store or next(iter(stores))
    return Migrator(stores[name], folder if len(stores) == 1 else folder / name)


class Migrator:
    """The revisions of one SQL store: made from its classes, applied to its database."""

    def __init__(self, store: SQLRepo, folder: Path) -> None:
        if store.url.is_memory:
            raise MigrationError(f"{store.url} is a database in memory; name a file or a server in DATABASE_URL")
        self._store = store
        self._database = store.database
        self._metadata = store.tables.metadata
        self._revisions = Revisions(folder)

    # --- making

    def make(
        self,
        message: str | None = None,
        *,
        rename: Sequence[str] = (),
        drop: Sequence[str] = (),
        default: Sequence[str] = (),
        allow_loss: bool = False,
    ) -> Report:
        """Write a revision for what the code has changed since the newest one."""
        names = {mapper.name: mapper.table.name for mapper in self._store.tables}
        choices = Choices.read(names, rename=rename, drop=drop, default=default, allow_loss=allow_loss)
        with replayed(self._database, self._revisions) as connection:
            entities = {place: name for name, place in names.items()}
            plan = Plan(connection, plain_metadata(self._metadata), choices, entities, self._count)
            if not plan.up:
                return Report(["Nothing to do: the code is as the revisions say."], {"revision": None, "steps": []})
            context = MigrationContext.configure(connection)
            up, imports = rendered(plan.up, context)
            down, more = rendered(plan.down, context)
        steps, before = list(told(plan.up)), self._revisions.head or "base"
        path = self._revisions.write(message or summary(plan.up), up, down, "\n".join(sorted(imports | more)))
        broken = breaks(self._revisions, before, str(self._revisions.head))
        lines = [f"Wrote {path}", *(f"  {step}" for step in steps), *(f"  ⚠ this loses {loss}" for loss in plan.losses)]
        document = {"revision": str(path), "steps": steps, "losses": plan.losses, "breaks": broken}
        return Report([*lines, *(f"  {line}" for line in warned(broken))], document)

    def _count(self, table_name: str, column_name: str) -> int | None:
        if self._database.is_sqlite and not Path(str(self._database.url.url.database)).exists():
            return None
        counted = func.count(column_of(column_name)) if column_name else func.count()
        try:
            with connected(self._database) as connection:
                return connection.execute(select(counted).select_from(table(table_name))).scalar()
        except StarModelError:
            return None

    # --- applying

    def up(self, to: str = "head", *, trial: bool = True) -> Report:
        """Bring the database to a revision, after a trial on a copy."""
        with connected(self._database) as connection:
            at = current(connection)
            target = self._revisions.resolved(to, at)
            pending = self._up_to(target, at)
            there = overtaken(connection, self._revisions) if pending else None
        start = there.revision if there is not None and there in pending else (at or ("base",))[0]
        left = [
            one for one in pending if there is None or there not in pending or pending.index(one) > pending.index(there)
        ]
        broken = breaks(self._revisions, start, target) if left else []
        lines = [] if start == (at or ("base",))[0] else [f"{start} is there already: development added its tables"]
        lines += warned(broken)
        if left and trial:
            lines += self._tried(start, target, down=False)
        if pending:
            self._apply(target, down=False)
        lines += [f"Applied {one.revision} {one.doc}" for one in left] or ["The database is up to date."]
        return Report(lines, self._document(applied=[one.revision for one in left], breaks=broken))

    def _up_to(self, target: str, at: Sequence[str]) -> list[Any]:
        pending = self._revisions.pending(at)
        names = [one.revision for one in pending]
        if target == "base" or target in at or not pending:
            return []
        if target not in names:
            raise MigrationError(
                f"the database is beyond {target} already; to go back: starmodel migrate down {target}"
            )
        return pending[: names.index(target) + 1]

    def down(self, to: str = "-1", *, trial: bool = True) -> Report:
        """Take the database back to a revision, after a trial on a copy."""
        with connected(self._database) as connection:
            at = current(connection)
        self._revisions.refuse_unknown(at)
        if not at:
            return Report(
                ["The database is at no revision: there is nothing to take back."], self._document(taken_back=[])
            )
        target = self._revisions.resolved(to, at)
        names = [one.revision for one in self._revisions.in_order()]
        place = 0 if target == "base" else names.index(target) + 1
        back = names[place : names.index(at[0]) + 1]
        if place > names.index(at[0]) + 1:
            raise MigrationError(f"the database is not at {target} yet; to go there: starmodel migrate up {target}")
        lines = self._tried(at[0], target, down=True) if trial and back else []
        if back:
            self._apply(target, down=True)
        lines += [f"Took back {one}" for one in reversed(back)] or ["The database is there already."]
        return Report(lines, self._document(taken_back=back[::-1]))

    def _tried(self, start: str, to: str, *, down: bool) -> list[str]:
        left_out = try_out(self._database, self._revisions, start, to, down=down)
        return [] if left_out is None else [f"⚠ the trial on a copy was left out: {left_out}"]

    def _apply(self, to: str, *, down: bool) -> None:
        own = [one for one in self._metadata.tables.values() if is_own(one.name)]
        try:
            with transaction(self._database) as connection:
                self._metadata.create_all(connection, tables=own)
                apply(connection, self._revisions, to, down=down)
                if not drift(connection, self._metadata):
                    self._finish(connection)
        except StarModelError as error:
            if "lock timeout" in str(error):
                raise MigrationError(
                    "nothing was applied: another transaction holds a table for too long; try again when it has ended"
                ) from error
            if is_half_way(str(error)):
                raise MigrationError(f"nothing was applied: {error}; {HALF_WAY}") from error
            raise

    def _finish(self, connection: Connection) -> None:
        """Put back what hangs on tables that fit the code; for others the code that fits them does, when it opens.

        What the triggers note needs a log that has begun.
        """
        head = self._metadata.tables[f"{PREFIX}head"]
        if connection.execute(select(head)).first() is not None:
            for mapper in self._store.tables:
                triggers.install(connection, mapper)
                search.install(connection, mapper)

    # --- looking

    def status(self) -> Report:
        """Say where the database stands, and what is still to be applied."""
        document = self._document()
        at = ", ".join(document["at"]) or "no revision"
        lines = [f"{document['database']} is at {at}"]
        lines += [f"  to apply: {one['revision']} {one['message']}" for one in document["pending"]]
        if document["pending"] and document["at"]:
            document["breaks"] = breaks(self._revisions, document["at"][0], document["head"])
            lines += [f"  {line}" for line in warned(document["breaks"])]
        if not document["pending"]:
            none = document["head"] is None
            lines.append(_NO_REVISION if none else "Nothing is to be applied.")
        return Report(lines, document)

    def _looked_at(self) -> AbstractContextManager[Connection]:
        """Lend a connection for reading: who only looks makes no file."""
        return nothing() if self._database.url.is_new_file else connected(self._database)

    def _document(self, **more: Any) -> dict[str, Any]:
        with self._looked_at() as connection:
            at = current(connection)
        pending = [{"revision": one.revision, "message": one.doc} for one in self._revisions.pending(at)]
        return {
            "database": str(self._store.url),
            "at": list(at),
            "head": self._revisions.head,
            "pending": pending,
            **more,
        }

    def check(self) -> Report:
        """Say whether code, revisions and database fit together."""
        found: list[str] = []
        document = self._document()
        found += [
            f"{one['revision']} {one['message']} is to be applied: starmodel migrate up" for one in document["pending"]
        ]
        if document["head"] is not None:
            with replayed(self._database, self._revisions) as connection:
                tables = set(inspect(connection).get_table_names())
                steps = told(differences(connection, plain_metadata(self._metadata), tables))
                found += [f"no revision says: {step}; starmodel migrate make" for step in steps]
        with self._looked_at() as connection:
            unfit = drift(connection, self._metadata, strict=True)
            found += [f"the database does not fit the code: {line}" for line in unfit]
        lines = found or ["Code, revisions and database fit together."]
        return Report(lines, {**document, "problems": found}, ok=not found)

    def sql(self, to: str = "head") -> Report:
        """Return the SQL that :meth:`up` would run."""
        with connected(self._database) as connection:
            at = current(connection)
        target = self._revisions.resolved(to, at)
        pending = self._up_to(target, at)
        start = (at or ("base",))[0]
        if not pending:
            text = ""
        elif self._database.is_sqlite:
            text = recorded(self._database, self._revisions, target)
        else:
            text = written(self._database, self._revisions, start, target)
        return Report([text] if text else [], {"from": start, "to": target, "sql": text})
