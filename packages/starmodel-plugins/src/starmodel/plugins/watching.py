"""Plugins that watch commands: told by a task of their own, so that nobody waits for them."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections import deque
from typing import TYPE_CHECKING

from .errors import HookFailedError

if TYPE_CHECKING:
    from .parts import HookPart

__all__ = ["Watcher"]

logger = logging.getLogger("starmodel.plugins")

CAPACITY = 1000
"""Notes that may wait for one plugin."""


class Watcher:
    """Keeps up to 1,000 notes for *part* and tells it one after the other; it misses what comes when that is full."""

    def __init__(self, part: HookPart) -> None:
        self.missed = 0
        self._part = part
        self._notes: deque[dict[str, object]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._failure: HookFailedError | None = None

    def note(self, **arguments: object) -> None:
        """Keep what is to be told."""
        if len(self._notes) >= CAPACITY:
            if not self.missed:
                with self._part.guarded():
                    raise OverflowError(f"it does not keep up: {CAPACITY} notes wait for it, and it misses what comes")
            self.missed += 1
            return
        self._notes.append(arguments)
        if self._task is None:
            # Nothing of the command goes along: neither the unit that it runs in, nor what a wrap has set.
            self._task = asyncio.get_running_loop().create_task(
                self._tell(), name=f"starmodel: tell {self._part.plugin}", context=contextvars.Context()
            )

    async def close(self) -> None:
        """Tell what waits, within the time-out of one call; a strict host's first failure is raised."""
        from starmodel.app.ending import ended  # noqa: PLC0415 - a host is also made where no application is

        task, self._task = self._task, None
        if task is not None and not await ended(task, patience=self._part.timeout):
            logger.warning("plugin %s was not told %d notes that waited for it", self._part.plugin, len(self._notes))
        self._notes.clear()
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    async def _tell(self) -> None:
        try:
            while self._notes:
                await self._tell_next()
                await asyncio.sleep(0)  # others have their turn, whatever the plugin does not wait for
        finally:
            self.missed, self._task = 0, None

    async def _tell_next(self) -> None:
        arguments = self._notes.popleft()
        if self._part.is_left_out():
            return
        try:
            with self._part.guarded():
                await self._part.call(**arguments)
        except HookFailedError as failure:
            self._failure = self._failure or failure
