"""A commit that is alone on a quick disk is made by the event loop itself; everything else is left to the thread."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from contextlib import closing
from functools import partial
from itertools import groupby
from typing import Annotated

import pytest

from starmodel.adapters.persistence.sqlmodel import SQLRepo, database, pace
from starmodel.core import Entity, Unique, event
from starmodel.core.errors import InvalidError
from starmodel.testing import application


class Till(Entity):
    sold: int = 0
    model_config = {"store": "sql"}

    @event
    def sell(self) -> None:
        self.sold += 1


class Key(Entity):
    number: Annotated[int, Unique()]
    model_config = {"store": "sql"}


@pytest.fixture
def disk(monkeypatch):
    """A disk as quick as it is told to be, whatever the one of this machine is doing."""

    def is_quick(quick):
        monkeypatch.setattr(pace, "QUICK_SECONDS", 60.0 if quick else 0.0)
        monkeypatch.setattr(pace, "LONG_SECONDS", 30.0 if quick else 0.005)

    is_quick(quick=True)
    return is_quick


@pytest.fixture
async def app(sqlite_url, disk):
    async with application(Till, Key, stores={"sql": SQLRepo(sqlite_url)}) as app:
        await app.dispatch(Till.create().on("till"))  # by which the disk shows how quick it is
        yield app


@pytest.fixture
def here(monkeypatch):
    """For each transaction, whether it was ended on the event loop."""
    ended = []
    run_raw, loop_thread = database.run_raw, threading.get_ident()

    def noted(connection, sql, *values):
        if sql == "COMMIT":
            ended.append(threading.get_ident() == loop_thread)
        return run_raw(connection, sql, *values)

    monkeypatch.setattr(database, "run_raw", noted)
    return ended


async def sold(app):
    return (await app.load(Till, "till")).entity.sold


async def test_one_that_is_alone_is_made_by_the_event_loop(app, here, sqlite_url):
    result = await app.dispatch(Till.sell().on("till"))
    assert here == [True]
    assert (result.commit.position.number, await sold(app)) == (2, 1)
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as other:
        assert other.execute("SELECT sold FROM till").fetchall() == [(1,)]


async def test_those_that_come_at_once_are_left_to_the_thread(app, here):
    await asyncio.gather(*[app.dispatch(Till.create().on(f"t{n}")) for n in range(10)])
    assert here
    assert not any(here)


async def test_a_slow_disk_is_waited_for_in_the_thread(app, here, disk):
    disk(quick=False)
    for _ in range(3):
        await app.dispatch(Till.sell().on("till"))
    assert (here, await sold(app)) == ([False] * 3, 3)


async def test_the_event_loop_goes_on_while_another_program_holds_the_file(app, here, sqlite_url):
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.ensure_future(app.dispatch(Till.sell().on("till")))
        for _ in range(20):
            await asyncio.sleep(0.001)
        assert not waiting.done()
        other.execute("COMMIT")
    await waiting
    assert (here, await sold(app)) == ([False], 1)


async def test_what_this_process_writes_besides_is_no_other_program(app, here):
    opened = app.persistence.for_class(Till).database
    besides = []

    def slowly(_connection):
        besides.append(opened._writers.submit(opened._attempt, partial(opened._transact, work=bool, explain=None)))
        time.sleep(0.02)
        return "done"

    assert opened.commit_at_once(slowly) == "done"
    await asyncio.wrap_future(besides[0])
    await app.dispatch(Till.sell().on("till"))
    assert (here, await sold(app)) == ([True, False, True], 1)


async def test_a_subclass_with_a_commit_of_its_own_is_asked(sqlite_url, disk):
    asked = []

    class Own(SQLRepo):
        async def commit(self, changeset, /):
            asked.append(changeset.command.event)
            return await super().commit(changeset)

    async with application(Till, stores={"sql": Own(sqlite_url)}) as app:
        await app.dispatch(Till.create().on("till"))
        await app.dispatch(Till.sell().on("till"))
    assert asked == ["create", "sell"]


async def test_a_refusal_leaves_nothing_open(app, here):
    await app.dispatch(Key.create(number=3))
    with pytest.raises(InvalidError):
        await app.dispatch(Key.create(number=3))
    await app.dispatch(Till.sell().on("till"))
    assert (await app.count(Key), await sold(app)) == (1, 1)


async def test_what_is_too_much_for_the_event_loop_is_done_in_the_thread(app, here, monkeypatch):
    opened = app.persistence.for_class(Till).database
    monkeypatch.setattr(database, "GLANCES", 2)
    raw = opened._here().connection.driver_connection
    raw.set_progress_handler(opened._is_enough, 5)
    await app.dispatch(Till.create().on("other"))
    raw.set_progress_handler(None, 0)
    assert (here, await app.count(Till)) == ([False], 2)


async def test_the_log_of_the_file_is_written_back_though_nobody_uses_the_thread(app, here, monkeypatch):
    monkeypatch.setattr(pace, "_IN_A_ROW", 5)
    together = app.persistence.for_class(Till).database._together
    for _ in range(12):
        await app.dispatch(Till.sell().on("till"))
        while together._is_busy:  # noqa: ASYNC110  the thread answers a moment before it is free again
            await asyncio.sleep(0.001)
    runs = [len(list(run)) for is_here, run in groupby(here) if is_here]
    assert max(runs) <= 5 < sum(runs)


async def test_whoever_goes_away_in_the_moment_before_does_not_stop_it(app):
    going = asyncio.ensure_future(app.dispatch(Till.sell().on("till")))
    await asyncio.sleep(0)
    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going
    await app.dispatcher.finish()
    assert await sold(app) == 1


async def test_an_error_that_nobody_foresaw_leaves_no_transaction_behind(app, here, monkeypatch):
    writer = app.persistence.for_class(Till)._writer

    def broken(*_):
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(type(writer), "commit", broken)
        with pytest.raises(ZeroDivisionError):
            await app.dispatch(Till.sell().on("till"))
    await app.dispatch(Till.sell().on("till"))
    assert await sold(app) == 1
