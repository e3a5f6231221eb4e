"""Handlers of domain events: told after the change is stored, one at a time, and never in its way."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from starmodel.core.domain_events import DomainEvent, Recorded

from .following import Follower

if TYPE_CHECKING:
    from starmodel.core.ports import EventBus

    from .persistence import PersistenceManager

__all__ = ["Subscriber", "Subscribers"]

logger = logging.getLogger("starmodel.subscribers")

Subscriber: TypeAlias = Callable[[Recorded], Awaitable[object] | object]
"""Takes one recorded event.  It may be told the same one again: ``recorded.id`` is then the same."""

F = TypeVar("F", bound=Callable[[Recorded], Any])

ATTEMPTS = 5


class Subscribers:
    """Delivers each recorded domain event to the handlers of its class, in the order of the commits.

    A handler that raises is told again up to 5 times; then the failure is logged and the next event goes on.
    """

    def __init__(self) -> None:
        self._handlers: list[tuple[type[DomainEvent], Subscriber]] = []
        self._task: asyncio.Task[None] | None = None
        self._follower: Follower | None = None

    def on(self, event: type[DomainEvent]) -> Callable[[F], F]:
        """Register the decorated function for *event* and classes derived from it."""

        def register(handler: F) -> F:
            self._handlers.append((event, handler))
            return handler

        return register

    async def open(self, bus: EventBus, persistence: PersistenceManager) -> None:
        """Begin to follow *bus*."""
        self._follower = Follower(bus, persistence)
        await self._follower.start()
        self._task = asyncio.create_task(self._run(self._follower), name="starmodel domain event handlers")

    async def close(self) -> None:
        """Deliver what has arrived, then stop."""
        if self._task is None or self._follower is None:
            return
        self._follower.close()
        try:
            await asyncio.wait_for(self._task, timeout=5)
        except TimeoutError:
            logger.warning("domain event handlers did not finish within 5 s and were stopped")
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._task = None

    async def _run(self, follower: Follower) -> None:
        async for commit in follower:
            for recorded in commit.recorded:
                for kind, handler in self._handlers:
                    if isinstance(recorded.event, kind):
                        await self._deliver(handler, recorded)

    async def _deliver(self, handler: Subscriber, recorded: Recorded) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                result = handler(recorded)
                if inspect.isawaitable(result):
                    await result
            except Exception:
                logger.exception("%r failed on %s (attempt %d of %d)", handler, recorded.id, attempt, ATTEMPTS)
                await asyncio.sleep(0.01 * 2**attempt)
            else:
                return
