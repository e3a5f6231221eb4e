"""From the outbox of one store to another store: one process at a time, as long as anything is left."""

from __future__ import annotations

import asyncio
import logging
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING

from starmodel.core.errors import StoreError
from starmodel.core.ports import SharedPersistenceBackend

from .ending import ended

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starmodel.core.owed import OutboxStore, Owed

    from .delivery import Delivery

__all__ = ["Carrier"]

logger = logging.getLogger("starmodel.outbox")

LEASE = 0.5
"""Seconds after which another process takes over from one that died."""
_LOOK = 1.0
"""Seconds between two looks for what a process that died has left."""
_PAUSE = 0.5
_TURN = 0.05
_BATCH = 20


class Carrier:
    """Carries what *store*, called *name*, owes to the store called *follower*.

    Two processes at it would do no harm, since a part takes effect once; the lease spares them the work.
    """

    def __init__(self, name: str, store: OutboxStore, follower: str, delivery: Delivery) -> None:
        self.store, self.follower = store, follower
        self.is_failing = False
        self.is_idle = asyncio.Event()
        self._name, self._delivery = name, delivery
        self._holder = uuid.uuid4().hex
        self._has_lease = False
        self._news = asyncio.Event()
        self._ending = False
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name=f"starmodel: {self.follower} follows {self._name}")

    async def close(self, *, patience: float) -> None:
        """Carry what is there, for *patience* seconds at most."""
        task, self._task, self._ending = self._task, None, True
        self._news.set()
        if task is not None and not await ended(task, patience=patience):
            logger.warning("what %r owes to %r has not all arrived; it is carried later", self._name, self.follower)
        with suppress(StoreError):
            await self._lay_down()

    def look(self) -> None:
        """Look at once."""
        self.is_idle.clear()
        self._news.set()

    async def _run(self) -> None:
        while True:
            self._news.clear()
            try:
                is_busy = await self._carry()
                self._note_success()
            except Exception as error:  # noqa: BLE001  (it is told, and everything is tried again)
                self._note_failure(error)
                if self._ending:
                    return
                await asyncio.sleep(_PAUSE)
                continue
            if not is_busy:
                if self._ending:
                    return
                await self._wait()

    async def _wait(self) -> None:
        if not self._news.is_set():
            self.is_idle.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), _LOOK)

    async def _carry(self) -> bool:
        """Carry the next few parts; return whether there may be more to do."""
        parts = await self.store.owed(self.follower, limit=_BATCH)
        if not parts:
            await self._lay_down()
            return False
        if not await self._may():
            await asyncio.sleep(_TURN)
            return not self._ending
        await self._carry_over(parts)
        return True

    async def _carry_over(self, parts: Sequence[Owed]) -> None:
        """Carry *parts* at once, which lets a database store them together; those of one entity one by one."""
        together = _disjoint(parts)
        outcomes = await asyncio.gather(*map(self._delivery.deliver, together), return_exceptions=True)
        landed: dict[str, Mapping[str, int]] = {}
        for part, outcome in zip(together, outcomes, strict=True):
            if isinstance(outcome, str):
                await self._park(part, outcome)
            elif not isinstance(outcome, BaseException):
                landed[part.id] = outcome
        if landed:
            await self.store.settle(landed)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _park(self, part: Owed, why: str) -> None:
        """Put *part* aside, where it can be seen: it must not hold up the others, nor be lost."""
        await self.store.park(part.id, why)
        logger.error(
            "%r does not follow %r with a part of %s, which is parked: %s", *self._pair, ", ".join(part.keys), why
        )

    @property
    def _pair(self) -> tuple[str, str]:
        return self.follower, self._name

    async def _may(self) -> bool:
        store = self.store
        if isinstance(store, SharedPersistenceBackend) and not store.single_process:
            self._has_lease = await store.lease(f"outbox:{self.follower}", self._holder, seconds=LEASE) is not None
            return self._has_lease
        return True

    async def _lay_down(self) -> None:
        if self._has_lease and isinstance(self.store, SharedPersistenceBackend):
            self._has_lease = False
            await self.store.lease(f"outbox:{self.follower}", self._holder, seconds=0)

    def _note_failure(self, error: Exception) -> None:
        if not self.is_failing:
            known = error if isinstance(error, StoreError) else None
            logger.warning(
                "%r cannot follow %r now; it does as soon as it can: %s", *self._pair, error, exc_info=known is None
            )
        self.is_failing = True

    def _note_success(self) -> None:
        if self.is_failing:
            logger.warning("%r follows %r again", *self._pair)
        self.is_failing = False


def _disjoint(parts: Sequence[Owed]) -> Sequence[Owed]:
    """Return the first few that change different entities: what was parked and waits again may be before another."""
    seen = set[str]()
    for number, part in enumerate(parts):
        if not seen.isdisjoint(part.keys):
            return parts[:number]
        seen.update(part.keys)
    return parts
