"""Open pages that are told at once of a change made elsewhere: it is read once for all, and never from before."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Annotated

import pytest
from asgi_visitors import Visitor, idle
from fasthtml.common import Div

from starmodel.adapters.fasthtml import Shared, view
from starmodel.adapters.fasthtml.shared_reads import SharedReads
from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.core import Entity, event
from starmodel.core.errors import StoreError
from starmodel.testing import FaultyStore, RecordingBus

KEY = ("Counter", "lobby")


class Counter(Entity):
    count: int = 0

    @event
    def increment(self) -> None:
        self.count += 1


@view
def face(counter: Counter):
    return Div(f"count={counter.count};")


class Elsewhere(RecordingBus):
    """Brings every commit as another process's comes: without the entity as it is now."""

    async def publish(self, commit, /):
        changes = [replace(change, snapshot=None) for change in commit.changes]
        await super().publish(replace(commit, changes=tuple(changes)))


@pytest.mark.parametrize("tabs", [1, 20])
async def test_however_many_pages_show_it(start, tabs):
    store = FaultyStore(MemoryRepo())
    app = await start(Counter, stores={"memory": store}, bus=Elsewhere())

    @app.get("/")
    def lobby(counter: Annotated[Counter, Shared("lobby")]):
        return face(counter)

    async with AsyncExitStack() as open_tabs:
        page = await Visitor(app).open("/")
        streams = [await open_tabs.enter_async_context(page.stream()) for _ in range(tabs)]
        for stream in streams:
            await stream.hello()
        for count in range(1, 4):
            store.calls.clear()
            await app.application.dispatch(Counter.increment().on("lobby"))
            for stream in streams:
                await stream.until(f"count={count};")
            assert store.calls.count("get") == 2  # the command's own, and one for all pages


class Slow:
    """A store that answers when it is told to, with how often it was asked by then."""

    def __init__(self):
        self.asked, self.answers = 0, []

    async def read(self, key):
        assert key == KEY
        self.asked += 1
        number, answer = self.asked, asyncio.get_running_loop().create_future()
        self.answers.append(answer)
        await answer
        return number


@pytest.fixture
def slow():
    return Slow()


@pytest.fixture
async def reads(slow):
    reads = SharedReads(slow.read)
    yield reads
    await reads.close()


async def given(*answers):
    """Return what each was given, before long."""
    async with asyncio.timeout(1):
        return [await answer for answer in answers]


async def test_who_asks_when_it_is_read_already_is_not_given_what_may_be_older(slow, reads):
    first, with_it = reads.get(KEY), reads.get(KEY)
    await idle()
    later = reads.get(KEY)
    await idle()
    for answer in slow.answers:
        answer.set_result(None)

    assert await given(first, with_it, later) == [1, 1, 2]


async def test_who_gives_up_takes_it_from_nobody(slow, reads):
    gone, other = reads.get(KEY), reads.get(KEY)
    await idle()
    gone.cancel()
    slow.answers[0].set_result(None)

    assert await given(other) == [1]


async def test_all_are_told_that_it_failed_and_the_next_asks_anew(slow, reads):
    both = reads.get(KEY), reads.get(KEY)
    await idle()
    slow.answers[0].set_exception(StoreError("gone"))
    for one in both:
        with pytest.raises(StoreError, match="gone"):
            await given(one)

    again = reads.get(KEY)
    await idle()
    slow.answers[1].set_result(None)
    assert await given(again) == [2]


async def test_nobody_waits_for_what_ends_with_the_server(slow, reads):
    waiting = reads.get(KEY)
    await idle()
    await reads.close()

    assert waiting.cancelled()
    assert not reads._running
