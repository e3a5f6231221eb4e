"""Telling handlers what happened in a log that several processes share: one process at a time does it for all."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starmodel.core.errors import StoreError

from .ending import ended
from .telling import TASK

if TYPE_CHECKING:
    from starmodel.core.changes import Commit, Position
    from starmodel.core.ports import SharedPersistenceBackend

__all__ = ["Relay"]

logger = logging.getLogger("starmodel.relay")

LEASE = 6.0
"""Seconds after which another process takes over from one that died."""
_RENEW = LEASE / 3
_PAUSE = 0.5
_VISIT = 1.0
"""Seconds after which is looked whether somebody wants what is parked to be told again."""
_GLANCE = 0.2
"""Seconds to wait for news at a time; ending takes as long at most."""


class Relay:
    """Reads the log of *store* and calls *tell* for each commit that recorded something, at least once, in order.

    The log is the outbox: what an event recorded is stored with its change, or not at all.  *begin* is awaited when it
    has got the right to, *revisit* every second from then on, by the same process.
    """

    def __init__(
        self,
        store: SharedPersistenceBackend,
        tell: Callable[[Commit], Awaitable[None]],
        *,
        begin: Callable[[], Awaitable[None]] | None = None,
        revisit: Callable[[], Awaitable[None]] | None = None,
        task: str = TASK,
    ) -> None:
        self._store, self._tell, self._task_name = store, tell, task
        self._begin, self._revisit = begin or _nothing, revisit or _nothing
        self._visited = 0.0
        self._holder = uuid.uuid4().hex
        self._task: asyncio.Task[None] | None = None
        self._position: Position | None = None
        self._until = 0.0
        self._ending = False

    async def open(self) -> None:
        """Begin; what is recorded from now on is told by some process, even if this one dies."""
        self._ending = False
        await self._take()
        self._task = asyncio.create_task(self._run(), name="starmodel: tell handlers")

    async def close(self, *, patience: float) -> None:
        """Tell what is stored already, for *patience* seconds at most; the rest is left to other processes."""
        task, self._task, self._ending = self._task, None, True
        if task is None:
            return
        if not await ended(task, patience=patience):
            logger.warning("domain event handlers did not finish within %s s; another process will go on", patience)
        if self._position is not None:
            try:
                await self._store.lease(self._task_name, self._holder, seconds=0)
            except StoreError as error:
                logger.warning("could not give up the right to tell handlers, which runs out by itself: %s", error)

    async def _run(self) -> None:
        while not (self._ending and self._position is None):
            try:
                if self._position is not None:
                    await self._work()
                    if self._ending:
                        return
                else:
                    await asyncio.sleep(_PAUSE)
                await self._take()
            except Exception:
                logger.exception("could not tell handlers what is stored; trying again")
                if self._ending:
                    return
                await asyncio.sleep(_PAUSE)

    async def _take(self) -> None:
        """Take the right, or keep it; without it there is no position to work from."""
        asked, had = time.monotonic(), self._may  # where it had run out, another process may have parked something
        position = await self._store.lease(self._task_name, self._holder, seconds=LEASE)
        self._until = asked + LEASE
        if position is not None and not had:
            await self._begin()
        self._position = position

    @property
    def _may(self) -> bool:
        """True while no other process can have the right, as far as this one's clock tells."""
        return self._position is not None and time.monotonic() < self._until

    async def _work(self) -> None:
        """Work through the log for as long as this process has the right to, or until it ends."""
        renewing = asyncio.create_task(self._renew(self._position), name="starmodel: keep the right to tell handlers")
        try:
            while self._may and await self._step():
                pass
        finally:
            await ended(renewing)

    async def _step(self) -> bool:
        """Tell what is next, or wait for it; false when there is nothing more to do here."""
        assert self._position is not None  # noqa: S101  (it may tell)
        if self._ending or time.monotonic() - self._visited > _VISIT:
            await self._revisit()
            self._visited = time.monotonic()
        changes = await self._store.changes(self._position, limit=100)
        if changes.gap:
            return await self._resume(self._position, changes.position)
        for commit in changes.commits:
            if not self._may:  # nothing that another process may be telling by now
                return False
            if commit.recorded:
                await self._tell(commit)
                if not await self._store.advance(self._task_name, self._holder, commit.position):
                    self._position = None
                    return False
            self._position = commit.position
        if not changes.commits:
            if self._ending:
                return False
            await self._store.wait(self._position, seconds=_GLANCE)
        return True

    async def _resume(self, lost: Position, newest: Position) -> bool:
        """Go on after a gap: where the store has noted it, if its log began anew, else at *newest*."""
        self._position = await self._store.lease(self._task_name, self._holder, seconds=LEASE)
        if self._position is not None and self._position.epoch == lost.epoch:
            logger.warning("the log does not reach back to %s; what was recorded since is lost", lost)
            self._position = newest
        return self._position is not None

    async def _renew(self, noted: Position | None) -> None:
        while self._position is not None:
            await asyncio.sleep(_RENEW)
            try:
                asked = time.monotonic()
                if await self._store.lease(self._task_name, self._holder, seconds=LEASE) is None:
                    self._until = asked
                    return
                self._until = asked + LEASE
                if self._position is not None and self._position != noted:
                    noted = self._position  # what recorded nothing is not read again after a restart
                    await self._store.advance(self._task_name, self._holder, noted)
            except StoreError:
                logger.warning("could not keep the right to tell handlers; trying again", exc_info=True)


async def _nothing() -> None:
    """Nothing is parked."""
