"""What is stored and published when an event has run: the changeset that goes in, the commit that comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple, Self

from .commands import Command
from .domain_events import Recorded
from .entity import Entity
from .owed import Owed
from .secrecy import secret_fields
from .swift import swift

__all__ = ["Change", "Changes", "Changeset", "Commit", "Position", "Write", "sealed"]


class Position(NamedTuple):
    """A place in a store's change log.

    *epoch* names one life of the log: a store that starts empty takes a new one, and positions of different
    epochs cannot be compared.  *number* grows by one per commit.
    """

    epoch: str
    number: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.number}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the position written as *text*, or ``None`` when it is none."""
        epoch, _, number = text.rpartition("-")
        if not epoch or not number.isascii() or not number.isdigit() or len(number) > 18:
            return None
        return cls(epoch, int(number))


@swift
@dataclass(frozen=True, slots=True)
class Write:
    """One entity of a changeset: from *before*, read at version *expected* (0: not stored yet), to *after*.

    *after* is ``None`` for a deletion.
    """

    kind: type[Entity]
    id: str
    before: Entity | None
    after: Entity | None
    expected: int


@swift
@dataclass(frozen=True, slots=True)
class Changeset:
    """Everything one command stores in one store: all of it, or nothing.

    *fingerprint* stands for the body of the command, to tell a repeated command from a reused id.  *owed* is what the
    command changes in other stores: nothing, unless the store is an :class:`~starmodel.core.owed.OutboxStore`.
    *built_on* is the id of the command that made what this one changes, when that was still on its way to the store
    (see ``in_order`` of the port): a number alone would not tell its version from that of somebody else.
    """

    command: Command
    fingerprint: str
    writes: tuple[Write, ...]
    recorded: tuple[Recorded, ...] = ()
    answer: Any = None
    owed: tuple[Owed, ...] = ()
    built_on: str | None = None

    @property
    def target(self) -> Write | None:
        """The write to the entity that the command is for."""
        wanted = (self.command.entity, self.command.entity_id)
        return next((write for write in self.writes if (write.kind.__entity_name__, write.id) == wanted), None)


@swift
@dataclass(frozen=True, slots=True)
class Change:
    """How one entity changed: the values of its changed fields before and after.

    ``version`` is the one it has now; *before* is ``None`` for a creation, *after* for a deletion.  Secret fields,
    those that hold an entity with one, and those whose value another version of the class wrote and this one cannot
    read, are named in *hidden*, without their values.  *snapshot* is the entity as it
    is now, where the commit is still in the process that made it; it is not part of the stored record.
    """

    entity: str
    id: str
    version: int
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    hidden: tuple[str, ...] = ()
    snapshot: Entity | None = None

    @property
    def key(self) -> tuple[str, str]:
        """The entity's class name and id."""
        return self.entity, self.id

    @property
    def fields(self) -> frozenset[str]:
        """The names of the fields that changed."""
        return frozenset((*(self.before or ()), *(self.after or ()), *self.hidden))


@swift
@dataclass(frozen=True, slots=True)
class Commit:
    """The record of a command that took effect: an entry of the change log, and what the bus carries.

    *replayed* is true when the command had taken effect before and this is its first answer again.
    """

    position: Position
    command: Command
    fingerprint: str
    changes: tuple[Change, ...]
    recorded: tuple[Recorded, ...]
    answer: Any
    at: datetime
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """A stretch of a change log.  With *gap* the log does not reach back as far as asked: take a fresh snapshot."""

    commits: tuple[Commit, ...]
    position: Position
    gap: bool = False


def sealed(changeset: Changeset, position: Position, at: datetime) -> Commit:
    """Return the commit that *changeset* becomes at *position*: the same arithmetic for every store.

    A changed entity's version grows by one.  A new one starts at the number of its position, which is above every
    version that an entity of this id ever had: so nothing kept under an older version can be taken for it.
    """
    changes = tuple(
        [_change(write, write.expected + 1 if write.expected else position.number) for write in changeset.writes]
    )
    recorded = changeset.recorded
    if recorded:
        versions = {change.key: change.version for change in changes}
        recorded = tuple([replace(fact, version=versions.get((fact.entity, fact.entity_id), 0)) for fact in recorded])
    return Commit(position, changeset.command, changeset.fingerprint, changes, recorded, changeset.answer, at)


def _change(write: Write, version: int) -> Change:
    """Return what *write*, stored as *version*, changed."""
    before, after, hidden = write.before, write.after, secret_fields(write.kind)
    names = write.kind.__entity_fields__
    if before is not None and after is not None:
        old, new = before.__dict__, after.__dict__
        names = tuple([name for name in names if old[name] is not new[name] and old[name] != new[name]])
    shown = [name for name in names if name not in hidden] if hidden else names
    return Change(
        write.kind.__entity_name__,
        write.id,
        version,
        None if before is None else {name: before.__dict__[name] for name in shown},
        None if after is None else {name: after.__dict__[name] for name in shown},
        tuple([name for name in names if name in hidden]) if hidden else (),
        after,
    )
