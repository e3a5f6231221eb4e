"""A read that is quicker than a change of threads is done on the event loop, and nothing longer is."""

from __future__ import annotations

import sqlite3
import threading
import time

import pytest

from starmodel.adapters.persistence.sqlmodel import SQLRepo
from starmodel.core import Entity, Query
from starmodel.testing.store.base import put


class Book(Entity):
    title: str = ""
    rank: int = 0


@pytest.fixture
async def store(sqlite_url):
    store = SQLRepo(sqlite_url)
    await store.open([Book])
    yield store
    await store.close()


def where(connection):
    return threading.current_thread() is threading.main_thread(), connection.exec_driver_sql("SELECT 1").scalar()


def long(connection):
    counting = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) SELECT max(i) FROM n"
    return threading.current_thread() is threading.main_thread(), connection.exec_driver_sql(counting).scalar()


async def test_what_is_quick_is_done_here(store):
    assert await store.database.glance(where) == (True, 1)


async def test_what_is_quick_is_done_here_however_often(store):
    await put(store, Book(id="a"))
    left = []

    async def read(work):
        left.append(work)

    store.database.read = read
    for _ in range(3000):
        assert await store.get(Book, "a") is not None
    assert left == []


async def test_what_takes_longer_is_left_to_a_thread(store):
    assert await store.database.glance(long) == (False, 200_000)
    assert await store.database.glance(where) == (True, 1)


async def test_a_page_that_has_to_look_at_everything_is_whole(store):
    for start in range(0, 3000, 500):
        await put(store, *(Book(title=f"book {n}", rank=n) for n in range(start, start + 500)))
    page = await store.query(Book, Query(where={"title": {"contains": "BOOK 29"}}, order=("rank",), limit=200))
    assert [stored.entity.rank for stored in page.items] == [29, *range(290, 300), *range(2900, 3000)]
    assert await store.count(Book, {}, cap=10_000) == 3000


async def test_a_file_that_is_locked_for_readers_too_keeps_the_loop_free(store, sqlite_url):
    holder = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False)
    await store.close()
    holder.execute("PRAGMA locking_mode=EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    letting_go = threading.Timer(0.3, holder.close)
    letting_go.start()
    store.database.open()
    began = time.monotonic()
    assert await store.get(Book, "nobody") is None
    assert time.monotonic() - began < 3
    letting_go.join()


async def test_in_postgres_and_in_memory_everything_is_left_to_threads(postgres_url):
    for url in ("sqlite://", postgres_url):
        store = SQLRepo(url)
        await store.open([Book])
        assert await store.database.glance(where) == (False, 1)
        await store.close()
