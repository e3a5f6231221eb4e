"""What the parts of the store suite share: the fixtures an author gives, and changesets in one line."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, TypeVar

import pytest

from starmodel.core.changes import Changeset, Commit, Write
from starmodel.core.commands import Command
from starmodel.core.domain_events import DomainEvent, Recorded
from starmodel.core.entity import Entity
from starmodel.core.ports import StatePersistenceBackend
from starmodel.core.query import Stored
from starmodel.testing.base import Contract
from starmodel.testing.sources import FakeClock

from .samples import Account, Author, Everything, Fleeting, Item, Other, Post, Voucher

__all__ = ["StoreSuite", "changed", "changeset", "created", "deleted", "found", "put", "recorded"]

E = TypeVar("E", bound=Entity)

AT = datetime(2025, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)


class StoreSuite(Contract):
    """The fixtures of the store suite, and what a store may be unable to do."""

    kinds: ClassVar[Sequence[type[Entity]]] = (Item, Other, Fleeting, Everything, Author, Post, Account, Voucher)
    """The entities the suite stores."""

    supports_ttl: ClassVar[bool] = True
    """False for a store that keeps everything for ever."""

    supports_big_integers: ClassVar[bool] = True
    """False for a store whose integers end at 64 bits."""

    supports_naive_times: ClassVar[bool] = True
    """False for a store that refuses a datetime without a zone, by InvalidError."""

    supports_relations: ClassVar[bool] = True
    """False for a store that cannot answer conditions on what a ``Reference`` leads to: it refuses them."""

    supports_unique: ClassVar[bool] = True
    """False for a store that lets two entities have the same ``Unique`` values."""

    real_time: ClassVar[bool] = False
    """True for a store that has a clock of its own: the suite then waits, and leaves out what takes a day."""

    settling: ClassVar[float] = 0.5
    """Seconds for which a commit may be seen in part where its entities are looked at one by one."""

    @pytest.fixture
    def new_store(self) -> StatePersistenceBackend:
        """Make an empty store that is not open yet: every subclass gives this fixture."""
        name = type(self).__name__
        raise NotImplementedError(f"give {name} a fixture new_store that returns an empty, unopened store")

    @pytest.fixture
    async def store(self, new_store: StatePersistenceBackend) -> AsyncIterator[StatePersistenceBackend]:
        """Open the store for one test."""
        await new_store.open(self.kinds)
        yield new_store
        await new_store.close()

    @pytest.fixture
    def clock(self) -> FakeClock:
        """Make the clock that ``new_store`` hands to its store, unless the store is one of ``real_time``."""
        return FakeClock()

    @pytest.fixture
    def short_log_store(self) -> StatePersistenceBackend | None:
        """Make a store whose log keeps the last three commits; ``None`` when its log is never cut."""
        return None

    async def reopened(self, store: StatePersistenceBackend) -> StatePersistenceBackend:
        """Return a new, unopened store on the data of *store*, which is closed.

        A store that promises to survive the process gives this method.
        """
        raise NotImplementedError(
            f"{type(store).__name__}.durability is {store.durability.value!r}: give {type(self).__name__} a method "
            "reopened(store) that returns a new store on the same data, to prove it"
        )

    async def pass_time(self, clock: FakeClock, seconds: float) -> None:
        """Let *seconds* pass for the store."""
        if self.real_time:
            await asyncio.sleep(seconds)
        else:
            clock.advance(seconds)


def created(entity: Entity) -> Write:
    """Return the write that stores a new entity."""
    return Write(type(entity), entity.id, None, entity, 0)


def changed(stored: Stored[E], **changes: Any) -> Write:
    """Return the write that changes what was read as *stored*."""
    entity = stored.entity
    return Write(type(entity), entity.id, entity, entity.evolve(**changes), stored.version)


def deleted(stored: Stored[Any]) -> Write:
    """Return the write that deletes what was read as *stored*."""
    entity: Entity = stored.entity
    return Write(type(entity), entity.id, entity, None, stored.version)


def recorded(entity: Entity, event: DomainEvent, number: int = 0) -> Recorded:
    """Return *event* as the unit of work hands it in: without a version yet."""
    return Recorded(f"{uuid.uuid4().hex}.{number}", type(entity).__entity_name__, entity.id, 0, event, AT)


def changeset(
    *writes: Write, id: str | None = None, body: str = "body", answer: Any = None, facts: Sequence[Recorded] = ()
) -> Changeset:
    """Return what a command stores; *id* is its own (a fresh one), *body* stands for what it asks for."""
    kind = writes[0].kind.__entity_name__ if writes else "Item"
    entity_id = writes[0].id if writes else None
    command = Command(
        entity=kind,
        event="change",
        entity_id=entity_id,
        args={"body": body},
        id=id or uuid.uuid4().hex,
        actor="ada",
        at=AT,
    )
    return Changeset(command, body, writes, tuple(facts), answer)


async def put(store: StatePersistenceBackend, *entities: Entity) -> Commit:
    """Store new entities with one command."""
    return await store.commit(changeset(*map(created, entities)))


async def found(store: StatePersistenceBackend, entity: E) -> Stored[E]:
    """Return what is stored of *entity*; fails when there is nothing."""
    stored = await store.get(type(entity), entity.id)
    assert stored is not None, f"{type(entity).__name__} {entity.id!r} was stored, and is not there"
    return stored
