"""Telling handlers what happened; what one cannot be told is parked, and nothing overtakes it."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

from starmodel.core.changes import Commit
from starmodel.core.domain_events import DomainEvent, Recorded
from starmodel.core.owed import Continued
from starmodel.core.parking import Parked

if TYPE_CHECKING:
    from starmodel.core.parking import ParkingPlace

__all__ = ["TASK", "Handlers", "Subscriber", "Teller", "being_told"]

logger = logging.getLogger("starmodel.subscribers")

Subscriber: TypeAlias = Callable[[Recorded], Awaitable[object] | object]
"""Takes one recorded event.  It may be told the same one again: ``recorded.id`` is then the same."""

Handlers: TypeAlias = Sequence[tuple[type[DomainEvent], str, Subscriber]]
"""The handlers with the class of events that each wants, and the name by which what it could not be told is parked."""

TASK = "handlers"
ATTEMPTS = 5
PAUSE = 0.01
"""Seconds before the first repetition; each further one waits twice as long."""
LIMIT = 60.0
"""Seconds that a handler may take for one event."""
_LONGEST = 300

being_told: ContextVar[Commit | None] = ContextVar("starmodel_being_told", default=None)
"""The commit whose events are being told in this context; ``None`` for one that is told again from where it waited."""

_Line: TypeAlias = tuple[str, str, str]
"""A handler, and an entity whose events it is told in their order."""


class Teller:
    """Tells *handlers*, one event after the other; *place* keeps what could not be told, as *task*."""

    def __init__(self, handlers: Handlers, place: ParkingPlace, task: str = TASK) -> None:
        self._handlers, self._place, self._task = handlers, place, task
        self._lines: dict[_Line, dict[str, int]] = {}
        """The ids of what is parked, with their numbers, oldest first."""
        self._turn = asyncio.Lock()
        self._at_work: asyncio.Task[None] | None = None
        self._is_wished = False

    async def begin(self) -> None:
        """Find out what is parked already: nothing of the same entity is told before it."""
        self._lines.clear()
        after = 0
        while found := await self._place.parked(self._task, after=after, limit=1000):
            for parked in found:
                self._lines.setdefault(_line(parked), {})[parked.fact.id] = parked.number
            after = found[-1].number

    async def tell(self, commit: Commit) -> None:
        """Tell what *commit* recorded to all who want it."""
        async with self._in_turn():
            token = being_told.set(commit)
            try:
                for fact in commit.recorded:
                    if not isinstance(fact.event, Continued):
                        await self._tell(fact)
            finally:
                being_told.reset(token)

    @asynccontextmanager
    async def _in_turn(self) -> AsyncIterator[None]:
        """Work alone; what a handler wishes for meanwhile is done at the end, for which it must not wait."""
        async with self._turn:
            self._at_work = asyncio.current_task()
            try:
                yield
                while self._is_wished:
                    self._is_wished = False
                    await self._do_wishes()
            finally:
                self._at_work = None

    async def _tell(self, fact: Recorded) -> None:
        for kind, name, handler in self._handlers:
            if isinstance(fact.event, kind):
                await self._deliver(name, handler, fact)

    async def revisit(self) -> None:
        """Do what was wished for what is parked; a handler that asks is not kept until that is done."""
        if self._at_work is not None and self._at_work is asyncio.current_task():
            self._is_wished = True
            return
        async with self._in_turn():
            await self._do_wishes()

    async def _do_wishes(self) -> None:
        for parked in await self._place.parked(self._task, wished=True):
            line = self._lines.get(_line(parked), {})
            if parked.wish == "drop":
                logger.warning("dropped %s, which %s could not be told", parked.fact.id, parked.handler)
                is_next = next(iter(line), "") == parked.fact.id
                await self._let_go(parked)
                if not is_next:
                    continue
            elif parked.fact.id not in line:
                continue
            else:
                await self._place.wish(self._task, parked.number, "")
            await self._go_on(_line(parked))

    async def _deliver(self, name: str, handler: Subscriber, fact: Recorded) -> None:
        line = (name, fact.entity, fact.entity_id)
        waiting = self._lines.get(line)
        if waiting:
            if fact.id not in waiting:
                await self._park(Parked(name, fact, 0, "an earlier event of it is parked", datetime.now(UTC)))
            return
        parked = await _told(name, handler, fact)
        if parked is not None:
            await self._park(parked)

    async def _go_on(self, line: _Line) -> None:
        """Tell what waits in *line*, until one fails again."""
        while waiting := self._lines.get(line):
            number = next(iter(waiting.values()))
            parked = next(iter(await self._place.parked(self._task, after=number - 1, limit=1)), None)
            if parked is None or parked.number != number:  # somebody else saw to it
                self._forget(line, next(iter(waiting)))
                continue
            handler = next((handler for _, name, handler in self._handlers if name == parked.handler), None)
            if handler is None:
                logger.error("%s is parked for %s, and there is no such handler", parked.fact.id, parked.handler)
                return
            again = await _told(parked.handler, handler, parked.fact)
            if again is not None:
                await self._park(replace(again, tries=parked.tries + again.tries))
                return
            await self._let_go(parked)

    async def _park(self, parked: Parked) -> None:
        number = await self._place.keep_parked(self._task, parked)
        self._lines.setdefault(_line(parked), {})[parked.fact.id] = number
        if parked.tries:
            logger.error("parked %s: %s could not be told (%s)", parked.fact.id, parked.handler, parked.error)

    async def _let_go(self, parked: Parked) -> None:
        await self._place.unpark(self._task, parked.number)
        self._forget(_line(parked), parked.fact.id)

    def _forget(self, line: _Line, id: str) -> None:
        waiting = self._lines.get(line, {})
        waiting.pop(id, None)
        if not waiting:
            self._lines.pop(line, None)


def _line(parked: Parked) -> _Line:
    return parked.handler, parked.fact.entity, parked.fact.entity_id


async def _told(name: str, handler: Subscriber, fact: Recorded) -> Parked | None:
    """Tell *handler*, again when it fails; return what is to be parked when it cannot be told."""
    for attempt in range(1, ATTEMPTS + 1):
        limit = asyncio.timeout(LIMIT)
        try:
            result = handler(fact)
            if inspect.isawaitable(result):
                async with limit:
                    await result
        except (Exception, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and _is_stopped():
                raise
            logger.exception("%r failed on %s (attempt %d of %d)", handler, fact.id, attempt, ATTEMPTS)
            why = f"{type(error).__name__}: {error}"[:_LONGEST]
            if isinstance(error, TimeoutError) and limit.expired():  # and not one that the handler has of its own
                return Parked(name, fact, attempt, f"it took more than {LIMIT:g} seconds", datetime.now(UTC))
            await asyncio.sleep(PAUSE * 2**attempt)
        else:
            return None
    return Parked(name, fact, ATTEMPTS, why, datetime.now(UTC))


def _is_stopped() -> bool:
    """Tell whether this task was cancelled, and not only something that a handler waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
