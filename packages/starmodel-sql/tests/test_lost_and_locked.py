"""A connection that is lost, an answer that never comes, a row that somebody else holds."""

from __future__ import annotations

import asyncio
import os
import socket
import sqlite3
import time
from contextlib import closing, contextmanager

import psycopg
import pytest

from starmodel.adapters.persistence.sqlmodel import SQLRepo, database, line
from starmodel.core import Entity, event
from starmodel.core.errors import StoreError
from starmodel.testing import RecordingBus, application
from starmodel.testing.store.base import changed, changeset, found, put


class Seat(Entity):
    taken: int = 0
    model_config = {"store": "sql"}

    @event
    def take(self) -> object:
        self.taken += 1
        return UNSENDABLE


UNSENDABLE = object()
KEEPALIVE = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)


@pytest.fixture
async def store(postgres_url):
    store = SQLRepo(postgres_url)
    await store.open([Seat])
    yield store
    await store.close()


@contextmanager
def outside(url):
    with psycopg.connect(url) as connection:
        yield connection


def terminate(url, but=0):
    """End every connection of the store, as a server does that is shut down."""
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'starmodel' AND pid <> %s",
            [but],
        )


@pytest.fixture
def lose_the_answer_to_the_next_commit(postgres_url, monkeypatch):
    """Commit, then cut the line before the store has heard of it."""

    def lose():
        lost = []
        run_raw = database.run_raw

        def cut(connection, sql, *values):
            if sql == "COMMIT" and not lost:
                run_raw(connection, sql)
                lost.append(connection.connection.driver_connection.info.backend_pid)
                with psycopg.connect(postgres_url, autocommit=True) as admin:
                    admin.execute("SELECT pg_terminate_backend(%s)", lost)
            return run_raw(connection, sql, *values)

        monkeypatch.setattr(database, "run_raw", cut)
        return lost

    return lose


async def test_a_commit_whose_answer_was_lost_is_told_and_answered_like_any_other(
    store, lose_the_answer_to_the_next_commit
):
    bus = RecordingBus()
    async with application(Seat, stores={"sql": store}, bus=bus) as app:
        seat = (await app.dispatch(Seat.create())).entity
        lost = lose_the_answer_to_the_next_commit()
        result = await app.dispatch(Seat.take().on(seat.id))
        assert lost
        assert (result.replayed, result.returned, result.entity.taken) == (False, UNSENDABLE, 1)
        assert bus.events == ["Seat.create", "Seat.take"]
        assert (await app.load(Seat, seat.id)).entity.taken == 1
        assert len(await app.history.timeline(Seat, seat.id)) == 2


async def test_the_same_command_of_somebody_else_is_a_repetition_all_the_same(store, postgres_url):
    async with application(Seat, stores={"sql": store}) as app:
        seat = (await app.dispatch(Seat.create())).entity
        command = (await app.dispatch(Seat.take().on(seat.id))).command
        again = await app.dispatch(command)
        assert (again.replayed, again.returned) == (True, None)


async def test_every_connection_may_be_lost_at_once(store, postgres_url):
    await put(store, Seat(id="a"))
    start = await store.position()
    waiting = asyncio.create_task(store.wait(start, seconds=5))
    await asyncio.sleep(0.1)
    terminate(postgres_url)
    seat = await found(store, Seat(id="a"))
    await store.commit(changeset(changed(seat, taken=1)))
    await waiting
    assert len((await store.changes(start)).commits) == 1


async def test_a_process_that_stands_still_does_not_hold_up_the_others_for_long(postgres_url, monkeypatch):
    monkeypatch.setattr(database, "IDLE_SECONDS", 1)
    frozen, store = SQLRepo(postgres_url), SQLRepo(postgres_url)
    await frozen.open([Seat])
    await store.open([Seat])
    connection = frozen.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    connection.exec_driver_sql("BEGIN")
    connection.exec_driver_sql("SELECT * FROM starmodel_head FOR UPDATE")
    async with asyncio.timeout(4):
        assert (await put(store, Seat())).changes
    connection.invalidate()
    connection.close()
    await store.close()
    await frozen.close()


async def test_a_row_that_another_program_holds_is_waited_for_and_not_for_ever(postgres_url, monkeypatch):
    monkeypatch.setattr(database, "LOCK_SECONDS", 1)
    store = SQLRepo(postgres_url)
    await store.open([Seat])
    await put(store, Seat(id="a"), Seat(id="b"))
    seat = await found(store, Seat(id="a"))
    with outside(postgres_url) as other:
        other.execute("UPDATE seat SET taken = 7 WHERE id = 'a'")
        began = time.monotonic()
        with pytest.raises(StoreError, match="let it finish"):
            await store.commit(changeset(changed(seat, taken=1)))
        assert time.monotonic() - began < 3
    await store.close()


