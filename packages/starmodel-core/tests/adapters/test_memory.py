"""What the memory store does beyond the contract: it bounds what it keeps, and frees what nobody can read."""

from __future__ import annotations

import asyncio
import gc

import pytest

from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.core import Command, Entity
from starmodel.core.changes import Changeset, Write
from starmodel.core.errors import CommandReusedError
from starmodel.testing import FakeClock

HOUR = 3600


class Visit(Entity):
    page: str = ""
    model_config = {"ttl": 60.0}


def creation(id, command=None, body="body", answer=None, args=None):
    visit = Visit(id=id)
    record = Command(entity="Visit", event="create", args=args or {}, id=command or f"c-{id}", at=FakeClock().now())
    return Changeset(record, body, (Write(Visit, id, None, visit, 0),), (), answer)


@pytest.fixture
def clock():
    return FakeClock()


async def test_what_has_expired_is_freed_by_a_task_of_its_own(clock):
    store = MemoryRepo(clock=clock, sweep=0.001)
    await store.open()
    await store.commit(creation("a"))
    clock.advance(30)
    await store.commit(creation("b"))
    clock.advance(30)
    await asyncio.sleep(0.02)
    assert store._rows[Visit].keys() == {"b"}
    await store.close()


async def test_freeing_says_how_much_it_freed(clock):
    store = MemoryRepo(clock=clock)
    for id in "abc":
        await store.commit(creation(id))
    assert store.free_expired() == 0
    clock.advance(60)
    assert (store.free_expired(), store.free_expired()) == (3, 0)


async def test_no_task_is_left_when_the_store_was_closed(clock):
    before = asyncio.all_tasks()
    store = MemoryRepo(clock=clock)
    await store.open()
    await store.open()
    assert len(asyncio.all_tasks() - before) == 1
    await store.close()
    assert asyncio.all_tasks() == before


async def test_a_receipt_older_than_the_log_keeps_its_answer_and_loses_its_values(clock):
    store = MemoryRepo(clock=clock, keep=2)
    for id in "abc":
        await store.commit(creation(id, answer=f"answer {id}"))
    receipt = await store.receipt("c-a", "body")
    assert (receipt.answer, receipt.replayed) == ("answer a", True)
    assert [(change.id, change.version, change.after, change.snapshot) for change in receipt.changes] == [
        ("a", 1, None, None)
    ]
    assert await store.commit_of("c-a") is None
    assert list(await store.history(Visit, "a")) == []


async def test_no_more_receipts_are_kept_than_asked_for(clock):
    store = MemoryRepo(clock=clock, receipts=2)
    for id in "abc":
        await store.commit(creation(id))
    assert [await store.receipt(f"c-{id}", "body") is not None for id in "abc"] == [False, True, True]


async def test_an_id_used_again_after_a_day_keeps_its_new_receipt_when_the_log_is_cut(clock):
    store = MemoryRepo(clock=clock, keep=2)
    await store.commit(creation("a", command="again", body="old", answer="old"))
    clock.advance(25 * HOUR)
    await store.commit(creation("b", command="again", body="new", answer="new"))
    await store.commit(creation("c"))
    receipt = await store.receipt("again", "new")
    assert receipt.answer == "new"
    assert (await store.commit_of("again")).answer == "new"
    with pytest.raises(CommandReusedError):
        await store.receipt("again", "old")


async def test_an_id_used_again_after_a_day_does_not_keep_others_from_being_forgotten(clock):
    store = MemoryRepo(clock=clock)
    await store.commit(creation("a", command="again"))
    await store.commit(creation("b", command="other"))
    clock.advance(25 * HOUR)
    await store.commit(creation("c", command="again"))
    await store.commit(creation("d", command="last"))
    store.free_expired()
    assert list(store._log._receipts) == ["again", "last"]


async def test_the_garbage_collector_does_not_visit_receipts_older_than_the_log(clock):
    store = MemoryRepo(clock=clock, keep=1)
    await store.commit(creation("a", args={"amount": 1, "note": "x"}))
    await store.commit(creation("b"))
    receipt = store._log._receipts["c-a"]
    gc.collect()
    assert not gc.is_tracked(receipt)
    assert (await store.receipt("c-a", "body")).command.args == {"amount": 1, "note": "x"}
