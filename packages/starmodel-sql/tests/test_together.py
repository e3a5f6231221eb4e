"""Commits that wait at the same time are one transaction on SQLite, and each is still all or nothing by itself."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Annotated

import pytest

from starmodel.adapters.persistence.sqlmodel import SQLRepo, database
from starmodel.adapters.persistence.sqlmodel.together import Together
from starmodel.core import Entity, Unique, event
from starmodel.core.errors import ConflictError, InvalidError
from starmodel.testing import application
from starmodel.testing.store.base import changed, changeset, found, put


class Seat(Entity):
    taken: int = 0
    model_config = {"store": "sql"}

    @event
    def take(self) -> None:
        self.taken += 1


class Ticket(Entity):
    number: Annotated[int, Unique()]
    model_config = {"store": "sql"}


@pytest.fixture
async def store(sqlite_url):
    store = SQLRepo(sqlite_url)
    await store.open([Seat, Ticket])
    yield store
    await store.close()


@pytest.fixture
def said(monkeypatch):
    """What was said to the database besides statements: beginnings and ends."""
    words = []
    run_raw = database.run_raw

    def noted(connection, sql, *values):
        words.append(sql)
        return run_raw(connection, sql, *values)

    monkeypatch.setattr(database, "run_raw", noted)
    return words


async def seats(store, count):
    for number in range(count):
        await put(store, Seat(id=f"s{number}"))
    return [await found(store, Seat(id=f"s{number}")) for number in range(count)]


async def test_what_waits_together_is_written_together(store, said):
    taken = await seats(store, 20)
    said.clear()
    commits = await asyncio.gather(*[store.commit(changeset(changed(seat, taken=7))) for seat in taken])
    assert said.count("COMMIT") < 5
    assert sorted(commit.position.number for commit in commits) == list(range(21, 41))
    assert [(await found(store, Seat(id=f"s{n}"))).entity.taken for n in range(20)] == [7] * 20


async def test_the_log_has_them_in_their_order_and_none_twice(store):
    taken = await seats(store, 30)
    start = await store.position()
    await asyncio.gather(*[store.commit(changeset(changed(seat, taken=1))) for seat in taken])
    changes = await store.changes(start)
    assert [commit.position.number for commit in changes.commits] == list(range(31, 61))
    assert {change.id for commit in changes.commits for change in commit.changes} == {f"s{n}" for n in range(30)}


async def test_one_that_is_refused_takes_nobody_along(store):
    taken = await seats(store, 10)
    stale = changeset(changed(taken[3], taken=1))
    await store.commit(changeset(changed(taken[3], taken=5)))
    many = [changeset(changed(seat, taken=2)) for n, seat in enumerate(taken) if n != 3]
    answers = await asyncio.gather(*map(store.commit, [*many[:4], stale, *many[4:]]), return_exceptions=True)
    assert [type(answer) for answer in answers if isinstance(answer, Exception)] == [ConflictError]
    assert isinstance(answers[4], ConflictError)
    assert [(await found(store, Seat(id=f"s{n}"))).entity.taken for n in range(10)] == [2, 2, 2, 5, 2, 2, 2, 2, 2, 2]


async def test_a_broken_rule_of_the_database_is_told_to_the_one_who_broke_it(store):
    async with application(Ticket, stores={"sql": store}) as app:
        await app.dispatch(Ticket.create(number=3))
        answers = await asyncio.gather(
            *[app.dispatch(Ticket.create(number=n)) for n in range(8)], return_exceptions=True
        )
        assert [n for n, answer in enumerate(answers) if isinstance(answer, Exception)] == [3]
        assert isinstance(answers[3], InvalidError)
        assert await app.count(Ticket) == 8


async def test_nothing_is_answered_that_is_not_on_disk(store, monkeypatch):
    taken = await seats(store, 12)
    run_raw, failed = database.run_raw, []

    def fail_once(connection, sql, *values):
        if sql == "COMMIT" and not failed:
            failed.append(sql)
            run_raw(connection, "ROLLBACK")
            raise sqlite3.OperationalError("disk I/O error")
        return run_raw(connection, sql, *values)

    first = asyncio.ensure_future(store.commit(changeset(changed(taken[0], taken=9))))
    await first
    monkeypatch.setattr(database, "run_raw", fail_once)
    answers = await asyncio.gather(
        *[store.commit(changeset(changed(seat, taken=9))) for seat in taken[1:]], return_exceptions=True
    )
    assert failed
    stored = [(await found(store, Seat(id=f"s{n}"))).entity.taken == 9 for n in range(1, 12)]
    assert stored == [not isinstance(answer, Exception) for answer in answers]
    assert stored.count(False) <= 1  # only one that was alone in its transaction may have failed with it


async def test_of_increments_at_once_none_is_lost(store):
    async with application(Seat, stores={"sql": store}) as app:
        seat = (await app.dispatch(Seat.create())).entity
        await asyncio.gather(*[app.dispatch(Seat.take().on(seat.id)) for _ in range(100)])
        assert (await app.load(Seat, seat.id)).entity.taken == 100


async def test_whoever_stops_waiting_stops_nobodys_commit(store):
    taken = await seats(store, 10)
    waiting = [asyncio.ensure_future(store.commit(changeset(changed(seat, taken=4)))) for seat in taken]
    await asyncio.sleep(0)
    for task in waiting[::2]:
        task.cancel()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert [isinstance(answer, asyncio.CancelledError) for answer in answers] == [True, False] * 5
    await store.commit(changeset(changed(await found(store, Seat(id="s1")), taken=5)))  # the line goes on
    assert [(await found(store, Seat(id=f"s{n}"))).entity.taken for n in range(10)] == [4, 5, 4, 4, 4, 4, 4, 4, 4, 4]


async def test_another_program_that_holds_the_file_is_waited_for(store, sqlite_url):
    taken = await seats(store, 6)
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = [asyncio.ensure_future(store.commit(changeset(changed(seat, taken=1)))) for seat in taken]
        await asyncio.sleep(0.1)
        assert not any(task.done() for task in waiting)
        other.execute("COMMIT")
    await asyncio.gather(*waiting)


async def test_a_transaction_that_fails_in_a_way_that_nobody_foresaw_keeps_nobody_waiting():
    def broken(_jobs):
        raise ZeroDivisionError

    together, first_may_end = Together(broken), threading.Event()
    with ThreadPoolExecutor(1) as thread:
        first = asyncio.create_task(together.done(str, first_may_end.wait, thread))
        await asyncio.sleep(0)
        others = [asyncio.create_task(together.done(str, lambda: "done alone", thread)) for _ in range(3)]
        await asyncio.sleep(0)
        first_may_end.set()
        async with asyncio.timeout(5):
            assert await asyncio.gather(first, *others) == [True, *["done alone"] * 3]
