"""Commands for one entity that come at the same time take turns, and need not wait for each other's disk.

Each begins on what the one before has made of the entity, while that is still being stored.  Nothing is risked by it:
a commit names the command that it was built on, so what follows one that fails conflicts, and is run again.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from starmodel.core.errors import ConflictError
from starmodel.core.query import Stored

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from starmodel.core.changes import Changeset, Commit
    from starmodel.core.ports import StatePersistenceBackend
    from starmodel.core.typing import Key

__all__ = ["Lanes", "Turn", "is_orderly"]

_COMPANY = 1.0
"""Seconds for which a conflict is a sign that others, elsewhere, want the same entity: then nothing is built ahead."""


@dataclass(frozen=True, slots=True)
class _Ahead:
    """What a command has made of an entity, and its commit, which is still on its way."""

    command_id: str
    stored: Stored[Any]
    landing: asyncio.Future[Commit]

    async def has_landed(self) -> bool:
        """Wait for the commit, and tell whether the entity is now what the command made of it."""
        await asyncio.wait([self.landing])
        failed = self.landing.cancelled() or self.landing.exception() is not None
        return not failed and not self.landing.result().replayed


class _Lane:
    """The line of the commands that want one entity, and what the last of them has made of it."""

    __slots__ = ("__weakref__", "ahead", "lock", "quiet_until")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.ahead: _Ahead | None = None
        self.quiet_until = 0.0

    def landed(self, landing: asyncio.Future[Commit]) -> None:
        """Forget what was ahead; it is in the store now, or it failed."""
        if self.ahead is not None and self.ahead.landing is landing:
            self.ahead = None


class Lanes:
    """The lanes of contended entities; each is there as long as somebody is in it, or on the way out of it."""

    def __init__(self) -> None:
        self._lanes: WeakValueDictionary[Key, _Lane] = WeakValueDictionary()

    def is_busy(self, key: Key) -> bool:
        """Tell whether whoever wants *key* has to join a line: out of turn it would make others conflict."""
        return key in self._lanes

    def turn(self, key: Key) -> Turn:
        """Return a place at the end of the line for *key*."""
        return Turn(self._lanes.setdefault(key, _Lane()))


class Turn:
    """The turn of one command: it has the lane to itself until it ends, or until its commit is on its way."""

    __slots__ = ("_base", "_is_mine", "_lane")

    def __init__(self, lane: _Lane) -> None:
        self._lane, self._is_mine = lane, False
        self._base: _Ahead | None = None

    async def __aenter__(self) -> Self:
        await self._take()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._release()

    def ahead(self) -> Stored[Any] | None:
        """Return what the command before has made of the entity, if that is still on its way."""
        self._base = self._lane.ahead
        return None if self._base is None else self._base.stored

    async def prove(self) -> None:
        """Wait for what this command was run on; raise ConflictError when it was not stored."""
        base = self._base
        if base is not None and not await base.has_landed():
            entity, version = base.stored.entity, base.stored.version
            raise ConflictError(f"{type(entity).__entity_name__} {entity.id}", version, version - 1)

    async def grounded(self, changeset: Changeset) -> Changeset:
        """Return *changeset* so that the store finds out by itself whether what it was made on was stored.

        One that leaves the entity as it is cannot say that: then it is waited for.
        """
        base, target = self._base, changeset.target
        if base is not None and target is not None and target.before is base.stored.entity:
            return replace(changeset, built_on=base.command_id)
        await self.prove()
        return changeset

    def pass_on(self, store: StatePersistenceBackend, changeset: Changeset, landing: asyncio.Future[Commit]) -> None:
        """Let the next one begin, where its commit cannot overtake this one and all that this one changes is known."""
        if not is_orderly(store) or time.monotonic() < self._lane.quiet_until:
            return
        write = changeset.target
        if write is not None and write.after is not None and write.expected and len(changeset.writes) == 1:
            self._lane.ahead = _Ahead(changeset.command.id, Stored(write.after, write.expected + 1), landing)
            landing.add_done_callback(self._lane.landed)
            self._release()

    async def again(self) -> None:
        """Get ready for another attempt after a conflict; behind those who came meanwhile, where it was passed on."""
        self._base = None
        self._lane.quiet_until = time.monotonic() + _COMPANY
        if not self._is_mine:
            await self._take()

    async def _take(self) -> None:
        await self._lane.lock.acquire()
        self._is_mine = True

    def _release(self) -> None:
        if self._is_mine:
            self._is_mine = False
            self._lane.lock.release()


def is_orderly(store: StatePersistenceBackend) -> bool:
    """Tell whether commits of *store* cannot overtake each other; every command asks, and a Protocol takes long."""
    return getattr(store, "in_order", False)
