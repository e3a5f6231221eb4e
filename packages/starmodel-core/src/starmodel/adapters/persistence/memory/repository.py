"""Snapshots in dictionaries.  Nothing in here waits, so nothing can come between a check and its write."""

from __future__ import annotations

import asyncio
import copy
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from starmodel.app.ending import ended
from starmodel.app.sources import SystemClock
from starmodel.core.changes import Changes, Changeset, Commit, Position, Write, sealed
from starmodel.core.entity import Entity
from starmodel.core.errors import ConflictError, GoneError
from starmodel.core.ports import Durability
from starmodel.core.query import Page, Query, Stored, matches, select

from .log import CommitLog
from .outbox import MemoryOutbox
from .uniqueness import Uniqueness

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from starmodel.core.owed import Debt, Owed
    from starmodel.core.ports import Clock

__all__ = ["MemoryRepo"]

E = TypeVar("E", bound=Entity)


class _Row:
    """What is kept of one entity; *expires* is a time of the monotonic clock, or ``None`` for never."""

    __slots__ = ("expires", "stored")

    def __init__(self, stored: Stored[Any], expires: float | None) -> None:
        self.stored, self.expires = stored, expires


class MemoryRepo:
    """Keeps everything until the process ends.

    *keep* commits stay in the log (10,000), *receipts* commands are remembered for 24 hours (100,000).  Every *sweep*
    seconds an owned task frees what has expired; an expired entity cannot be read before that either.
    """

    durability = Durability.EPHEMERAL
    single_process = True
    instant = True

    def __init__(
        self, *, clock: Clock | None = None, keep: int = 10_000, receipts: int = 100_000, sweep: float = 30.0
    ) -> None:
        self._clock = clock or SystemClock()
        self._rows: dict[type[Entity], dict[str, _Row]] = {}
        self._unique = Uniqueness(self._found)
        self._log = CommitLog(keep=keep, receipts=receipts)
        self._outbox = MemoryOutbox()
        self._sweep_every = sweep
        self._sweeper: asyncio.Task[None] | None = None

    async def open(self, _kinds: Iterable[type[Entity]] = (), /) -> None:
        """Start the task that frees what has expired."""
        if self._sweeper is None:
            self._sweeper = asyncio.create_task(self._keep_sweeping(), name="starmodel memory store: free expired")

    async def close(self) -> None:
        """Stop that task."""
        sweeper, self._sweeper = self._sweeper, None
        if sweeper is not None:
            await ended(sweeper)

    async def _keep_sweeping(self) -> None:
        while True:
            await asyncio.sleep(self._sweep_every)
            self.free_expired()

    def free_expired(self) -> int:
        """Free what has expired and return how much that was."""
        now, freed = self._clock.monotonic(), 0
        for kind, rows in self._rows.items():
            for id in [id for id, row in rows.items() if _expired(row, now)]:
                self._unique.free(kind, rows.pop(id).stored.entity)
                freed += 1
        self._log.free_expired(now)
        return freed

    def _live(self, kind: type[Entity], id: str) -> _Row | None:
        row = self._rows.get(kind, {}).get(id)
        if row is None or (row.expires is not None and _expired(row, self._clock.monotonic())):
            return None
        return row

    def _found(self, kind: type[Entity], id: str) -> Entity | None:
        row = self._live(kind, id)
        return None if row is None else row.stored.entity

    def _all_live(self, kind: type[Entity]) -> Iterator[Stored[Any]]:
        now = self._clock.monotonic()
        return (row.stored for row in self._rows.get(kind, {}).values() if not _expired(row, now))

    async def get(self, kind: type[E], id: str, /) -> Stored[E] | None:
        """Return the newest snapshot, or ``None``."""
        row = self._live(kind, id)
        return None if row is None else _own(row.stored)

    async def query(self, kind: type[E], query: Query, /) -> Page[E]:
        """Return one page, by looking at every entity of *kind*."""
        page = select(query.checked(kind), self._all_live(kind), self._found)
        return Page(tuple(map(_own, page.items)), page.next) if kind.__entity_private__ else page

    async def count(self, kind: type[Entity], where: Mapping[str, Any], /, *, cap: int) -> int:
        """Return how many match, at most *cap*."""
        checked = Query(where=where).checked(kind).where
        found = 0
        for stored in self._all_live(kind):
            found += matches(checked, stored.entity, self._found)
            if found >= cap:
                break
        return found

    async def commit(self, changeset: Changeset, /) -> Commit:
        """Check every write, then make every write; there is no moment in between."""
        now = self._clock.monotonic()
        command = changeset.command
        earlier = self._log.receipt(command.id, changeset.fingerprint, now)
        if earlier is not None:
            return earlier
        self._check_all(changeset)
        self._outbox.check(changeset.owed)
        commit = sealed(changeset, self._log.next_position, command.at or self._clock.now())
        for write in changeset.writes:
            if write.before is not None:
                self._unique.free(write.kind, write.before)
        for write, change in zip(changeset.writes, commit.changes, strict=True):
            self._apply(write, change.version, now)
        self._log.append(commit, now)
        self._outbox.add(changeset.owed)
        return commit

    async def rehearse(self, changeset: Changeset, /) -> None:
        """Raise what :meth:`commit` would raise for these writes now."""
        self._check_all(changeset)

    def _check_all(self, changeset: Changeset) -> None:
        for write in changeset.writes:
            self._check(write)
        self._unique.check(changeset.writes)

    def _check(self, write: Write) -> None:
        row = self._live(write.kind, write.id)
        found = 0 if row is None else row.stored.version
        if found == write.expected:
            return
        if row is None:
            raise GoneError(write.kind.__entity_name__, write.id)
        raise ConflictError(f"{write.kind.__entity_name__} {write.id}", write.expected, found)

    def _apply(self, write: Write, version: int, now: float) -> None:
        rows = self._rows.setdefault(write.kind, {})
        if write.after is None:
            rows.pop(write.id, None)
            return
        self._unique.take(write.kind, write.after)
        ttl = write.kind.__entity_config__.get("ttl")
        rows[write.id] = _Row(Stored(write.after, version), None if ttl is None else now + ttl)

    async def receipt(self, command_id: str, fingerprint: str, /) -> Commit | None:
        """Return the first commit of a repeated command."""
        return self._log.receipt(command_id, fingerprint, self._clock.monotonic())

    async def commit_of(self, command_id: str, /) -> Commit | None:
        """Return the commit of a command that is still in the log."""
        return self._log.commit_of(command_id)

    async def position(self) -> Position:
        """Return the position of the newest commit."""
        return self._log.position

    async def changes(self, after: Position, /, *, limit: int = 1000) -> Changes:
        """Return the commits after a position."""
        return self._log.after(after, limit)

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
        key, end = (kind.__entity_name__, id), math.inf if before_version is None else before_version
        found = [
            commit
            for commit in self._log.of_entity(key)
            if any(change.key == key and after_version < change.version < end for change in commit.changes)
        ]
        return found if limit is None else found[max(0, len(found) - limit) :]

    async def owed(self, store: str, /, *, limit: int = 100, parked: bool = False) -> Sequence[Owed]:
        """Return what waits for *store*, or what is *parked*."""
        return self._outbox.of(store, limit, parked=parked)

    async def settle(self, landed: Mapping[str, Mapping[str, int]], /) -> None:
        """Forget what is owed no longer."""
        self._outbox.settle(landed, self._clock.monotonic())

    async def park(self, id: str, why: str, /) -> None:
        """Put aside what cannot be followed; without *why* it waits again."""
        self._outbox.park(id, why)

    async def debts(self) -> Mapping[str, Debt]:
        """Return how far each store is behind."""
        return self._outbox.debts()


def _own(stored: Stored[E]) -> Stored[E]:
    """Return *stored* for one reader alone: working state that one sets is not seen by another."""
    return replace(stored, entity=copy.copy(stored.entity)) if stored.entity.__entity_private__ else stored


def _expired(row: _Row, now: float) -> bool:
    return row.expires is not None and now >= row.expires
