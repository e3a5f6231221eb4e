"""The outbox of one application: what stores owe each other is carried over, in order, until it is there."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starmodel.core.errors import ConflictError, GoneError, NotFoundError, StoreError
from starmodel.core.owed import OutboxStore
from starmodel.core.ports import RehearsingPersistenceBackend

from .carrier import Carrier
from .commits import is_discreet
from .delivery import Delivery

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starmodel.core.owed import Debt, Owed
    from starmodel.core.ports import Codec

    from .catalog import Catalog
    from .commits import Commits
    from .parts import Part
    from .persistence import PersistenceManager

__all__ = ["Lag", "Outbox"]

logger = logging.getLogger("starmodel.outbox")

PATIENCE = 5.0
"""Seconds that parts have to arrive at the end."""
_FORESIGHT = 1.0
"""Seconds that a store which only follows may keep the primary waiting."""


@dataclass(frozen=True, slots=True)
class Lag:
    """How far the store *follower* is behind *primary*."""

    primary: str
    follower: str
    debt: Debt


class Outbox:
    """Carries what each store owes to each other one.

    At least once, in order for each entity, by one process at a time; by its id a part takes effect once.
    """

    def __init__(self, persistence: PersistenceManager, catalog: Catalog, codec: Codec, commits: Commits) -> None:
        self._persistence = persistence
        self._delivery = Delivery(persistence, catalog, codec, commits)
        self._carriers: list[Carrier] = []

    async def open(self) -> None:
        """Begin; what an earlier process has left is carried first."""
        stores = self._persistence.distinct
        self._carriers = [
            Carrier(name, store, follower, self._delivery)
            for name, store in stores.items()
            if isinstance(store, OutboxStore)
            for follower, other in stores.items()
            if other is not store and not is_discreet(other)
        ]
        for carrier in self._carriers:
            carrier.open()
        for lag in await self.lags():
            if lag.follower not in stores:
                logger.warning(
                    "%r owes %d changes to %r, a store that this application does not have: name it as before, so that "
                    "they arrive",
                    lag.primary,
                    lag.debt.waiting + lag.debt.parked,
                    lag.follower,
                )

    async def drain(self, *, patience: float = PATIENCE) -> bool:
        """Wait until everything has arrived that can, for *patience* seconds at most; return whether it has."""
        try:
            async with asyncio.timeout(patience):
                for carrier in self._carriers:
                    await carrier.is_idle.wait()
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        """Carry what is there, then stop; what is left waits for another process, or for the next start."""
        carriers, self._carriers = self._carriers, []
        async with AsyncExitStack() as closing:
            for carrier in carriers:
                closing.push_async_callback(carrier.close, patience=PATIENCE)

    def added(self, store: object) -> None:
        """Say that *store* owes something new."""
        for carrier in self._carriers:
            if store is carrier.store:
                carrier.look()

    async def foresee(self, part: Part) -> None:
        """Raise what the store that follows would refuse *part* for; what cannot be found out now is left to later."""
        if any(carrier.follower == part.name and carrier.is_failing for carrier in self._carriers):
            return
        try:
            async with asyncio.timeout(_FORESIGHT):
                await _rehearse(part)
        except (StoreError, TimeoutError) as error:
            logger.warning("the store %r cannot be asked, and follows later: %s", part.name, error or "no answer")

    async def lags(self) -> Sequence[Lag]:
        """Return who is behind whom; nothing for those who owe each other nothing.  StoreError as of any store."""
        found = [(name, await store.debts()) for name, store in self._primaries().items()]
        return [Lag(name, follower, debt) for name, debts in found for follower, debt in debts.items()]

    async def parked(self) -> Sequence[Owed]:
        """Return the parts that were put aside, with the reason of each in ``parked``."""
        found: list[Owed] = []
        for lag in await self.lags():
            found += await self._primaries()[lag.primary].owed(lag.follower, limit=lag.debt.parked, parked=True)
        return found

    async def retry(self, id: str) -> None:
        """Let the parked part *id* wait again in its old place; NotFoundError when there is none."""
        store = await self._keeper_of(id)
        await store.park(id, "")
        for carrier in self._carriers:
            carrier.look()

    async def drop(self, id: str) -> None:
        """Give up the parked part *id*: what it would have changed is lost.  NotFoundError when there is none."""
        await (await self._keeper_of(id)).settle({id: {}})

    async def _keeper_of(self, id: str) -> OutboxStore:
        for lag in await self.lags():
            store = self._primaries()[lag.primary]
            if any(one.id == id for one in await store.owed(lag.follower, limit=lag.debt.parked, parked=True)):
                return store
        raise NotFoundError("parked part", id)

    def _primaries(self) -> Mapping[str, OutboxStore]:
        return {name: store for name, store in self._persistence.distinct.items() if isinstance(store, OutboxStore)}


async def _rehearse(part: Part) -> None:
    store = part.store
    if isinstance(store, RehearsingPersistenceBackend):
        await store.rehearse(part.changeset)
        return
    for write in part.changeset.writes:
        stored = await store.get(write.kind, write.id)
        found, name = 0 if stored is None else stored.version, write.kind.__entity_name__
        if stored is None and write.expected:
            raise GoneError(name, write.id)
        if found != write.expected:
            raise ConflictError(f"{name} {write.id}", write.expected, found)
