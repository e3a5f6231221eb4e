"""Handlers of domain events: told after the change is stored, one at a time, and never in its way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, TypeVar

from starmodel.core.domain_events import DomainEvent, Recorded
from starmodel.core.errors import ConfigurationError

from .ending import ended
from .following import Follower
from .parking import LocalParking, Parking, Waiting
from .relay import Relay
from .telling import TASK, Subscriber, Teller

if TYPE_CHECKING:
    from starmodel.core.changes import Commit
    from starmodel.core.parking import ParkingPlace
    from starmodel.core.ports import EventBus

    from .persistence import PersistenceManager

__all__ = ["Subscriber", "Subscribers"]

logger = logging.getLogger("starmodel.subscribers")

F = TypeVar("F", bound=Callable[[Recorded], Any])

PAUSE = 0.01
"""Seconds before the log is followed again after a failure."""
PATIENCE = 5.0
"""Seconds that handlers have to finish at the end."""


class Subscribers:
    """Delivers each recorded domain event to the handlers of its class, in the order of the commits.

    A handler that raises is told up to 5 times; one that takes longer than a minute once.  Then the event is parked,
    for that handler, and whatever comes after of the same entity behind it: see :attr:`parking`.  Others go on.

    Those of one *line* are told one after the other; a line waits for no other one, and keeps its own place in a log.
    """

    def __init__(self, parking: Parking | None = None, *, line: str = "") -> None:
        self._handlers: list[tuple[type[DomainEvent], str, Subscriber]] = []
        self._line, self._job = line, f"{TASK} of {line}" if line else TASK
        self._here = LocalParking()
        self._teller = Teller(self._handlers, self._here, self._job)
        self.parking = parking or Parking()
        self._task: asyncio.Task[None] | None = None
        self._follower: Follower | None = None
        self._relays: dict[str, Relay] = {}
        self._alone: set[str] = set()
        """The epochs of the stores that no other process sees: of those this one tells."""
        self._is_shared = False
        self._told: asyncio.Queue[Commit | None] | None = None
        self._telling: asyncio.Task[None] | None = None

    def tell(self, commit: Commit) -> None:
        """Deliver what *commit* recorded, soon, in this process alone: for a commit that goes on no bus."""
        if self._told is not None and commit.recorded:
            self._told.put_nowait(commit)

    def on(self, event: type[DomainEvent], *, name: str = "") -> Callable[[F], F]:
        """Register the decorated function for *event* and classes derived from it, by its *name*.

        ConfigurationError when it is the first one, and processes share a store that is open already: what was
        recorded before would have been told to nobody.
        """

        def register(handler: F) -> F:
            if self._is_shared and not self._relays:
                raise ConfigurationError(
                    f"register {handler!r} before the application is opened, so that it misses nothing"
                )
            self._handlers.append((event, name or self._name(handler), handler))
            return handler

        return register

    def _name(self, handler: Subscriber) -> str:
        """Return what *handler* is called: the same in every process that runs the same code."""
        name = f"{getattr(handler, '__module__', '')}.{getattr(handler, '__qualname__', type(handler).__qualname__)}"
        same = {other: one for _, other, one in self._handlers if other.partition("#")[0] == name}
        known = next((other for other, one in same.items() if one is handler), None)
        return known or (f"{name}#{len(same) + 1}" if same else name)

    async def open(self, bus: EventBus, persistence: PersistenceManager) -> None:
        """Begin to follow *bus*; for a store that processes share, one of them follows its log for all."""
        shared = persistence.shared
        self._is_shared = bool(shared)
        alone = [store for name, store in persistence.stores.items() if name not in shared]
        self._alone = {(await store.position()).epoch for store in alone}
        self.parking.use(self._places({name: shared[name] for name in persistence.distinct if name in shared}))
        if alone:
            self.parking.use(self._places({"memory": self._here}))
        for store in shared.values() if self._handlers else ():
            epoch = (await store.position()).epoch
            if epoch not in self._relays:
                teller = Teller(self._handlers, store, self._job)
                relay = Relay(store, teller.tell, begin=teller.begin, revisit=teller.revisit, task=self._job)
                self._relays[epoch] = relay
                await relay.open()
        self._follower = Follower(bus, persistence, passes=self._tells_nothing)
        await self._follower.start()
        self._task = asyncio.create_task(self._run(self._follower), name="starmodel domain event handlers")
        self._told = asyncio.Queue()
        self._telling = asyncio.create_task(
            self._keep_telling(self._told), name="starmodel domain events without a log"
        )

    def _places(self, places: Mapping[str, ParkingPlace]) -> dict[str, Waiting]:
        named = {f"{name}@{self._line}" if self._line else name: place for name, place in places.items()}
        return {name: Waiting(place, self._job, self._teller.revisit) for name, place in named.items()}

    async def close(self) -> None:
        """Deliver what has arrived, then stop."""
        async with AsyncExitStack() as closing:  # each, whatever becomes of the others
            closing.callback(self._relays.clear)
            closing.push_async_callback(self._stop_following)
            closing.push_async_callback(self._stop_telling)
            for relay in self._relays.values():
                closing.push_async_callback(relay.close, patience=PATIENCE)
        self._is_shared = False

    async def _stop_following(self) -> None:
        if self._task is None or self._follower is None:
            return
        task, self._task = self._task, None
        self._follower.close()
        if not await ended(task, patience=PATIENCE):
            logger.warning("domain event handlers did not finish within %s s and were stopped", PATIENCE)

    async def _stop_telling(self) -> None:
        task, told, self._telling, self._told = self._telling, self._told, None, None
        if task is None or told is None:
            return
        told.put_nowait(None)
        if not await ended(task, patience=PATIENCE):
            logger.warning("domain event handlers did not finish within %s s and were stopped", PATIENCE)

    async def _keep_telling(self, told: asyncio.Queue[Commit | None]) -> None:
        while (commit := await told.get()) is not None:
            await self._teller.tell(commit)

    async def _run(self, follower: Follower) -> None:
        while True:
            try:
                async for commit in follower:
                    if not self._tells_nothing(commit):
                        await self._teller.tell(commit)
            except Exception:
                logger.exception("could not follow what is stored; trying again with the next commit")
                await asyncio.sleep(PAUSE)
            else:
                return

    def _tells_nothing(self, commit: Commit) -> bool:
        return not commit.recorded or commit.position.epoch not in self._alone
