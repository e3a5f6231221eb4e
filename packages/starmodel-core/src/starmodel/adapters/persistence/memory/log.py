"""The memory store's change log: what happened, in order, and which command it was."""

from __future__ import annotations

import secrets
from collections import deque
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

from starmodel.core.changes import Change, Changes, Commit, Position
from starmodel.core.commands import Command
from starmodel.core.errors import CommandReusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starmodel.core.typing import Key

__all__ = ["RECEIPT_SECONDS", "CommitLog"]

RECEIPT_SECONDS = 24 * 60 * 60

_Old: TypeAlias = tuple[Any, ...]
"""A receipt older than the log, as one flat tuple: the garbage collector does not visit it again and again.

It begins with the number of its commit and the time it was made at.
"""


class CommitLog:
    """Keeps the last *keep* commits whole, and the receipts of the last *receipts* commands of 24 hours.

    A receipt older than the whole log keeps its answer and loses the values that changed.
    """

    def __init__(self, *, keep: int, receipts: int) -> None:
        self.epoch = secrets.token_hex(4)
        self._keep = keep
        self._max_receipts = receipts
        self._commits: deque[Commit] = deque()
        self._of_entity: dict[Key, deque[Commit]] = {}
        self._receipts: dict[str, tuple[Commit, float] | _Old] = {}
        self._receipts_by_age: deque[str] = deque()
        self._number = 0

    @property
    def position(self) -> Position:
        """The position of the newest commit."""
        return Position(self.epoch, self._number)

    @property
    def next_position(self) -> Position:
        """The position the next commit will have."""
        return Position(self.epoch, self._number + 1)

    def append(self, commit: Commit, now: float) -> None:
        """Add *commit*, made for :attr:`next_position`, at *now* seconds of the monotonic clock."""
        self._number = commit.position.number
        self._commits.append(commit)
        for change in commit.changes:
            key = change.key
            if key not in self._of_entity:
                self._of_entity[key] = deque()
            self._of_entity[key].append(commit)
        id = commit.command.id
        if id in self._receipts:  # used again after a day: its receipt is the youngest now
            self._receipts_by_age.remove(id)
            del self._receipts[id]
        self._receipts[id] = (commit, now)
        self._receipts_by_age.append(id)
        if len(self._commits) > self._keep:
            self._forget_oldest()
        if len(self._receipts) > self._max_receipts:
            del self._receipts[self._receipts_by_age.popleft()]

    def _forget_oldest(self) -> None:
        oldest = self._commits.popleft()
        for change in oldest.changes:
            own = self._of_entity[change.key]
            own.popleft()
            if not own:
                del self._of_entity[change.key]
        kept = self._receipts.get(oldest.command.id)
        if kept is not None and kept[0] is oldest:
            self._receipts[oldest.command.id] = _flat(oldest, kept[1])

    def free_expired(self, now: float) -> None:
        """Free the receipts that are too old to count."""
        by_age = self._receipts_by_age
        while by_age and now - self._receipts[by_age[0]][1] >= RECEIPT_SECONDS:
            del self._receipts[by_age.popleft()]

    def receipt(self, command_id: str, fingerprint: str, now: float) -> Commit | None:
        """Return the first commit of a command of the last 24 hours; CommandReusedError for another body."""
        kept = self._receipts.get(command_id)
        if kept is None or now - kept[1] >= RECEIPT_SECONDS:
            return None
        commit = kept[0] if isinstance(kept[0], Commit) else _whole(self.epoch, command_id, kept)
        if commit.fingerprint != fingerprint:
            raise CommandReusedError(command_id)
        return replace(commit, replayed=True)

    def commit_of(self, command_id: str) -> Commit | None:
        """Return the whole commit of a command, or ``None`` when the log does not reach back to it."""
        kept = self._receipts.get(command_id)
        return kept[0] if kept is not None and isinstance(kept[0], Commit) else None

    def after(self, position: Position, limit: int) -> Changes:
        """Return the commits after *position*, or a gap when it cannot be resumed from."""
        first = self._number - len(self._commits)
        if position.epoch != self.epoch or not first <= position.number <= self._number:
            return Changes((), self.position, gap=True)
        start = position.number - first
        found = tuple(islice(self._commits, start, start + limit))
        return Changes(found, found[-1].position if found else position)

    def of_entity(self, key: Key) -> Sequence[Commit]:
        """Return the commits that changed one entity, oldest first."""
        return tuple(self._of_entity.get(key, ()))


def _flat(commit: Commit, now: float) -> _Old:
    """Return what a receipt needs of *commit*: everything but the values that changed."""
    said, args = commit.command, commit.command.args
    head = (commit.position.number, now, commit.fingerprint, commit.answer, commit.at)
    call = (said.entity, said.event, said.entity_id, said.actor, said.at, said.base_version, said.schema)
    changes = [part for change in commit.changes for part in (change.entity, change.id, change.version, change.hidden)]
    return *head, *call, len(args), *args, *args.values(), *changes


def _whole(epoch: str, command_id: str, flat: _Old) -> Commit:
    """Return the commit that :func:`_flat` took apart."""
    number, _, fingerprint, answer, at, entity, event, entity_id, actor, said_at, base, schema, count, *rest = flat
    command = Command(
        entity=entity,
        event=event,
        args=dict(zip(rest[:count], rest[count : 2 * count], strict=True)),
        entity_id=entity_id,
        id=command_id,
        actor=actor,
        at=said_at,
        base_version=base,
        schema=schema,
    )
    changes = zip(*[iter(rest[2 * count :])] * 4, strict=True)
    slim = tuple([Change(name, id, version, None, None, hidden) for name, id, version, hidden in changes])
    return Commit(Position(epoch, number), command, fingerprint, slim, (), answer, at)
