"""The change log as a bus: what other processes store arrives here like what this one does, in the order of the log."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from .bus import InProcessBus
from .ending import ended

if TYPE_CHECKING:
    from starmodel.core.changes import Commit, Position
    from starmodel.core.ports import EventBus, SharedPersistenceBackend, Subscription

    from .persistence import PersistenceManager

__all__ = ["LogTail"]

logger = logging.getLogger("starmodel.tail")

_PATIENCE = 1.0
"""Seconds to wait for news at a time, and before a store that failed is asked again."""


class LogTail:
    """A bus over *bus* that follows the logs of the stores which several processes share.

    A commit of this process that comes next in its log is passed on at once; what others stored before it is read
    from the log first.  So every follower gets each commit once, in order.
    """

    def __init__(self, persistence: PersistenceManager, bus: EventBus | None = None) -> None:
        self._bus = bus or InProcessBus()
        self._persistence = persistence
        self._last: dict[str, Position] = {}
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def instant(self) -> bool:
        """Whether what is published has been passed on before :meth:`publish` waits for anything."""
        return getattr(self._bus, "instant", False)

    async def open(self) -> None:
        """Begin to follow from where each log is now."""
        await self._bus.open()
        self._last.clear()
        for name, store in self._persistence.shared.items():
            newest = await store.position()
            if newest.epoch in self._last:  # the same log by another name
                continue
            self._last[newest.epoch] = newest
            following = self._follow(store, newest.epoch)
            self._tasks.append(asyncio.create_task(following, name=f"starmodel: follow the log of {name}"))

    async def close(self) -> None:
        """Stop following and end every subscription."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            await ended(task)
        await self._bus.close()

    async def publish(self, commit: Commit, /) -> None:
        """Pass *commit* on if it is the next of its log; otherwise it is read from the log in its turn."""
        last = self._last.get(commit.position.epoch)
        if last is None:
            await self._bus.publish(commit)
        elif commit.position.number == last.number + 1:
            self._last[commit.position.epoch] = commit.position
            await self._bus.publish(commit)

    def subscribe(self) -> Subscription:
        """Open a mailbox that receives everything from this moment on."""
        return self._bus.subscribe()

    async def _follow(self, store: SharedPersistenceBackend, epoch: str) -> None:
        failed = False
        while True:
            try:
                await store.wait(self._last[epoch], seconds=_PATIENCE)
                epoch = await self._read(store, epoch)
                failed = False
            except Exception:
                if not failed:
                    logger.exception("could not follow a log; trying again until it can be read")
                failed = True
                await asyncio.sleep(_PATIENCE)

    async def _read(self, store: SharedPersistenceBackend, epoch: str) -> str:
        """Pass on what is new in the log of *store*; return its epoch, which is another one when it began anew."""
        if (await store.position()) == self._last[epoch]:
            return epoch
        changes = await store.changes(self._last[epoch])
        if changes.gap:
            return await self._resume(store, epoch, changes.position)
        for commit in changes.commits:
            await self.publish(commit)
        return epoch

    async def _resume(self, store: SharedPersistenceBackend, lost: str, newest: Position) -> str:
        """Go on at *newest*; by its commit a follower notices what is missing before it, and reads or asks anew."""
        found = await store.changes(newest._replace(number=max(0, newest.number - 1)), limit=1)
        del self._last[lost]  # not before: what cannot be read now is asked for again from there
        self._last[newest.epoch] = newest
        for commit in found.commits:
            await self._bus.publish(commit)
        return newest.epoch
