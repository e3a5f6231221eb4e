"""The memory store's change log: what happened, in order, and which command it was."""

from __future__ import annotations

import secrets
from collections import OrderedDict, deque
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

_Old: TypeAlias = tuple[tuple[Any, ...], float]
"""A receipt older than the log, as plain tuples: the garbage collector does not visit them again and again."""


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
        self._receipts: OrderedDict[str, tuple[Commit, float]] = OrderedDict()  # of commits in the log
        self._old_receipts: OrderedDict[str, _Old] = OrderedDict()  # of those before it
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
            self._of_entity.setdefault(change.key, deque()).append(commit)
        self._old_receipts.pop(commit.command.id, None)
        self._receipts.pop(commit.command.id, None)  # an id used again after a day: its receipt is the youngest now
        self._receipts[commit.command.id] = (commit, now)
        if len(self._commits) > self._keep:
            self._forget_oldest()
        self._expire_receipts(now)

    def _forget_oldest(self) -> None:
        oldest = self._commits.popleft()
        for change in oldest.changes:
            own = self._of_entity[change.key]
            own.popleft()
            if not own:
                del self._of_entity[change.key]
        kept = self._receipts.get(oldest.command.id)
        if kept is not None and kept[0] is oldest:
            del self._receipts[oldest.command.id]
            self._old_receipts[oldest.command.id] = _flat(oldest, kept[1])

    def _expire_receipts(self, now: float) -> None:
        for receipts in (self._old_receipts, self._receipts):  # the oldest first
            while receipts:
                command_id, kept = next(iter(receipts.items()))
                if self._receipt_count <= self._max_receipts and now - kept[1] < RECEIPT_SECONDS:
                    return
                del receipts[command_id]

    @property
    def _receipt_count(self) -> int:
        return len(self._receipts) + len(self._old_receipts)

    def receipt(self, command_id: str, fingerprint: str, now: float) -> Commit | None:
        """Return the first commit of a command of the last 24 hours; CommandReusedError for another body."""
        kept = self._receipts.get(command_id) or self._old_receipts.get(command_id)
        if kept is None or now - kept[1] >= RECEIPT_SECONDS:
            return None
        commit = kept[0] if isinstance(kept[0], Commit) else _whole(self.epoch, command_id, kept[0])
        if commit.fingerprint != fingerprint:
            raise CommandReusedError(command_id)
        return replace(commit, replayed=True)

    def commit_of(self, command_id: str) -> Commit | None:
        """Return the whole commit of a command, or ``None`` when the log does not reach back to it."""
        kept = self._receipts.get(command_id)
        return None if kept is None else kept[0]

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
    said, changes = commit.command, tuple([(one.entity, one.id, one.version, one.hidden) for one in commit.changes])
    command = (said.entity, said.event, said.args, said.entity_id, said.actor, said.at, said.base_version, said.schema)
    return (commit.position.number, command, commit.fingerprint, changes, commit.answer, commit.at), now


def _whole(epoch: str, command_id: str, flat: tuple[Any, ...]) -> Commit:
    """Return the commit that :func:`_flat` took apart."""
    number, said, fingerprint, changes, answer, at = flat
    names = ("entity", "event", "args", "entity_id", "actor", "at", "base_version", "schema")
    command = Command(id=command_id, **dict(zip(names, said, strict=True)))
    slim = tuple([Change(entity, id, version, None, None, hidden) for entity, id, version, hidden in changes])
    return Commit(Position(epoch, number), command, fingerprint, slim, (), answer, at)
