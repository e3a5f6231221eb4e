"""What the published contract does not ask: limits, two versions of a class, epochs, receipts, odd keys."""

from __future__ import annotations

import asyncio
import json
import random
import traceback
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

import pytest

from rig.redis import Redis
from starmodel.adapters.persistence.redis import RedisRepo, UnreadableError
from starmodel.core import Entity
from starmodel.core.changes import Position
from starmodel.core.errors import (
    CommandReusedError,
    ConfigurationError,
    GoneError,
    InvalidError,
    QueryError,
)
from starmodel.core.marks import Was
from starmodel.core.query import Query
from starmodel.testing.store.base import changed, changeset, created, deleted, found, put
from starmodel.testing.store.samples import Author, Fleeting, Item, Post


@pytest.fixture
async def narrow(redis_url):
    store = RedisRepo(redis_url, most=3)
    await store.open()
    yield store
    await store.close()


def ids(page):
    return [stored.entity.id for stored in page.items]


class TestQuestionsBeyondTheLimit:
    async def test_are_refused_with_what_to_do(self, narrow):
        await put(narrow, *(Item(id=f"i{n}") for n in range(4)))
        for query in (Query(where={"rank": 0}), Query(order=("name",)), Query(where={"not": {"id": "i1"}})):
            with pytest.raises(QueryError, match=r"there are 4 of Item.*up to 3; .*keep Item in the store 'sql'"):
                await narrow.query(Item, query)
        with pytest.raises(QueryError, match="up to 3"):
            await narrow.count(Item, {"rank": 0}, cap=1)

    async def test_are_answered_in_the_order_of_the_ids_and_by_id(self, narrow):
        await put(narrow, *(Item(id=f"i{n}") for n in range(6)))
        first = await narrow.query(Item, Query(limit=4))
        rest = await narrow.query(Item, Query(limit=4, after=first.next))
        assert (ids(first), ids(rest), rest.next) == (["i0", "i1", "i2", "i3"], ["i4", "i5"], None)
        falling = await narrow.query(Item, Query(order=("-id",), limit=2))
        assert ids(falling) == ["i5", "i4"]
        assert ids(await narrow.query(Item, Query(order=("-id",), limit=9, after=falling.next))) == [
            *("i3", "i2", "i1", "i0")
        ]
        assert ids(await narrow.query(Item, Query(where={"id": {"in": ["i5", "no", "i1"]}}))) == ["i1", "i5"]
        assert ids(await narrow.query(Item, Query(where={"id": "i2", "rank": 1}))) == []
        assert await narrow.count(Item, {}, cap=100) == 6

    async def test_are_counted_without_what_has_gone(self, narrow):
        await put(narrow, *(Item(id=f"i{n}") for n in range(4)))
        await narrow.commit(changeset(deleted(await found(narrow, Item(id="i0")))))
        assert ids(await narrow.query(Item, Query(where={"rank": 0}))) == ["i1", "i2", "i3"]

    async def test_may_follow_references_to_a_class_of_any_size(self, narrow):
        await put(narrow, *(Author(id=f"a{n}", name=f"A{n}") for n in range(9)), Post(id="p", author_id="a7"))
        assert ids(await narrow.query(Post, Query(where={"author_id.name": "A7"}))) == ["p"]

    async def test_of_what_expires_are_answered_too(self, narrow):
        await put(narrow, *(Fleeting(id=f"f{n}") for n in range(3)))
        page = await narrow.query(Fleeting, Query(limit=2))
        assert (ids(page), ids(await narrow.query(Fleeting, Query(after=page.next)))) == (["f0", "f1"], ["f2"])

    def test_a_limit_of_nothing_is_refused(self):
        with pytest.raises(ConfigurationError, match="at least 1"):
            RedisRepo(most=0)


async def test_a_page_passes_over_a_key_that_somebody_deleted(store, redis_server):
    await put(store, *(Item(id=f"i{n}") for n in range(5)))
    redis_server.ask("DEL", "starmodel:Item:i1")
    page = await store.query(Item, Query(limit=2))
    assert ids(page) == ["i0", "i2"]
    assert ids(await store.query(Item, Query(after=page.next))) == ["i3", "i4"]


async def test_many_documents_are_read_in_a_thread(store):
    await put(store, *(Item(id=f"i{n:03}", rank=n) for n in range(150)))
    assert ids(await store.query(Item, Query(order=("-rank",), limit=2))) == ["i149", "i148"]
    assert await store.count(Item, {"rank": {"lt": 120}}, cap=1000) == 120