async def test_a_row_that_another_program_holds_keeps_nobody_from_the_others(store, postgres_url):
    await put(store, Seat(id="a"), Seat(id="b"))
    held, free = await found(store, Seat(id="a")), await found(store, Seat(id="b"))
    with outside(postgres_url) as other:
        other.execute("UPDATE seat SET taken = 7 WHERE id = 'a'")
        waiting = asyncio.create_task(store.commit(changeset(changed(held, taken=1))))
        await asyncio.sleep(0.2)
        async with asyncio.timeout(2):
            await store.commit(changeset(changed(free, taken=1)))
        assert not waiting.done()
        other.rollback()
    assert (await waiting).changes


async def test_who_only_refers_to_a_row_keeps_nobody_from_changing_it(store, postgres_url):
    await put(store, Seat(id="a"))
    seat = await found(store, Seat(id="a"))
    with outside(postgres_url) as other:
        other.execute("SELECT id FROM seat WHERE id = 'a' FOR KEY SHARE")  # what a foreign key does
        async with asyncio.timeout(2):
            await store.commit(changeset(changed(seat, taken=1)))


async def test_a_process_may_start_while_another_program_is_at_the_tables(store, postgres_url):
    await put(store, Seat(id="a"))
    with outside(postgres_url) as other:
        other.execute("UPDATE seat SET taken = 7 WHERE id = 'a'")
        second = SQLRepo(postgres_url)
        async with asyncio.timeout(3):
            await second.open([Seat])
        await second.close()


async def test_who_comes_in_the_way_of_another_program_gets_there_all_the_same(postgres_url):
    """Rows are taken here in one order and there in the other: Postgres ends one of the two, and it is run again."""
    store = SQLRepo(postgres_url)
    await store.open([Seat])
    async with application(Seat, stores={"sql": store}) as app:
        for id in "ab":
            await app.dispatch(Seat.create().on(id))

        def the_other_way_round():
            with outside(postgres_url) as other:
                for first, second in ("ab", "ba") * 3:
                    try:
                        other.execute("UPDATE seat SET taken = taken + 1 WHERE id = %s", [first])
                        time.sleep(0.05)
                        other.execute("UPDATE seat SET taken = taken + 1 WHERE id = %s", [second])
                        other.commit()
                    except psycopg.errors.DeadlockDetected:
                        other.rollback()

        elsewhere = asyncio.create_task(asyncio.to_thread(the_other_way_round))
        done = 0
        while not elsewhere.done():
            await asyncio.gather(*(app.dispatch(Seat.take().on(id)) for id in "ab"))
            done += 2
        await elsewhere
        commits = [commit for id in "ab" for commit in await app.history.timeline(Seat, id)]
        assert sum(commit.command.event == "take" for commit in commits) == done


async def test_several_processes_that_write_all_the_time_take_turns(sqlite_url):
    stores = [SQLRepo(sqlite_url) for _ in range(3)]
    for store in stores:
        await store.open([Seat])
    done = dict.fromkeys(stores, 0)
    ends = time.monotonic() + 2

    async def write(store):
        while time.monotonic() < ends:
            await put(store, Seat())
            done[store] += 1

    await asyncio.gather(*(write(store) for store in stores for _ in range(3)))
    assert min(done.values()) > max(done.values()) / 3
    for store in stores:
        await store.close()


async def test_a_file_that_another_program_holds_is_waited_for_and_not_for_ever(sqlite_url, monkeypatch):
    monkeypatch.setattr(line, "BUSY_SECONDS", 0.3)
    store = SQLRepo(sqlite_url)
    await store.open([Seat])
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        with pytest.raises(StoreError, match="let it finish"):
            await put(store, Seat())
        assert 0.2 < time.monotonic() - began < 2
        assert await store.get(Seat, "a") is None  # who reads does not wait
        other.execute("ROLLBACK")
    assert (await put(store, Seat())).changes
    await store.close()


async def test_a_postgres_that_a_network_no_longer_leads_to_is_noticed_within_seconds(postgres_url):
    store = SQLRepo(postgres_url)
    await store.open([Seat])

    def asks_after(connection):
        with socket.socket(fileno=os.dup(connection.connection.driver_connection.fileno())) as line:
            return [line.getsockopt(socket.IPPROTO_TCP, option) for option in KEEPALIVE]

    idle, interval, count = await store.database.read(asks_after)
    assert 0 < idle + interval * count <= 15
    await store.close()
