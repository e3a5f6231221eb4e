"""What the published contract does not ask of indexes: limits, how they begin, two versions of a class, odd values."""

from __future__ import annotations

import logging
import random
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest

from starmodel.adapters.persistence.redis import RedisRepo
from starmodel.adapters.persistence.redis.places import value_bytes
from starmodel.core import Entity, Indexed, Unique
from starmodel.core.errors import ConfigurationError, DefinitionError, InvalidError, QueryError
from starmodel.core.ordering import cursor_at, place_of
from starmodel.core.query import Query
from starmodel.testing.store.base import changed, changeset, deleted, found, put
from starmodel.testing.store.samples import Account, Voucher

EAST = timezone(timedelta(hours=5, minutes=30))
NOON = datetime(2025, 6, 1, 12)
CHANCE = random.Random(5)

VALUES = {
    "numbers": [
        *(0, -0.0, 1, 2, 9, 10, 11, 99, 100, 10**15, 10**15 + 1, 2**63, 10**500, -1, -2, -10, -11, -99, -(10**500)),
        *(0.1, Decimal("0.1"), 1e-300, 5e-324, -1e-300, Decimal("1e9999"), Decimal("-1e-9999"), Decimal("12.340")),
        *(True, float("inf"), float("-inf"), 499, 10**499, Decimal("1e-501"), Decimal("-1.05"), Decimal("-1.5")),
        *(CHANCE.uniform(-5, 5) for _ in range(50)),
        *(Decimal(CHANCE.randrange(-(10**6), 10**6)).scaleb(CHANCE.randrange(-5, 5)) for _ in range(50)),
    ],
    "texts": [
        *("", "a", "A", "ab", "b", "\0", "\1", "\2", "a\0", "a\0b", "a\1", "a\1b", "é", "☕", "\U0001f600", "\uffff")
    ],
    "moments": [NOON.replace(tzinfo=UTC), NOON.replace(tzinfo=EAST), datetime.min.replace(tzinfo=EAST)],
    "naive moments": [NOON, NOON.replace(microsecond=1), datetime.min, datetime.max],
    "days": [date(2025, 1, 2), date.min, date.max],
    "times": [time(1), time(23, 59, 59, 999999), time(12, 0, 0, 1)],
    "times with a zone": [time(1, tzinfo=UTC), time(1, tzinfo=EAST), time(23, tzinfo=EAST)],
    "spans": [timedelta(), timedelta.min, timedelta.max, timedelta(microseconds=-1), timedelta(days=1)],
    "bytes": [b"", b"\0", b"\1", b"\0\1", b"\xff", b"a", b"a\0"],
    "uuids": [UUID(int=CHANCE.getrandbits(128)) for _ in range(5)],
}


@pytest.mark.parametrize("sort", VALUES)
def test_bytes_stand_in_the_order_of_the_values(sort):
    values = [None, *VALUES[sort]]
    for one in values:
        for other in values:
            here, there = place_of(one), place_of(other)
            assert (value_bytes(one) == value_bytes(other)) is (here == there), (one, other)
            assert (value_bytes(one) + b"\0" < value_bytes(other) + b"\0") is (here < there), (one, other)


def ids(page):
    return [stored.entity.id for stored in page.items]


@pytest.fixture
async def narrow(redis_url):
    store = RedisRepo(redis_url, most=3)
    await store.open([Account])
    yield store
    await store.close()


