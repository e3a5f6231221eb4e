"""Waiting for the same thing together: what one is woken by wakes all, and only one wait goes to the server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .ending import ended

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Hashable

__all__ = ["Waits"]


class Waits:
    """The waits of a store that are going on, by what is waited for."""

    def __init__(self) -> None:
        self._going: dict[Hashable, asyncio.Task[None]] = {}

    async def together(self, what: Hashable, wait: Callable[[], Coroutine[None, None, None]], seconds: float) -> None:
        """Return when a *wait* for *what* ends, the one that goes on or a new one; at the latest after *seconds*.

        What it raises is raised to all who wait for it.  Who does not wait any more does not end it.
        """
        task = self._going.get(what)
        if task is None:
            task = self._going[what] = asyncio.create_task(wait(), name="starmodel: wait for news")
            task.add_done_callback(lambda done: self._forget(what, done))
        done, _ = await asyncio.wait([task], timeout=seconds)
        if done and not task.cancelled():
            task.result()

    def _forget(self, what: Hashable, task: asyncio.Task[None]) -> None:
        del self._going[what]
        if not task.cancelled():
            task.exception()  # somebody may still be told; if nobody is, it was nobody's business

    async def close(self) -> None:
        """End all of them."""
        for task in list(self._going.values()):
            await ended(task)
