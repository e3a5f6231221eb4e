"""The SQL store: snapshots in tables, and a log of what happened to them, in one transaction."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from sqlalchemy import Connection, MetaData, delete, false
from sqlalchemy.exc import OperationalError

from starmodel.app.ending import ended
from starmodel.app.sources import SystemClock
from starmodel.app.waits import Waits
from starmodel.core.changes import Changes, Changeset, Commit, Position
from starmodel.core.entity import Entity
from starmodel.core.errors import StoreError
from starmodel.core.query import Page, Query, Stored
from starmodel.core.relations import target_of
from starmodel.core.settings import PluginSetting

from . import search, triggers
from .database import Database
from .journal import CHANNEL, MAX_VERSION, Journal
from .mapper import Tables
from .outbox import Outbox
from .outside import Outside
from .parking import SQLParking
from .queries import Queries
from .rehearsing import Rehearsal
from .rules import broken_rule
from .schema import Bookkeeping
from .sessions import SQLSessions
from .shared_time import SharedTime
from .tasks import Tasks
from .url import DEFAULT_URL, DatabaseUrl
from .writing import Writer

if TYPE_CHECKING:
    from starmodel.core.owed import Debt, Owed
    from starmodel.core.ports import Clock
    from starmodel.core.settings import AdapterSettings

__all__ = ["SQLRepo"]

logger = logging.getLogger("starmodel.sql")

E = TypeVar("E", bound=Entity)

_LOOK_EVERY = 0.05
_LISTEN_FOR = 0.25
"""Seconds: closing the store takes as long at most."""


class SQLRepo(SQLParking):
    """Keeps entities in the database at *url*, SQLite or Postgres.

    *schema* says what opening does about the tables: ``"auto"`` adds what is missing and never takes anything away,
    ``"check"`` refuses to start when they do not fit the code, ``"trust"`` does not look.  *migrations* is the folder
    of the project's revisions: an empty database begins with them, and one at a revision that is not among them is
    ahead of the code.  Every *sweep* seconds what has expired is freed.
    """

    instant = False
    declares = (PluginSetting("DATABASE_URL", "The database that keeps entities.", default=DEFAULT_URL, secret=True),)

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        clock: Clock | None = None,
        schema: Literal["auto", "check", "trust"] = "auto",
        migrations: Path | None = None,
        sweep: float = 60.0,
    ) -> None:
        self.url = DatabaseUrl(url)
        self.durability = self.url.durability
        self.single_process = self.url.is_memory
        self.in_order = self.url.is_sqlite and not self.url.is_memory  # one thread works off what waits
        self._is_usual = type(self).commit is SQLRepo.commit
        self._schema, self._migrations = schema, migrations
        self._sweep_every = sweep
        self._sweeper: asyncio.Task[None] | None = None
        self._waits = Waits()
        self._ready: set[type[Entity]] = set()
        self._preparing = asyncio.Lock()
        self.database = Database(self.url)
        self.tables = Tables(MetaData())
        self._own = Bookkeeping(self.tables.metadata)
        self._clock = clock or SystemClock()
        sqlite = self.url.is_sqlite
        self._time = SharedTime(clock, sqlite=sqlite)
        self._journal = Journal(self._own, self.tables, self.database.engine.dialect)
        self._outside = Outside(self._own, self.tables, sqlite=sqlite)
        self._outbox = Outbox(self._own)
        self._writer = Writer(self.tables, self._journal, self._outside, self._outbox, self.database.engine.dialect)
        self._rehearsal = Rehearsal(self.tables, self._writer, sqlite=sqlite)
        self._tasks = Tasks(self._own, self._journal)
        super().__init__(self._own, self.database)
        self._queries = Queries(self.tables, sqlite=sqlite)

    @classmethod
    def from_settings(cls, settings: AdapterSettings) -> SQLRepo:
        """Return the store at ``DATABASE_URL``, with the revisions in the folder ``migrations`` here, if there is one.

        In development it adds what the tables lack; otherwise it refuses to start on tables that do not fit.
        """
        revisions = Path("migrations")
        return cls(
            settings.get("DATABASE_URL") or DEFAULT_URL,
            schema="auto" if settings.development else "check",
            migrations=revisions if revisions.is_dir() else None,
        )

    def sessions(self) -> SQLSessions:
        """Return what keeps sessions in the same database, over the same connections."""
        return SQLSessions(self.database)

    async def open(self, kinds: Iterable[type[Entity]] = (), /) -> None:
        """Connect, and see to the tables of *kinds*."""
        self.database.open()
        async with self._preparing:
            self._add(kinds)
            await self._see_to_tables()
        if self._sweeper is None:
            self._sweeper = asyncio.create_task(self._keep_sweeping(), name="starmodel sql store: free expired")

    def _add(self, kinds: Iterable[type[Entity]]) -> None:
        """Map *kinds*, and the classes that their references lead to."""
        for kind in kinds:
            if kind not in self.tables:
                self.tables.of(kind)
                targets = (target_of(kind, name) for name in kind.__entity_fields__)
                self._add(target for target in targets if target is not None)

    async def _see_to_tables(self) -> None:
        if self.url.is_memory:  # it begins empty, and is in one connection alone
            await self.database.write(self._make_tables)
        else:
            await asyncio.to_thread(self._fit_tables)
        self._ready.update(mapper.kind for mapper in self.tables)

    def _make_tables(self, connection: Connection) -> None:
        self.tables.metadata.create_all(connection)
        self._finish_tables(connection)

    def _fit_tables(self) -> None:
        from .migrations import bring_up, nothing, refuse_drift, transaction  # noqa: PLC0415  (Alembic is needed here alone)

        own, metadata = self._own.tables, self.tables.metadata
        if self._schema == "check" and self.url.is_new_file:
            with nothing() as connection:  # a start that is refused leaves no empty file behind
                refuse_drift(connection, metadata)
        with transaction(self.database) as connection:
            if self._schema == "auto":
                for line in bring_up(connection, metadata, own, folder=self._migrations):
                    logger.warning("%s: %s", self.url, line)
            else:
                metadata.create_all(connection, tables=own)
            if self._schema == "check":
                refuse_drift(connection, metadata, folder=self._migrations)
            self._finish_tables(connection)
            if self.url.is_sqlite:
                self._warn_of_no_writing(connection)

    def _warn_of_no_writing(self, connection: Connection) -> None:
        """SQLite begins to write what it may only read, and says so at the first change."""
        try:
            connection.execute(delete(self._own.head).where(false()))
        except OperationalError as error:
            logger.warning("nothing can be changed: %s", self.database.failure(error))

    def _finish_tables(self, connection: Connection) -> None:
        self._time.compare(connection)
        self._journal.begin(connection, secrets.token_hex(4))
        for mapper in self.tables:
            triggers.install(connection, mapper)
            search.install(connection, mapper)

    async def close(self) -> None:
        """Finish what is being written and close every connection."""
        sweeper, self._sweeper = self._sweeper, None
        if sweeper is not None:
            await ended(sweeper)
        await self._waits.close()
        await self.database.close()

    async def _keep_sweeping(self) -> None:
        while True:
            await asyncio.sleep(self._sweep_every)
            try:
                await self.free_expired()
            except StoreError:
                logger.warning("could not free what has expired; trying again later", exc_info=True)

    async def free_expired(self) -> int:
        """Free what has expired and return how much that was; it could not be read before that either."""
        fleeting = [mapper for mapper in self.tables if mapper.ttl is not None]
        if not fleeting:
            return 0
        now = self._now
        return await self.database.write(
            lambda connection: sum(self._writer.free_expired(mapper, now, connection) for mapper in fleeting)
        )

    async def _known(self, *kinds: type[Entity]) -> None:
        """See to the tables of classes that were not named when the store was opened."""
        if self._ready.issuperset(kinds):
            return
        async with self._preparing:
            if not self._ready.issuperset(kinds):
                self._add(kinds)
                await self._see_to_tables()

    @property
    def _now(self) -> float:
        return self._time.now

    async def get(self, kind: type[E], id: str, /) -> Stored[E] | None:
        """Return the newest snapshot, or ``None``."""
        await self._known(kind)
        return await self.database.glance(partial(self._queries.get, kind, id, self._now))

    async def query(self, kind: type[E], query: Query, /) -> Page[E]:
        """Return one page of what *query* asks for."""
        checked = query.checked(kind)
        await self._known(kind)
        return await self.database.glance(partial(self._queries.page, kind, checked, self._now))

    async def count(self, kind: type[Entity], where: Mapping[str, Any], /, *, cap: int) -> int:
        """Return how many match, at most *cap*."""
        checked = Query(where=where).checked(kind)
        await self._known(kind)
        return await self.database.glance(partial(self._queries.count, kind, checked.where, cap, self._now))

    async def commit(self, changeset: Changeset, /) -> Commit:
        """Store the whole changeset and its place in the log in one transaction."""
        await self._known(*(write.kind for write in changeset.writes))
        at = changeset.command.at or self._clock.now()
        work = partial(self._writer.commit, changeset, at, self._now, [])
        return await self.database.commit(work, partial(broken_rule, changeset))

    @property
    def prompt(self) -> bool:
        """Whether the next commit may be tried at once: nobody else commits, and the disk has been quick.

        Never in a subclass with a ``commit`` of its own, which has to be asked.
        """
        return self._is_usual and self.in_order and self.database.is_prompt

    def commit_at_once(self, changeset: Changeset, /) -> Commit | None:
        """Do what :meth:`commit` does without waiting for anything but the disk; ``None`` when that is not possible."""
        if not self._ready.issuperset(write.kind for write in changeset.writes):
            return None
        at = changeset.command.at or self._clock.now()
        return self.database.commit_at_once(partial(self._writer.commit, changeset, at, self._now, []))

    async def rehearse(self, changeset: Changeset, /) -> None:
        """Store the whole changeset in a transaction that is taken back."""
        await self._known(*(write.kind for write in changeset.writes))
        work = partial(self._rehearsal.run, changeset, self._now)
        await self.database.rehearse(work, partial(broken_rule, changeset))

    async def receipt(self, command_id: str, fingerprint: str, /) -> Commit | None:
        """Return the commit of a command of the last 24 hours."""
        return await self.database.glance(partial(self._journal.receipt, command_id, fingerprint, self._now))

    async def commit_of(self, command_id: str, /) -> Commit | None:
        """Return the commit of a command, as far back as the log goes."""
        return await self.database.glance(partial(self._journal.commit_of, command_id))

    async def position(self) -> Position:
        """Return the position of the newest commit."""
        return await self.database.glance(self._journal.position)

    async def changes(self, after: Position, /, *, limit: int = 1000) -> Changes:
        """Return the commits after a position."""
        return await self.database.read(partial(self._journal.after, after, limit))

    async def history(
        self,
        kind: type[Entity],
        id: str,
        /,
        *,
        after_version: int = 0,
        before_version: int | None = None,
        limit: int | None = None,
    ) -> Sequence[Commit]:
        """Return the commits that changed one entity between two versions; with a *limit* the newest of them."""
        key = (kind.__entity_name__, id)
        return await self.database.read(
            partial(self._journal.of_entity, key, after_version, before_version or MAX_VERSION, limit)
        )

    async def wait(self, after: Position, /, *, seconds: float) -> None:
        """Return when the log may hold a commit beyond *after*, at the latest after *seconds*.

        What other programs changed is taken into the log here.  An SQLite file is looked at 20 times a second;
        Postgres calls.
        """
        ends = time.monotonic() + seconds
        while True:
            number, is_waiting = await self.database.watch(self._look)
            if is_waiting:
                await self.database.write(partial(self._writer.absorb, self._clock.now(), self._now))
            left = ends - time.monotonic()
            if is_waiting or number != after.number or left <= 0:
                return
            if self.url.is_sqlite:
                await asyncio.sleep(min(left, _LOOK_EVERY))
            else:
                await self._waits.together(CHANNEL, self._heard, left)

    async def _heard(self) -> None:
        await self.database.watch(partial(_listen, seconds=_LISTEN_FOR))

    def _look(self, connection: Connection) -> tuple[int, bool]:
        self._time.compare(connection)
        return self._journal.position(connection).number, self._outside.is_waiting(connection)

    async def lease(self, task: str, holder: str, /, *, seconds: float) -> Position | None:
        """Take the right to work through the log as *task*, or keep it."""
        if await self.database.glance(partial(self._tasks.is_held, task, holder, self._now)):
            return None
        return await self.database.write(partial(self._tasks.lease, task, holder, self._now, seconds))

    async def advance(self, task: str, holder: str, position: Position, /) -> bool:
        """Note that *task* has worked through *position*."""
        return await self.database.write(partial(self._tasks.advance, task, holder, position))

    async def owed(self, store: str, /, *, limit: int = 100, parked: bool = False) -> Sequence[Owed]:
        """Return what waits for *store*, or what is *parked*."""
        return await self.database.glance(partial(self._outbox.of, store, limit, parked))

    async def settle(self, landed: Mapping[str, Mapping[str, int]], /) -> None:
        """Forget what is owed no longer."""
        await self.database.write(partial(self._outbox.settle, landed, self._now))

    async def park(self, id: str, why: str, /) -> None:
        """Put aside what cannot be followed; without *why* it waits again."""
        await self.database.write(partial(self._outbox.park, id, why))

    async def debts(self) -> Mapping[str, Debt]:
        """Return how far each store is behind."""
        return await self.database.glance(self._outbox.debts)


def _listen(connection: Connection, *, seconds: float) -> None:
    """Wait for a call that the log has grown; a call that came since the last time counts as well."""
    if not connection.info.get(CHANNEL):
        connection.exec_driver_sql(f"LISTEN {CHANNEL}")
        connection.info[CHANNEL] = True
        return  # what happened before is looked at first
    raw: Any = connection.connection.driver_connection
    try:
        for _ in raw.notifies(timeout=seconds, stop_after=1):
            return
    except connection.dialect.loaded_dbapi.Error:
        connection.exec_driver_sql("SELECT 1")  # fails as well, in the way that everybody here understands