class TestBeyondTheLimit:
    @pytest.fixture
    async def full(self, narrow):
        await put(narrow, *(Account(id=f"a{n}", email=f"{n}@x", rank=n % 3, note="odd" * (n % 2)) for n in range(12)))
        return narrow

    async def test_an_index_answers(self, full):
        assert ids(await full.query(Account, Query(where={"email": "7@x"}))) == ["a7"]
        assert ids(await full.query(Account, Query(where={"rank": 2}, limit=2))) == ["a11", "a2"]
        assert ids(await full.query(Account, Query(order=("-rank", "-id"), limit=5))) == ["a8", "a5", "a2", "a11", "a7"]
        assert await full.count(Account, {"rank": {"ge": 1}}, cap=99) == 8

    async def test_what_an_index_narrows_down_is_looked_at(self, full):
        assert ids(await full.query(Account, Query(where={"email": {"lt": "11@y"}, "note": "odd"}))) == ["a11"]

    async def test_anything_else_is_refused_with_the_fields_to_index(self, full):
        with pytest.raises(QueryError, match=r"up to 3; mark Account\.note as Indexed\(\), keep Account in the store"):
            await full.query(Account, Query(where={"note": "odd"}))
        with pytest.raises(QueryError, match="up to 3"):
            await full.query(Account, Query(where={"rank": 1, "note": "no such"}))
        with pytest.raises(QueryError, match="up to 3"):
            await full.count(Account, {"or": [{"rank": 1}, {"rank": 2}]}, cap=9)

    async def test_a_page_that_is_soon_full_is_read_all_the_same(self, full):
        assert ids(await full.query(Account, Query(order=("rank",), where={"note": ""}, limit=2))) == ["a0", "a6"]

    async def test_a_cursor_from_elsewhere_leads_nowhere_else(self, full):
        def after(rank):
            return cursor_at((place_of(rank), ("text", "a0")))

        for order in (("rank",), ("-rank",), ("rank", "-id"), ("-rank", "-id")):
            for rank in (-5, 5, None, "x"):
                query = Query(where={"rank": {"ge": 1, "lt": 2}}, order=order, after=after(rank))
                assert set(ids(await full.query(Account, query))) <= {"a1", "a4", "a7", "a10"}


def test_what_has_no_order_is_refused_as_an_index():
    for annotation in (list[str], str | int, Any, dict[str, int]):
        for mark in (Indexed(), Unique()):
            kind = type("Odd", (Entity,), {"__annotations__": {"field": Annotated[annotation, mark]}, "field": None})
            with pytest.raises(DefinitionError, match=r"Odd\.field is (Indexed|Unique), and the store 'redis'"):
                RedisRepo()._shapes.of(kind)


async def test_a_closed_set_of_texts_may_be_indexed(store):
    class Job(Entity):
        state: Annotated[Literal["new", "done"], Indexed()] = "new"

    await put(store, Job(id="a"), Job(id="b", state="done"))
    assert ids(await store.query(Job, Query(where={"state": "done"}))) == ["b"]
    assert await store.count(Job, {"state": 5}, cap=9) == 0


async def test_a_value_that_is_too_long_is_refused_and_nothing_is_stored(store):
    await put(store, Account(id="a", owner="x" * 900))
    with pytest.raises(InvalidError, match="owner: is too long to be found or compared by"):
        await put(store, Account(id="b", owner="x" * 1000))
    assert ids(await store.query(Account, Query())) == ["a"]
    assert ids(await store.query(Account, Query(where={"owner": "x" * 5000}))) == []


async def test_letters_that_end_a_value_do_not_end_it(store):
    accounts = [
        Account(id=f"a{n}", owner=owner, email=owner) for n, owner in enumerate(["a", "a\0", "a\0b", "a\1", "\0"])
    ]
    await put(store, *accounts)
    assert ids(await store.query(Account, Query(order=("email",)))) == ["a4", "a0", "a1", "a2", "a3"]
    for account in accounts:
        assert ids(await store.query(Account, Query(where={"owner": account.owner}))) == [account.id]


def versions():
    """Return a class before it had any mark, and since."""

    class Member(Entity):
        name: str = ""
        rank: int = 0

    before = Member

    class Member(Entity):  # a class of the same name
        name: Annotated[str, Unique()] = ""
        rank: Annotated[int, Indexed()] = 0

    return before, Member