class TestTheLog:
    @pytest.fixture
    async def short(self, redis_url):
        store = RedisRepo(redis_url, keep=3)
        await store.open()
        yield store
        await store.close()

    async def test_gives_a_receipt_for_what_it_has_forgotten(self, short):
        wanted = changeset(created(Item(id="a", name="x")), id="once", answer={"n": 1})
        first = await short.commit(wanted)
        for n in range(5):
            await put(short, Item(id=f"i{n}"))
        assert await short.commit_of("once") is None
        again = await short.commit(wanted)
        assert (again.replayed, again.answer, again.position) == (True, {"n": 1}, first.position)
        assert again.changes[0].key == ("Item", "a")
        assert (again.changes[0].version, again.changes[0].after) == (first.changes[0].version, None)
        with pytest.raises(CommandReusedError):
            await short.receipt("once", "another body")
        assert list(await short.history(Item, "a")) == []

    async def test_keeps_no_key_for_what_it_has_forgotten_and_is_gone(self, short, redis_server):
        for n in range(9):
            await put(short, Item(id=f"i{n}"))
        assert redis_server.ask("EXISTS", *(f"starmodel.history:Item:i{n}" for n in range(9))) == b":3\r\n"
        assert redis_server.ask("HLEN", "starmodel.commands") == b":3\r\n"
        assert redis_server.ask("XLEN", "starmodel.log") == b":3\r\n"

    async def test_can_be_kept_shorter_later(self, store, redis_url):
        for n in range(30):
            await put(store, Item(id=f"i{n}"))
        start = await store.position()
        shorter = RedisRepo(redis_url, keep=2)
        await shorter.open()
        for n in range(5):
            await put(shorter, Item(id=f"j{n}"))
        assert (await shorter.changes(start)).gap is True
        assert len((await shorter.changes(Position(start.epoch, start.number + 3))).commits) == 2
        await shorter.close()


class TestTheEpoch:
    async def test_is_a_new_one_when_somebody_empties_the_database(self, store, redis_server):
        await put(store, Item(id="a"), Item(id="b"))
        before = await found(store, Item(id="a"))
        position = await store.position()
        redis_server.empty()
        assert await store.get(Item, "a") is None
        commit = await put(store, Item(id="a"))
        assert commit.position.epoch != position.epoch
        assert commit.changes[0].version > before.version
        assert (await store.changes(position)).gap is True

    async def test_stays_over_a_restart_that_lost_nothing(self):
        with Redis() as server:
            store = RedisRepo(server.url)
            await store.open()
            position = (await put(store, Item(id="a"))).position
            server.kill()
            server.start()
            assert await store.position() == position
            await store.close()

    async def test_is_a_new_one_where_something_that_was_seen_is_missing(self):
        with Redis(appendonly="no") as server:
            store, other = RedisRepo(server.url), RedisRepo(server.url)
            await store.open()
            await other.open()
            await put(store, Item(id="a"))
            server.ask("SAVE")
            seen = await put(store, Item(id="lost"))
            server.kill()
            server.start()
            await put(other, Item(id="b"))  # this one saw nothing of what was lost, and takes its number
            assert await store.get(Item, "lost") is None
            after = await store.position()
            assert after.epoch != seen.position.epoch
            assert after.number >= seen.position.number
            assert (await store.changes(seen.position)).gap is True
            assert (await other.position()).epoch == after.epoch
            await store.close()
            await other.close()

    async def test_is_a_new_one_when_nobody_can_tell_whether_all_is_there(self):
        with Redis() as server:
            store = RedisRepo(server.url)
            await store.open()
            position = (await put(store, Item(id="a"))).position
            await store.close()
            server.kill()
            server.start()
            later = RedisRepo(server.url)
            await later.open()
            assert (await later.position()).epoch != position.epoch
            assert (await found(later, Item(id="a"))).entity == Item(id="a")
            await later.close()


@dataclass(frozen=True)
class Part:
    data: bytes = b""


def versions_of_a_class():
    """Return a class as it was, and as it is: a field more, another with a new name, one gone."""

    class Thing(Entity):
        title: str = ""
        old: int = 0

    before = Thing

    class Thing(Entity):  # a class of the same name
        name: Annotated[str, Was("title")] = ""
        size: int = 7

    return before, Thing


