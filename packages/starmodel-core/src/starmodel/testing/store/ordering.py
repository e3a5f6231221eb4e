"""Contract of a store in order: a commit may be begun before the one that it was built on has taken effect."""

# ruff: noqa: D102  (the name of a test is its sentence)

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from starmodel.core.changes import Changeset
from starmodel.core.errors import ConflictError
from starmodel.core.ports import OrderlyPersistenceBackend, StatePersistenceBackend
from starmodel.core.query import Stored

from .base import StoreSuite, changed, changeset, found, put
from .samples import Item

__all__ = ["OrderingContract"]

FIRST = Item(id="first")


def _next(stored: Stored[Item], rank: int) -> tuple[Changeset, Stored[Item]]:
    """Return a change of what is stored, or on its way, and what will be stored of it."""
    write = changed(stored, rank=rank)
    assert write.after is not None
    return changeset(write, id=f"to {rank}"), Stored(write.after, stored.version + 1)  # type: ignore[arg-type]  # an Item


class OrderingContract(StoreSuite):
    """Commits that are built on commits."""

    @pytest.fixture
    def orderly(self, store: StatePersistenceBackend) -> OrderlyPersistenceBackend:
        """Return the store, if it is one in order."""
        if not getattr(store, "in_order", False):
            pytest.skip("this store promises no order")
        assert isinstance(store, OrderlyPersistenceBackend)
        return store

    async def test_commits_take_effect_in_the_order_in_which_they_were_begun(
        self, orderly: OrderlyPersistenceBackend
    ) -> None:
        await put(orderly, FIRST)
        stored, before, begun = await found(orderly, FIRST), None, list[Any]()
        for rank in range(1, 11):
            wanted, stored = _next(stored, rank)
            begun.append(asyncio.create_task(orderly.commit(replace(wanted, built_on=before))))
            before = wanted.command.id
        commits = await asyncio.gather(*begun)
        assert [commit.changes[0].after["rank"] for commit in commits] == list(range(1, 11))
        assert await found(orderly, FIRST) == stored

    async def test_what_was_built_on_a_failure_is_a_conflict_whoever_made_that_version(
        self, orderly: OrderlyPersistenceBackend
    ) -> None:
        await put(orderly, FIRST)
        read = await found(orderly, FIRST)
        base, on_its_way = _next(read, 1)
        built, _ = _next(on_its_way, 2)
        await orderly.commit(changeset(changed(read, name="of somebody else")))
        with pytest.raises(ConflictError):
            await orderly.commit(base)
        with pytest.raises(ConflictError):
            await orderly.commit(replace(built, built_on=base.command.id))
        assert (await found(orderly, FIRST)).entity == read.entity.evolve(name="of somebody else")