class TestMarksThatAreAdded:
    async def test_count_for_what_is_there_already(self, redis_url, store, caplog):
        before, since = versions()
        await put(store, *(before(id=f"m{n}", name=f"n{n}", rank=n % 2) for n in range(6)))
        later = RedisRepo(redis_url, most=1)
        with caplog.at_level(logging.INFO, "starmodel.redis"):
            await later.open([since])
        assert "Member: the index of rank took in 6 in" in caplog.text
        assert ids(await later.query(since, Query(where={"rank": 1}))) == ["m1", "m3", "m5"]
        with pytest.raises(InvalidError, match="name: is taken already"):
            await put(later, since(id="new", name="n3"))
        await later.close()

    async def test_are_refused_where_values_are_alike_until_they_are_not(self, redis_url, store):
        before, since = versions()
        await put(store, before(id="a", name="x"), before(id="b", name="x"))
        for _ in range(2):
            with pytest.raises(ConfigurationError, match=r"Member holds the same name more than once.*'a' and 'b'"):
                await RedisRepo(redis_url).open([since])
        await store.commit(changeset(changed(await store.get(before, "b"), name="y")))
        later = RedisRepo(redis_url)
        await later.open([since])
        assert ids(await later.query(since, Query(order=("-name",)))) == ["b", "a"]
        await later.close()

    async def test_take_in_what_older_code_stores_besides(self, redis_url, store, caplog):
        before, since = versions()
        later = RedisRepo(redis_url, most=1)
        await later.open([since])
        await put(later, since(id="a", name="x", rank=1), since(id="b", name="y", rank=1))
        await store.commit(changeset(changed(await store.get(before, "a"), rank=2)))
        await put(store, before(id="c", name="y", rank=2), before(id="d", name="z", rank=1))
        await store.commit(changeset(deleted(await store.get(before, "b"))))
        assert ids(await later.query(since, Query(where={"rank": 2}))) == ["a", "c"]
        assert await later.count(since, {"rank": 1}, cap=9) == 1
        await put(store, before(id="e", name="z"))
        assert ids(await later.query(since, Query(where={"name": "z"}))) == ["d", "e"]
        assert "Member 'd' and 'e' have the same name, which is Unique" in caplog.text
        await later.close()

    async def test_are_forgotten_when_only_older_code_is_left(self, redis_url, redis_server, store):
        before, since = versions()
        later = RedisRepo(redis_url)
        await later.open([since])
        await put(later, since(id="a", name="x"))
        redis_server.ask(
            "EVAL", "for i = 1, 10000 do redis.call('ZADD', 'starmodel.behind:Member:rank=number', 0, i) end", "0"
        )
        await put(store, before(id="b", name="y"))
        assert redis_server.ask("HKEYS", "starmodel.indexes:Member") == b"*1\r\n$10\r\nname=text!\r\n"
        await put(later, since(id="c", name="z", rank=7))
        assert ids(await later.query(since, Query(order=("-rank",)))) == ["c", "a", "b"]
        await later.close()


async def test_an_index_begins_again_where_somebody_emptied_the_database(narrow, redis_server):
    await put(narrow, Account(id="a", email="x"))
    redis_server.empty()
    assert ids(await narrow.query(Account, Query(where={"email": "x"}))) == []
    await put(narrow, Account(id="b", email="x"))
    assert ids(await narrow.query(Account, Query(where={"email": "x"}))) == ["b"]


async def test_a_key_that_somebody_deleted_is_not_found_and_frees_what_was_unique(store, redis_server):
    await put(store, Account(id="a", email="x", rank=1), Account(id="b", rank=1))
    redis_server.ask("DEL", "starmodel:Account:a")
    assert ids(await store.query(Account, Query(where={"rank": 1}))) == ["b"]
    await put(store, Account(id="c", email="x"))


async def test_what_has_gone_leaves_nothing_in_the_indexes(store, redis_server):
    await put(store, Account(id="a", email="x", rank=1))
    await store.commit(changeset(deleted(await found(store, Account(id="a")))))
    await put(store, Voucher(id="a", code="x"))
    redis_server.ask("PEXPIRE", "starmodel:Voucher:a", "0")
    redis_server.ask("ZADD", "starmodel.ids:Voucher", "1", "a")
    assert await store.count(Voucher, {"code": "x"}, cap=9) == 0
    left = redis_server.ask("KEYS", "starmodel.index*:*")
    assert sorted(left.split(b"\r\n")[2::2]) == [b"starmodel.indexes:Account", b"starmodel.indexes:Voucher"]
