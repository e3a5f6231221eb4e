"""Following the bus without losing anything: what a full mailbox dropped is read from the stores' logs."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starmodel.core.changes import Commit, Position
    from starmodel.core.ports import EventBus, StatePersistenceBackend

    from .persistence import PersistenceManager

__all__ = ["Follower"]


logger = logging.getLogger("starmodel.following")


class Follower:
    """Iterates over every commit from now on, each once, those of one store in their order.

    What did not come by the bus, or came too early, is read from the log.  Where the log does not reach back to it, or
    began anew, a warning is logged and *gaps* grows by one: whoever keeps a picture of the data then needs a fresh one.

    *passes* is asked about a commit as soon as it comes, while everything before it has been dealt with; one for which
    it is true is not among those iterated over.  Waking a task costs more than asking.
    """

    def __init__(
        self, bus: EventBus, persistence: PersistenceManager, passes: Callable[[Commit], bool] | None = None
    ) -> None:
        self.gaps = 0
        self._persistence = persistence
        self._passes = passes
        self._subscription = bus.subscribe()
        if passes is not None:
            self._subscription.passes = self._pass_by
        self._seen: dict[str, Position] = {}
        self._is_started = False

    def close(self) -> None:
        """Stop following."""
        self._subscription.close()

    async def start(self) -> None:
        """Note where every log is now; call it before the first commit that must not be missed."""
        for store in self._persistence.stores.values():
            self._note(await store.position())
        self._is_started = True

    async def __aiter__(self) -> AsyncIterator[Commit]:
        async for commit in self._subscription:
            epoch, number = commit.position
            seen = self._seen.get(epoch)
            if self._subscription.lagged or (seen is not None and number > seen.number + 1):
                self._subscription.lagged = False
                for store in self._persistence.stores.values():
                    async for missed in self._missed(store):
                        yield missed
                seen = self._seen.get(epoch)
            if seen is None and self._is_started:
                self.gaps += 1
                logger.warning("a log began anew with %s; what came before may be lost to followers", commit.position)
            if seen is None or number > seen.number:
                self._note(commit.position)
                yield commit

    def _pass_by(self, commit: Commit) -> bool:
        """Note *commit* without waking who follows, if it comes in its turn and is of no interest."""
        seen = self._seen.get(commit.position.epoch)
        if seen is None or commit.position.number != seen.number + 1 or self._subscription.lagged:
            return False
        if self._passes is None or not self._passes(commit):
            return False
        self._note(commit.position)
        return True

    async def _missed(self, store: StatePersistenceBackend) -> AsyncIterator[Commit]:
        seen = self._seen.get((await store.position()).epoch)
        while seen is not None:
            changes = await store.changes(seen)
            if changes.gap:
                self.gaps += 1
                logger.warning("the log does not reach back to what was missed after %s; it is lost to followers", seen)
            for commit in changes.commits:
                self._note(commit.position)
                yield commit
            seen = changes.position if changes.commits else None

    def _note(self, position: Position) -> None:
        self._seen[position.epoch] = position
