"""The store: everything in memory, and every commit a line of the file before it counts."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from starmodel.app import SystemClock
from starmodel.core import Entity, Query
from starmodel.core.changes import Changes, Changeset, Commit, Position, Write, sealed
from starmodel.core.errors import CommandReusedError, ConflictError, GoneError
from starmodel.core.ports import Clock, Durability
from starmodel.core.query import Page, Stored, matches, select

from .values import from_json, to_json

__all__ = ["JsonFileStore"]

E = TypeVar("E", bound=Entity)
DAY = 24 * 60 * 60


class JsonFileStore:
    """Keeps entities in *path*.  One process at a time; the file is read whole when the store is opened."""

    durability = Durability.DISK
    single_process = True
    instant = False

    def __init__(self, path: str | Path = "entities.jsonl", *, clock: Clock | None = None) -> None:
        self._path = Path(path)
        self._clock = clock or SystemClock()
        self._lock = asyncio.Lock()
        self._epoch = secrets.token_hex(4)
        self._log: list[Commit] = []
        self._times: dict[str, float] = {}
        self._rows: dict[tuple[str, str], tuple[Stored[Any], float]] = {}
        self._commands: dict[str, Commit] = {}

    async def open(self, _kinds: Iterable[type[Entity]] = (), /) -> None:
        """Read the file, or begin one; a last line that was not written to its end never counted."""
        if not self._path.exists():
            self._write(self._epoch)
        *lines, torn = self._path.read_text().split("\n")
        if torn:
            self._path.write_text("".join(f"{line}\n" for line in lines))
        self._epoch = json.loads(lines[0])
        for line in lines[1:]:
            self._take(*from_json(json.loads(line)))

    async def close(self) -> None:
        """Wait for the commit that is being written."""
        async with self._lock:
            pass

    def _write(self, value: Any) -> None:
        with self._path.open("a") as file:
            file.write(json.dumps(value) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _take(self, commit: Commit, now: float) -> None:
        self._log.append(commit)
        self._commands[commit.command.id], self._times[commit.command.id] = commit, now
        for change in commit.changes:
            self._rows.pop(change.key, None)
            if change.snapshot is not None:
                self._rows[change.key] = (Stored(change.snapshot, change.version), now)

    def _live(self, name: str) -> list[Stored[Any]]:
        now = self._clock.now().timestamp()
        kept = [row for (kind, _), row in self._rows.items() if kind == name]
        return [stored for stored, at in kept if now < at + _ttl(stored.entity)]

    async def get(self, kind: type[E], id: str, /) -> Stored[E] | None:
        stored, at = self._rows.get((kind.__entity_name__, id), (None, 0.0))
        if stored is None or self._clock.now().timestamp() >= at + _ttl(stored.entity):
            return None
        return replace(stored, entity=stored.entity.evolve())

    async def query(self, kind: type[E], query: Query, /) -> Page[E]:
        page = select(query.checked(kind), self._live(kind.__entity_name__))
        return replace(page, items=tuple(replace(one, entity=one.entity.evolve()) for one in page.items))

    async def count(self, kind: type[Entity], where: Mapping[str, Any], /, *, cap: int) -> int:
        Query(where=where).checked(kind)
        return min(cap, sum(matches(where, stored.entity) for stored in self._live(kind.__entity_name__)))

    async def commit(self, changeset: Changeset, /) -> Commit:
        return await asyncio.shield(asyncio.ensure_future(self._commit(changeset)))

    async def _commit(self, changeset: Changeset) -> Commit:
        async with self._lock:
            earlier = await self.receipt(changeset.command.id, changeset.fingerprint)
            if earlier is not None:
                return earlier
            for write in changeset.writes:
                await self._check(write)
            now = self._clock.now()
            commit = sealed(changeset, Position(self._epoch, len(self._log) + 1), changeset.command.at or now)
            await asyncio.to_thread(self._write, to_json([commit, now.timestamp()]))
            self._take(commit, now.timestamp())
            return commit

    async def _check(self, write: Write) -> None:
        stored = await self.get(write.kind, write.id)
        if stored is None and write.expected:
            raise GoneError(write.kind.__entity_name__, write.id)
        if stored is not None and stored.version != write.expected:
            raise ConflictError(f"{write.kind.__entity_name__} {write.id}", write.expected, stored.version)

    async def receipt(self, command_id: str, fingerprint: str, /) -> Commit | None:
        commit = self._commands.get(command_id)
        if commit is None or self._clock.now().timestamp() >= self._times[command_id] + DAY:
            return None
        if commit.fingerprint != fingerprint:
            raise CommandReusedError(command_id)
        return replace(commit, replayed=True)

    async def commit_of(self, command_id: str, /) -> Commit | None:
        return self._commands.get(command_id)

    async def position(self) -> Position:
        return Position(self._epoch, len(self._log))

    async def changes(self, after: Position, /, *, limit: int = 1000) -> Changes:
        if after.epoch != self._epoch or not 0 <= after.number <= len(self._log):
            return Changes((), await self.position(), gap=True)
        found = tuple(self._log[after.number : after.number + limit])
        return Changes(found, found[-1].position if found else after)

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
        key, end = (kind.__entity_name__, id), float("inf") if before_version is None else before_version
        found = [one for one in self._log if any(c.key == key and after_version < c.version < end for c in one.changes)]
        return found if limit is None else found[max(0, len(found) - limit) :]


def _ttl(entity: Entity) -> float:
    ttl = entity.__entity_config__.get("ttl")
    return float("inf") if ttl is None else ttl
