"""The event bus inside one process: a bounded mailbox for each follower."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from starmodel.core.changes import Commit

__all__ = ["InProcessBus", "Mailbox"]

DEFAULT_CAPACITY = 1024


class Mailbox:
    """One subscription: holds up to *capacity* commits; when it runs over it is emptied and *lagged* is set."""

    def __init__(self, bus: InProcessBus, capacity: int) -> None:
        self.lagged = False
        self.passes: Callable[[Commit], bool] | None = None
        self._bus = bus
        self._capacity = capacity
        self._queue: deque[Commit] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._closed = False

    def put(self, commit: Commit) -> bool:
        """Take *commit* in, without waiting; return whether it is more than half full."""
        if self.passes is not None and self._waiter is not None and not self._queue and self.passes(commit):
            return False
        if len(self._queue) >= self._capacity:
            self._queue.clear()
            self.lagged = True
        self._queue.append(commit)
        self._wake()
        return 2 * len(self._queue) > self._capacity

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def __aiter__(self) -> Mailbox:
        return self

    async def __anext__(self) -> Commit:
        while not self._queue:
            if self._closed:
                raise StopAsyncIteration
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self._queue.popleft()

    def close(self) -> None:
        """Stop receiving; a waiting reader gets what is left and then ends."""
        self._closed = True
        self._bus.forget(self)
        self._wake()


class InProcessBus:
    """Delivers every commit to every mailbox of this process, in the order of the commits."""

    instant = True
    """What is published is in every mailbox before :meth:`publish` waits for anything."""

    def __init__(self, *, capacity: int = DEFAULT_CAPACITY) -> None:
        self._capacity = capacity
        self._mailboxes: list[Mailbox] = []

    async def open(self) -> None:
        """Nothing to connect to."""

    async def close(self) -> None:
        """End every subscription."""
        for mailbox in list(self._mailboxes):
            mailbox.close()

    async def publish(self, commit: Commit, /) -> None:
        """Deliver *commit* to every mailbox; never waits for a slow reader."""
        filling = [mailbox.put(commit) for mailbox in self._mailboxes]
        if any(filling):
            await asyncio.sleep(0)  # a program that stores much in a loop may never let anybody read otherwise

    def subscribe(self) -> Mailbox:
        """Open a mailbox that receives everything published from this moment on, in order."""
        mailbox = Mailbox(self, self._capacity)
        self._mailboxes.append(mailbox)
        return mailbox

    def forget(self, mailbox: Mailbox) -> None:
        """Deliver nothing more to *mailbox*."""
        if mailbox in self._mailboxes:
            self._mailboxes.remove(mailbox)
