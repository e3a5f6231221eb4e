"""From a changeset to a commit that everybody has heard of, whatever becomes of whoever asked for it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from .moves import Moves

if TYPE_CHECKING:
    from collections.abc import Callable

    from starmodel.core.changes import Changeset, Commit
    from starmodel.core.ports import EventBus, StatePersistenceBackend

    from .lanes import Turn

__all__ = ["Commits", "is_discreet"]

logger = logging.getLogger("starmodel.dispatcher")


class Commits:
    """Stores changesets, and publishes what was stored; what goes on no bus it hands to *tell*."""

    def __init__(self, bus: EventBus, tell: Callable[[Commit], None]) -> None:
        self._bus, self._tell = bus, tell
        self.moves = Moves()
        self._going_on: set[asyncio.Task[Commit]] = set()

    async def whole(self, store: StatePersistenceBackend, changeset: Changeset, turn: Turn | None = None) -> Commit:
        """Store and publish; whoever goes away meanwhile cannot stop it half-way.  *turn* is passed on meanwhile."""
        if store.instant:
            return await self._commit(store, changeset)
        task = asyncio.create_task(self._commit(store, changeset), name=f"starmodel commit {changeset.command.id}")
        self._going_on.add(task)
        task.add_done_callback(self._going_on.discard)
        if turn is not None:
            turn.pass_on(store, changeset, task)
        return await asyncio.shield(task)

    async def finish(self) -> None:
        """Wait for those that go on without their callers."""
        while self._going_on:
            await asyncio.wait(self._going_on)

    async def _commit(self, store: StatePersistenceBackend, changeset: Changeset) -> Commit:
        commit = await store.commit(changeset)
        if not commit.replayed:
            if is_discreet(store):
                self._tell(commit)
                return commit
            self.moves.stored(commit)
            try:
                await self._bus.publish(commit)
            except Exception:  # the change is stored: followers catch up from the log
                logger.exception(
                    "could not publish commit %s; it is stored, and followers will read it from the log",
                    commit.position,
                )
        return commit


def is_discreet(store: StatePersistenceBackend) -> bool:
    """Tell whether the commits of *store* are nobody else's business; every command asks, and a Protocol takes long."""
    return getattr(store, "discreet", False)
