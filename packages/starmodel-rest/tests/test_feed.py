"""The feed of a list: what enters, changes and leaves, for those who may see it, and never a gap unsaid."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import Annotated

import pytest
from rest_shop import MARGIN, PIN, Item, Note, actor_of

from starmodel.adapters.rest import RestApp
from starmodel.app import Application
from starmodel.core import SYSTEM, Entity, Owner, nobody, owner, roles, when
from starmodel.testing import PlainCodec


class Reader:
    """Reads a feed as an EventSource does."""

    def __init__(self, api, query="", actor="ada", last=""):
        self.api, self.buffer, self.status, self.ended = api, b"", None, False
        headers = [(b"accept", b"text/event-stream"), (b"x-actor", actor.encode())]
        if last:
            headers.append((b"last-event-id", last.encode()))
        self.scope = {
            "type": "http",
            "method": "GET",
            "path": "/item",
            "query_string": query.encode(),
            "headers": headers,
            "root_path": "",
        }
        self.gone, self.news, self.last = asyncio.Event(), asyncio.Event(), last

    async def receive(self):
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.buffer += message["body"]
            self.ended = not message.get("more_body", False)
        self.news.set()

    async def until(self, is_so):
        async with asyncio.timeout(5):
            while not is_so():
                self.news.clear()
                await self.news.wait()

    async def next(self):
        """Return the next event as its name and data."""
        async with asyncio.timeout(5):
            while True:
                await self.until(lambda: b"\n\n" in self.buffer)
                block, _, self.buffer = self.buffer.partition(b"\n\n")
                lines = dict(line.split(": ", 1) for line in block.decode().splitlines())
                self.last = lines.get("id", self.last)
                if "data" in lines:
                    return lines["event"], json.loads(lines["data"])


@asynccontextmanager
async def reading(api, query="", **options):
    reader = Reader(api, query, **options)
    task = asyncio.create_task(api(reader.scope, reader.receive, reader.send))
    try:
        yield reader
    finally:
        reader.gone.set()
        await asyncio.wait_for(task, 5)


@pytest.fixture
def made(application):
    async def made(title="Milk", **fields):
        return (await application.dispatch(Item.create(title=title, **fields))).entity

    return made


async def test_an_open_feed_says_that_the_list_must_be_read(api):
    async with reading(api) as feed:
        assert await feed.next() == ("reset", {"why": "opened"})


async def test_what_enters_changes_and_leaves_is_told(api, application, made):
    async with reading(api, "count.eq=1") as feed:
        await feed.next()
        await made("other", count=2)
        item = await made("Milk", count=1)
        name, data = await feed.next()
        assert (name, data["id"], data["entity"]["title"]) == ("enter", item.id, "Milk")
        await application.dispatch(Item.update(title="Cream").on(item.id))
        name, data = await feed.next()
        assert (name, data["entity"]["title"]) == ("update", "Cream")
        assert data["version"] == (await application.load(Item, item.id)).version
        await application.dispatch(Item.add(1).on(item.id))
        assert await feed.next() == ("leave", {"id": item.id})
        await application.dispatch(Item.add(-1).on(item.id))
        assert (await feed.next())[0] == "enter"
        await application.dispatch(Item.delete().on(item.id))
        assert await feed.next() == ("leave", {"id": item.id})


async def test_a_feed_searches_and_chooses_fields(api, made):
    async with reading(api, "q=milk&fields=title&sort=-title&limit=3") as feed:
        await feed.next()
        await made("Bread")
        await made("Oat milk")
        assert (await feed.next())[1]["entity"] == {"title": "Oat milk"}


async def test_nobody_is_told_of_what_is_not_theirs(api, application, made):
    async with reading(api) as ada, reading(api, actor="bob") as bob:
        await ada.next()
        await bob.next()
        item = await made("secret", of="bob", pin=PIN)
        assert (await bob.next())[0] == "enter"
        await application.dispatch(Item.update(of="").on(item.id))
        assert (await ada.next())[0] == "enter"
        await application.dispatch(Item.update(of="ada").on(item.id))
        assert (await ada.next())[0] == "update"
        assert [(await bob.next())[0] for _ in range(2)] == ["update", "leave"]
        await application.dispatch(Item.delete().on(item.id))
        assert (await ada.next()) == ("leave", {"id": item.id})
        await made("end")
        assert (await bob.next())[1]["entity"]["title"] == "end"


class Kept(Entity):
    title: str = ""
    made_by: Annotated[str, Owner()] = ""
    model_config = {"namespace": "Item", "policy": {"read": owner & roles("guest") | when(title="open"), "*": owner}}


async def test_a_feed_keeps_to_what_its_class_says():
    async def identify(scope):
        return actor_of(dict(scope["headers"])[b"x-actor"].decode())

    async with Application([Kept], codec=PlainCodec()) as app:
        api = RestApp(app, identify=identify, title="Kept")
        async with reading(api, actor="guest") as guest, reading(api, actor="bob") as bob:
            await guest.next()
            await bob.next()
            made = await app.dispatch(Kept.create(title="zq"), actor=actor_of("guest"))
            assert (await guest.next())[1]["entity"]["title"] == "zq"
            await app.dispatch(Kept.update(title="open").on(made.entity.id), actor=actor_of("guest"))
            assert (await bob.next())[0] == "enter"
            await app.dispatch(Kept.update(title="shut").on(made.entity.id), actor=actor_of("guest"))
            assert await bob.next() == ("leave", {"id": made.entity.id})


async def test_a_feed_of_what_nobody_may_read_is_refused():
    async def identify(scope):
        return actor_of("visitor")

    class Shut(Entity):
        model_config = {"namespace": "Item", "policy": {"*": nobody}}

    app = Application([Shut], codec=PlainCodec())
    async with app, reading(RestApp(app, identify=identify, title="Shut")) as feed:
        await feed.until(lambda: feed.ended)
        assert feed.status == 403


async def test_only_what_is_public_is_told(api, made):
    async with reading(api) as feed:
        await feed.next()
        await made("x", pin=PIN)
        told = json.dumps(await feed.next())
        assert PIN not in told
        assert str(MARGIN) not in told


async def test_a_reader_that_comes_back_is_told_what_it_missed(api, application, made):
    async with reading(api) as feed:
        await feed.next()
        item = await made("A")
        await feed.next()
    await application.dispatch(Item.update(title="B").on(item.id))
    await application.dispatch(Note.create(text="of no interest"))
    gone = await made("C")
    await application.dispatch(Item.delete().on(gone.id))
    async with reading(api, last=feed.last) as again:
        told = [await again.next() for _ in range(3)]
        assert [name for name, _ in told] == ["update", "enter", "leave"]
        await made("D")
        assert (await again.next())[1]["entity"]["title"] == "D"


@pytest.mark.parametrize("last", ["otherepoch-3", "nonsense", "x" * 500])
async def test_a_reader_that_cannot_be_told_what_it_missed_is_told_so(api, made, last):
    await made("A")
    async with reading(api, last=last) as feed:
        assert await feed.next() == ("reset", {"why": "gap"})
        await made("B")
        assert (await feed.next())[1]["entity"]["title"] == "B"


async def test_a_slow_reader_is_told_everything_from_the_log(api, application):
    async with reading(api, "fields=title") as feed:
        await feed.next()
        send, block = feed.send, asyncio.Event()

        async def slow(message):
            await block.wait()
            await send(message)

        feed.send = slow
        for number in range(40):
            await application.dispatch(Item.create(title=str(number)))
        block.set()
        assert [(await feed.next())[1]["entity"]["title"] for _ in range(40)] == [str(n) for n in range(40)]


async def test_silence_is_filled_with_the_position(api, application):
    api.feeds.heartbeat = 0.01
    async with reading(api) as feed:
        await feed.next()
        await application.dispatch(Note.create(text="of no interest"))
        position = await application.persistence.store("memory").position()
        await feed.until(lambda: f"id: {position}".encode() in feed.buffer)


async def test_a_server_that_stops_ends_every_feed_and_opens_no_other(api):
    async with reading(api) as feed:
        await feed.next()
        api.drain()
        await feed.until(lambda: feed.ended)
    assert api.feeds.open == set()
    async with reading(api) as late:
        await late.until(lambda: late.ended)
        assert late.status == 503


async def test_too_many_feeds_are_refused(api):
    api.feeds.max_open = 1
    async with reading(api) as one:
        await one.next()
        async with reading(api) as two:
            await two.until(lambda: two.ended)
            assert two.status == 503
    assert api.feeds.open == set()


async def test_an_old_feed_ends_so_that_rights_are_looked_at_anew(api):
    api.feeds.max_age = 0.02
    async with reading(api) as feed:
        await feed.until(lambda: feed.ended)


async def test_a_feed_through_a_reference_is_refused(client):
    answer = await client.get("/item?maker_id.name=x", headers={"accept": "text/event-stream"})
    assert (answer.status_code, "through a reference" in answer.json()["detail"]) == (400, True)


async def test_many_changes_of_one_command_are_told_with_one_position(api, application):
    async with reading(api) as feed:
        await feed.next()
        before = feed.last
        await application.dispatch(Item.stock(["a", "b"]), actor=SYSTEM)
        await feed.next()
        assert feed.last == before  # whoever goes away now is told both again
        await feed.next()
        assert feed.last != before
