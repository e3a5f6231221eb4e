"""From a changeset to a commit that everybody has heard of, whatever becomes of whoever asked for it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, TypeGuard

from .moves import Moves

if TYPE_CHECKING:
    from collections.abc import Callable

    from starmodel.core.changes import Changeset, Commit
    from starmodel.core.ports import EventBus, PromptPersistenceBackend, StatePersistenceBackend

    from .lanes import Turn

__all__ = ["Commits", "is_discreet", "is_prompt"]

logger = logging.getLogger("starmodel.dispatcher")


class Commits:
    """Stores changesets, and publishes what was stored; what goes on no bus it hands to *tell*."""

    def __init__(self, bus: EventBus, tell: Callable[[Commit], None]) -> None:
        self._bus, self._tell = bus, tell
        self._publishes_at_once = getattr(bus, "instant", False)
        self.moves = Moves()
        self._arriving = 0
        self._going_on: set[asyncio.Task[Commit]] = set()

    async def whole(self, store: StatePersistenceBackend, changeset: Changeset, turn: Turn | None = None) -> Commit:
        """Store and publish; whoever goes away meanwhile cannot stop it half-way.  *turn* is passed on meanwhile."""
        if store.instant:
            return await self._commit(store, changeset)
        if self._publishes_at_once and is_prompt(store) and await self._is_alone(store, changeset):
            commit = store.commit_at_once(changeset)
            if commit is not None:
                return await self._published(store, commit)
        task = self._going(store, changeset)
        if turn is not None:
            turn.pass_on(store, changeset, task)
        return await asyncio.shield(task)

    def _going(self, store: StatePersistenceBackend, changeset: Changeset) -> asyncio.Task[Commit]:
        """Return the task that stores and publishes, and that nobody stops."""
        task = asyncio.create_task(self._commit(store, changeset), name=f"starmodel commit {changeset.command.id}")
        self._going_on.add(task)
        task.add_done_callback(self._going_on.discard)
        return task

    async def _is_alone(self, store: StatePersistenceBackend, changeset: Changeset) -> bool:
        """Tell whether nobody else comes to this point in the same turn of the event loop, nor is still to be told of.

        What is stored already may not have been published: nobody is told of a later commit before it.
        """
        is_first = self._arriving == 0 and not self._going_on
        self._arriving += 1
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            self._going(store, changeset)
            raise
        finally:
            is_alone, self._arriving = is_first and self._arriving == 1, self._arriving - 1
        return is_alone and not self._going_on

    async def finish(self) -> None:
        """Wait for those that go on without their callers."""
        while self._going_on:
            await asyncio.wait(self._going_on)

    async def _commit(self, store: StatePersistenceBackend, changeset: Changeset) -> Commit:
        return await self._published(store, await store.commit(changeset))

    async def _published(self, store: StatePersistenceBackend, commit: Commit) -> Commit:
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


def is_prompt(store: StatePersistenceBackend) -> TypeGuard[PromptPersistenceBackend]:
    """Tell whether a commit of *store* may be done here and now; every command asks, and a Protocol takes long."""
    return getattr(store, "prompt", False)


def is_discreet(store: StatePersistenceBackend) -> bool:
    """Tell whether the commits of *store* are nobody else's business; every command asks, and a Protocol takes long."""
    return getattr(store, "discreet", False)
