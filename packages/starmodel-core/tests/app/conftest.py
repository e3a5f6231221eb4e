"""A store in memory that several applications of one test share, as processes share a database."""

from __future__ import annotations

import asyncio
import time

import pytest

from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.adapters.persistence.memory.log import CommitLog
from starmodel.app.parking import LocalParking
from starmodel.core.changes import Position


class SharedRepo(MemoryRepo, LocalParking):
    single_process = False

    def __init__(self, **options):
        super().__init__(**options)
        LocalParking.__init__(self)
        self.tasks = {}
        self.waits = 0
        self.broken = None

    def begin_anew(self):
        """Have another epoch, as after the loss of something that was acknowledged."""
        number = self._log.position.number
        self._log = CommitLog(keep=100, receipts=100)
        self._log._number = number

    async def wait(self, after, /, *, seconds):
        ends = time.monotonic() + seconds
        self.waits += 1
        while time.monotonic() < ends and await self.position() == after:  # noqa: ASYNC110  (as a database is asked)
            await asyncio.sleep(0.002)

    async def changes(self, after, /, *, limit=1000):
        if self.broken is not None:
            raise self.broken
        return await super().changes(after, limit=limit)

    async def lease(self, task, holder, /, *, seconds):
        newest = await self.position()
        number, held_by, until = self.tasks.get(task, (newest.number, holder, 0.0))
        if held_by != holder and until > time.monotonic():
            return None
        self.tasks[task] = (number, holder, time.monotonic() + seconds)
        return Position(newest.epoch, number)

    async def advance(self, task, holder, position, /):
        _, held_by, until = self.tasks[task]
        if held_by != holder:
            return False
        self.tasks[task] = (position.number, holder, until)
        return True


@pytest.fixture
def make_shared():
    """Make a store that is shared."""
    return SharedRepo
