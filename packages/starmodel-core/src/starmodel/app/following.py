"""Following the bus without losing anything: what a full mailbox dropped is read from the stores' logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starmodel.core.changes import Commit, Position
    from starmodel.core.ports import EventBus, StatePersistenceBackend

    from .persistence import PersistenceManager

__all__ = ["Follower"]


class Follower:
    """Iterates over every commit from now on, each once, those of one store in their order."""

    def __init__(self, bus: EventBus, persistence: PersistenceManager) -> None:
        self._persistence = persistence
        self._subscription = bus.subscribe()
        self._seen: dict[str, Position] = {}

    def close(self) -> None:
        """Stop following."""
        self._subscription.close()

    async def start(self) -> None:
        """Note where every log is now; call it before the first commit that must not be missed."""
        for store in self._persistence.stores.values():
            self._note(await store.position())

    async def __aiter__(self) -> AsyncIterator[Commit]:
        async for commit in self._subscription:
            if self._subscription.lagged:
                self._subscription.lagged = False
                for store in self._persistence.stores.values():
                    async for missed in self._missed(store):
                        yield missed
            if self._is_new(commit.position):
                self._note(commit.position)
                yield commit

    async def _missed(self, store: StatePersistenceBackend) -> AsyncIterator[Commit]:
        newest = await store.position()
        while True:
            changes = await store.changes(self._seen.get(newest.epoch, newest))
            for commit in changes.commits:
                self._note(commit.position)
                yield commit
            if changes.gap:
                self._note(changes.position)
            if not changes.commits:
                return

    def _is_new(self, position: Position) -> bool:
        seen = self._seen.get(position.epoch)
        return seen is None or position.number > seen.number

    def _note(self, position: Position) -> None:
        self._seen[position.epoch] = position
