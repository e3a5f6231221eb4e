"""What a bad network does to a page and its commands: each kind of fault, and all of them at random."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from typing import Annotated
from uuid import uuid4

import pytest
from fasthtml.common import Button, P

from starmodel.adapters.fasthtml import Shared, on_click, view
from starmodel.adapters.fasthtml.testing import Client, NeverAnsweredError
from starmodel.adapters.fasthtml.testing.asgi import stream
from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.core import Entity, event


class Meter(Entity):
    count: int = 0
    last: str = ""

    @event
    def add(self, amount: int = 1) -> None:
        self.count += amount

    @event
    def say(self, word: str) -> None:
        self.last = word


@view
def counted(meter: Meter):
    return P(f"counted {meter.count}, said {meter.last}")


@pytest.fixture
def app(build, store):
    app = build(Meter, stores={"memory": store})

    @app.get("/")
    def home(meter: Annotated[Meter, Shared("one")], other: Annotated[Meter, Shared("two")]):
        return counted(meter), Button("+1", on_click(meter.add)), Button("other", on_click(other.say, "hello"))

    return app


async def count(client):
    return (await client.app.application.load(Meter, "one")).entity.count


async def test_two_clicks_one_lost_answer_counted_once_each(live_page, faults, client):
    page = await live_page("/")
    faults.drop("answer")
    first, second = await page.click("+1"), await page.click("+1")
    assert (first.attempts, second.attempts) == (2, 1)
    await page.until("counted 2")
    assert await count(client) == 2


async def test_a_lost_request_is_sent_again(live_page, faults, client):
    page = await live_page("/")
    faults.drop("request", times=3)
    assert (await page.click("+1")).attempts == 4
    assert await count(client) == 1
    assert faults.happened == ["drop request"] * 3


async def test_a_request_that_arrives_twice_is_done_once(live_page, faults, client):
    page = await live_page("/")
    faults.duplicate("request")
    assert (await page.click("+1")).is_done
    await page.until("counted 1")
    assert await count(client) == 1


async def test_requests_may_overtake_each_other(client, faults):
    faults.reorder("request")
    one = Meter(id="one")
    await asyncio.gather(client.send(one.say, "first"), client.send(one.say, "second"))
    assert (await client.app.application.load(Meter, "one")).entity.last == "first"
    await asyncio.gather(client.send(one.say, "first"), client.send(one.say, "second"))
    assert (await client.app.application.load(Meter, "one")).entity.last == "second"


async def test_the_commands_of_one_page_for_one_thing_stay_in_order(live_page, faults):
    page = await live_page("/")
    faults.delay("request", 0.02)
    first, second = await asyncio.gather(page.click("+1"), page.click("+1"))
    assert first.is_done
    assert second.is_done
    await page.until("counted 2")


async def test_an_answer_may_be_overtaken(client, faults):
    faults.reorder("answer")
    arrived = []

    async def send(word):
        await client.send(Meter(id=word).say, word)
        arrived.append(word)

    await asyncio.gather(send("first"), send("second"))
    assert arrived == ["second", "first"]


async def test_what_was_lost_with_a_broken_stream_is_told_on_the_next_one(live_page, faults):
    page = await live_page("/")
    faults.drop("message")
    await page.click("+1")
    await page.until("counted 1")
    assert page.connections == 2
    assert faults.happened == ["drop message"]


async def test_what_is_told_twice_is_shown_once(live_page, faults):
    page = await live_page("/")
    faults.duplicate("message")
    await page.click("+1")
    await page.until(lambda page: page.connections == 2)
    await page.click("+1")
    await page.until("counted 2")
    assert page.text.count("counted") == 1


async def test_a_slow_stream_comes_in_the_end(live_page, faults):
    page = await live_page("/")
    faults.delay("message", 0.05)
    await page.click("+1")
    assert "counted 0" in page.text
    await page.until("counted 1")


async def test_an_answer_may_overtake_the_stream(live_page, client, faults):
    page, one = await live_page("/"), Meter(id="one")
    await client.send(one.add)
    assert "counted 1" in page.text, "as a rule the stream is quicker"
    faults.reorder("message")
    await client.send(one.add)
    assert "counted 1" in page.text
    await page.until("counted 2")


async def test_a_network_that_carries_nothing_is_noticed(client, faults):
    client.patience = 0.05
    faults.at_random(1, drop=1)
    with pytest.raises(NeverAnsweredError, match=r"asked \d+ times within 0.05 s.*a request was lost"):
        await client.send(Meter(id="one").add)
    faults.stop()
    assert (await client.send(Meter(id="one").add)).attempts == 1


async def test_a_store_that_fails_after_it_stored_counts_once(live_page, store, client):
    page = await live_page("/")
    store.fail("commit", after=True)
    outcome = await page.click("+1")
    assert await count(client) == 1
    assert (outcome.attempts, outcome.is_done) == (1, True)
    await page.click("+1")
    await page.until("counted 2")


async def test_a_reader_that_is_cancelled_while_its_stream_closes_stays_cancelled():
    may_end = asyncio.Event()

    async def app(scope, receive, send):
        await send({"type": "http.response.body", "body": b"a piece", "more_body": True})
        await receive()
        await may_end.wait()

    async def read():
        async with aclosing(stream(app, {})) as pieces:
            async for _ in pieces:
                return

    reader = asyncio.create_task(read())
    await asyncio.sleep(0.01)
    reader.cancel()
    await asyncio.wait({reader}, timeout=1)
    may_end.set()
    assert reader.cancelled()


class ForgetfulRepo(MemoryRepo):
    """Keeps no receipts: what is asked for again is done again."""

    async def receipt(self, command_id, fingerprint):
        return None

    async def commit(self, changeset):
        return await super().commit(replace(changeset, command=replace(changeset.command, id=f"{uuid4()}")))


async def test_an_application_that_forgets_what_it_has_done_is_caught(build, faults):
    app = build(Meter, stores={"memory": ForgetfulRepo()})
    async with Client(app, faults=faults) as client:
        meter = (await app.application.dispatch(Meter.create())).entity
        faults.drop("answer")
        await client.send(meter.add)
        now = (await app.application.load(Meter, meter.id)).entity
        assert now.count == 2, "a test that says 1 would fail here, as it should"


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_the_network_does_every_click_counts_once(live_page, client, faults, seed):
    pages = [await live_page("/"), await client.another().open("/")]
    faults.at_random(seed, drop=0.2, duplicate=0.2, delay=0.1, reorder=0.05, slowest=0.005)
    done = await asyncio.gather(*(pages[number % 2].click("+1") for number in range(20)))
    assert all(outcome.is_done for outcome in done)
    for page in pages:
        await page.until("counted 20")
    assert await count(client) == 20
    assert len(faults.happened) > 10


@pytest.mark.parametrize(("kind", "what"), [("duplicate", "answer"), ("drop", "stream"), ("reorder", "")])
def test_what_cannot_happen_is_refused_with_what_can(faults, kind, what):
    with pytest.raises(ValueError, match=r"cannot happen; these can: drop\('request'\)"):
        getattr(faults, kind)(what)


def test_odds_are_probabilities(faults):
    with pytest.raises(ValueError, match="add up to at most 1"):
        faults.at_random(1, drop=0.8, delay=0.3)
