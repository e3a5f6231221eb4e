"""Contract of the outbox: what other stores have to follow with is kept with its commit, or not at all."""

# ruff: noqa: D102  (the name of a test is its sentence)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Protocol

import pytest

from starmodel.core.changes import Changeset
from starmodel.core.errors import ConflictError, OnItsWayError
from starmodel.core.owed import Debt, OutboxStore, Owed, part_id
from starmodel.core.ports import StatePersistenceBackend

from .base import AT, StoreSuite, changed, changeset, created, found, put, recorded
from .samples import Item, Moved

__all__ = ["OwingContract"]


class _Store(StatePersistenceBackend, OutboxStore, Protocol):
    """A store that has an outbox."""


def _owed(number: int, *keys: str, store: str = "away", made_on: int = 0) -> Owed:
    fact = recorded(Item(id="i"), Moved(to=f"{number}", price=Decimal("1.5")), number)
    at = AT + timedelta(seconds=number)
    return Owed(
        part_id(f"command {number}", store), store, dict.fromkeys(keys, made_on), f'{{"n":"ä{number}"}}', (fact,), at
    )


def _owing(*parts: Owed, id: str | None = None) -> Changeset:
    return replace(changeset(created(Item()), id=id), owed=parts)


class OwingContract(StoreSuite):
    """What is asked of a store that can be the primary of an event which changes other stores too."""

    @pytest.fixture
    def outbox(self, store: _Store) -> _Store:
        """Return the store, if it has an outbox."""
        if not isinstance(store, OutboxStore):
            pytest.skip("this store keeps nothing for others")
        return store

    async def test_what_is_owed_is_kept_in_the_order_of_the_commits_as_it_was(self, outbox: _Store) -> None:
        await outbox.commit(_owing(_owed(3), _owed(1)))
        await outbox.commit(_owing(_owed(9, store="elsewhere"), _owed(2)))
        assert await _ids(outbox) == [_owed(3).id, _owed(1).id, _owed(2).id]
        (first,) = await outbox.owed("away", limit=1)
        (fact,), (told,) = _owed(3).recorded, first.recorded
        assert replace(told, id=fact.id) == fact
        assert replace(first, recorded=()) == replace(_owed(3), recorded=())

    async def test_a_commit_that_is_refused_owes_nothing(self, outbox: _Store) -> None:
        await put(outbox, Item(id="a"))
        stale = await found(outbox, Item(id="a"))
        await outbox.commit(changeset(changed(stale, rank=1)))
        with pytest.raises(ConflictError):
            await outbox.commit(replace(changeset(changed(stale, rank=2)), owed=(_owed(1, "Order 1"),)))
        assert await outbox.debts() == {}
        await outbox.commit(_owing(_owed(2, "Order 1")))

    async def test_a_repeated_command_owes_nothing_more(self, outbox: _Store) -> None:
        once = _owing(_owed(1, "Order 1"), id="once")
        await outbox.commit(once)
        assert (await outbox.commit(once)).replayed
        assert len(await _ids(outbox)) == 1
        await outbox.settle({_owed(1).id: {"Order 1": 0}})
        assert (await outbox.commit(once)).replayed
        assert await outbox.debts() == {}

    async def test_what_is_settled_is_owed_no_longer(self, outbox: _Store) -> None:
        await outbox.commit(_owing(_owed(1), _owed(2), _owed(3)))
        await outbox.settle({_owed(1).id: {}, _owed(3).id: {}, "unknown": {"Order 1": 3}})
        await outbox.settle({})
        assert await _ids(outbox) == [_owed(2).id]

    async def test_one_part_at_a_time_waits_with_a_change_of_an_entity(self, outbox: _Store) -> None:
        start = await outbox.position()
        await outbox.commit(_owing(_owed(1, "Order 1", "Order 2")))
        with pytest.raises(OnItsWayError, match="Order 2 is still on its way to the store 'away'"):
            await outbox.commit(_owing(_owed(2, "Order 3", "Order 2")))
        assert (await outbox.position()).number == start.number + 1
        await outbox.commit(_owing(_owed(3, "Order 3")))
        await outbox.settle({_owed(1).id: {}})
        await outbox.commit(_owing(_owed(4, "Order 2")))
        assert await _ids(outbox) == [_owed(3).id, _owed(4).id]

    async def test_who_looked_before_the_last_part_arrived_has_to_look_again(self, outbox: _Store) -> None:
        await outbox.commit(_owing(_owed(1, "Order 1", made_on=3)))
        await outbox.settle({_owed(1).id: {"Order 1": 4}})
        start = await outbox.position()
        with pytest.raises(
            ConflictError, match="Order 1 is at version 4, this change was made on version 3"
        ) as refusal:
            await outbox.commit(_owing(_owed(2, "Order 1", made_on=3)))
        assert type(refusal.value) is ConflictError
        assert (await outbox.position(), await _ids(outbox)) == (start, [])
        await outbox.commit(_owing(_owed(3, "Order 1", made_on=4)))
        with pytest.raises(OnItsWayError):
            await outbox.commit(_owing(_owed(4, "Order 1", made_on=5)))
        await outbox.settle({_owed(3).id: {}})  # it is gone there, and may be made again
        await outbox.commit(_owing(_owed(5, "Order 1", made_on=0)))

    async def test_what_is_parked_waits_no_longer_and_holds_nothing(self, outbox: _Store) -> None:
        await outbox.commit(_owing(_owed(1, "Order 1")))
        await outbox.park(_owed(1).id, "it is too late")
        await outbox.park("unknown", "nothing")
        assert await _ids(outbox) == []
        parked = await outbox.owed("away", parked=True)
        assert [(one.id, one.parked, one.body) for one in parked] == [(_owed(1).id, "it is too late", _owed(1).body)]
        await outbox.commit(_owing(_owed(2, "Order 1")))
        await outbox.settle({_owed(1).id: {}})
        with pytest.raises(OnItsWayError):  # what was parked takes nothing from who came after it
            await outbox.commit(_owing(_owed(3, "Order 1")))
        assert not await outbox.owed("away", parked=True)

    async def test_what_waits_again_has_its_old_place(self, outbox: _Store) -> None:
        for number in range(2):
            await outbox.commit(_owing(_owed(number)))
        await outbox.park(_owed(0).id, "for now")
        await outbox.park(_owed(0).id, "")
        assert await _ids(outbox) == [_owed(0).id, _owed(1).id]
        assert (await outbox.owed("away"))[0].parked == ""

    async def test_debts_say_how_far_each_store_is_behind(self, outbox: _Store) -> None:
        assert await outbox.debts() == {}
        await outbox.commit(_owing(_owed(1), _owed(2), _owed(3, store="b")))
        await outbox.park(_owed(3, store="b").id, "no")
        assert await outbox.debts() == {"away": Debt(2, _owed(1).at, 0), "b": Debt(0, None, 1)}
        await outbox.settle({_owed(1).id: {}, _owed(3, store="b").id: {}})
        assert await outbox.debts() == {"away": Debt(1, _owed(2).at, 0)}


async def _ids(outbox: OutboxStore) -> Sequence[str]:
    return [one.id for one in await outbox.owed("away")]