class TestTwoVersionsOfAClass:
    async def test_what_an_older_one_wrote_is_read(self, store):
        old, new = versions_of_a_class()
        await put(store, old(id="a", title="x", old=5))
        assert (await store.get(new, "a")).entity == new(id="a", name="x", size=7)

    async def test_what_only_the_other_knows_is_kept(self, store, redis_server):
        old, new = versions_of_a_class()
        await put(store, new(id="a", name="x", size=9))
        await store.commit(changeset(changed(await store.get(old, "a"), old=5)))
        await store.commit(changeset(changed(await store.get(old, "a"), old=6)))
        assert (await store.get(new, "a")).entity.size == 9
        _, document = redis_server.ask("GET", "starmodel:Thing:a").split(b"\r\n", 1)
        plain = json.loads(document)
        assert (plain["old"], plain["size"]) == (6, 9)

    async def test_nothing_is_left_over_where_nothing_was_unknown(self, store, redis_server):
        class Grown(Entity):
            name: str = ""

        await put(store, Grown(id="a", name="x"))
        before = Grown

        class Grown(Entity):
            name: str = ""
            size: int = 0

        assert before is not Grown
        for size in (1, 2):
            await store.commit(changeset(changed(await store.get(Grown, "a"), size=size)))
        assert b'"_shape":""' not in redis_server.ask("GET", "starmodel:Grown:a")

    async def test_a_field_without_a_value_or_a_default_is_told_of(self, store):
        class Strict(Entity):
            name: str = ""

        await put(store, Strict(id="a"))

        class Strict(Entity):
            size: int

        with pytest.raises(UnreadableError, match="starmodel:Strict:a holds what is no Strict"):
            await store.get(Strict, "a")


class TestOddKeys:
    @pytest.mark.parametrize("text", ["rubbish", "{}", '{"_version":1}', '{"_version":1,"_shape":"","rank":"x"}'])
    async def test_are_told_of(self, store, redis_server, text):
        await put(store, Item(id="a"))
        stored = await found(store, Item(id="a"))
        redis_server.ask("SET", "starmodel:Item:a", text.replace('"', '\\"'))
        with pytest.raises(UnreadableError, match="starmodel:Item:a"):
            await store.get(Item, "a")
        if "_shape" not in text:
            with pytest.raises(UnreadableError, match="starmodel:Item:a"):
                await store.commit(changeset(changed(stored, rank=1)))

    async def test_tell_no_secret(self, store, redis_server):
        await put(store, Item(id="a"))
        redis_server.ask("SET", "starmodel:Item:a", '{\\"_version\\":1,\\"_shape\\":\\"\\",\\"pin\\":[\\"hunter2\\"]}')
        with pytest.raises(UnreadableError) as failure:
            await store.get(Item, "a")
        assert "hunter2" not in "".join(traceback.format_exception(failure.value))


class Odd(Entity):
    ratio: float = 0.0
    price: Decimal = Decimal(0)
    text: str = ""
    parts: list[Part] = []
    data: bytes = b""


@pytest.mark.parametrize(
    "fields",
    [{"ratio": float("nan")}, {"ratio": float("-inf")}, {"price": Decimal("NaN")}, {"text": "\ud800"}],
    ids=str,
)
async def test_what_json_cannot_hold_is_refused(store, fields):
    with pytest.raises(InvalidError, match=next(iter(fields))):
        await put(store, Odd(id="a", **fields))
    assert await store.get(Odd, "a") is None


async def test_any_bytes_come_back(store):
    one = Odd(id="a", data=bytes(range(256)), text="a\0b")
    await put(store, one)
    assert (await found(store, one)).entity == one
    assert (await store.history(Odd, "a"))[0].changes[0].after["data"] == one.data


async def test_what_has_expired_leaves_no_id_behind(store, redis_server):
    await put(store, Fleeting(id="a"))
    redis_server.ask("ZADD", "starmodel.ids:Fleeting", "1", "long-gone")
    await put(store, Fleeting(id="b"))
    assert redis_server.ask("ZCARD", "starmodel.ids:Fleeting") == b":2\r\n"


class Blink(Entity):
    times: int = 0
    model_config = {"ttl": 0.3}


async def test_an_edit_that_races_with_the_end_is_in_time_or_gone_and_never_brings_anything_back(store):
    chance = random.Random(3)

    async def race(number):
        await put(store, Blink(id=f"b{number}"))
        read = await store.get(Blink, f"b{number}")
        if read is None:
            return "expired"
        await asyncio.sleep(chance.uniform(0.2, 0.4))
        try:
            await store.commit(changeset(changed(read, times=1)))
        except GoneError:
            assert await store.get(Blink, f"b{number}") is None
            return "gone"
        return "in time"

    outcomes = await asyncio.gather(*(race(number) for number in range(100)))
    assert "gone" in outcomes
    await asyncio.sleep(0.31)
    assert await store.count(Blink, {}, cap=1000) == 0


async def test_many_who_wait_for_news_keep_nobody_from_the_server(store):
    start = await store.position()
    waiting = [asyncio.ensure_future(store.wait(start, seconds=1)) for _ in range(20)]
    await asyncio.sleep(0.05)
    await asyncio.wait_for(put(store, Item()), 0.5)
    await asyncio.wait_for(asyncio.gather(*waiting), 0.5)
