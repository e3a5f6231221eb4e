"""The published contract of what keeps sessions, on a file and on a server; and what goes on in several processes."""

from __future__ import annotations

import asyncio

import pytest

from starmodel.adapters.persistence.sqlmodel import SQLRepo, SQLSessions
from starmodel.core.session_store import KeptSession, SessionPatch
from starmodel.testing import SessionStoreContract

pytestmark = pytest.mark.anyio

ONE = "1" * 30


@pytest.fixture
async def opened():
    """Open what keeps sessions, and close it after the test."""
    open_ones = []

    async def opened(url):
        store = SQLSessions(url)
        await store.open()
        open_ones.append(store)
        return store

    yield opened
    for store in open_ones:
        await store.close()


class TestSQLiteSessions(SessionStoreContract):
    @pytest.fixture
    async def session_store(self, opened, sqlite_url):
        return await opened(sqlite_url)


class TestPostgresSessions(SessionStoreContract):
    @pytest.fixture
    async def session_store(self, opened, postgres_url):
        return await opened(postgres_url)


@pytest.mark.parametrize("database", ["sqlite_url", "postgres_url"])
async def test_two_processes_begin_and_change_one_session_at_once(opened, request, database):
    url = request.getfixturevalue(database)
    here, there = await asyncio.gather(opened(url), opened(url))
    for number in range(5):
        texts = {f"{number}-{at}": "1" for at in range(4)}
        patches = [SessionPatch({name: text}) for name, text in texts.items()]
        await asyncio.gather(*((here, there)[at % 2].write(ONE, one, seconds=60) for at, one in enumerate(patches)))
        assert await there.read(ONE, seconds=60) == KeptSession(texts)
        await asyncio.gather(*(here.write(ONE, SessionPatch({name: None}), seconds=60) for name in texts))
        assert await there.read(ONE, seconds=60) is None


async def test_what_was_not_used_for_long_is_freed_by_whoever_writes_next(opened, sqlite_url, monkeypatch):
    store = await opened(sqlite_url)
    await store.write(ONE, SessionPatch({"user": "1"}), seconds=0.01)
    await asyncio.sleep(0.02)
    monkeypatch.setattr("starmodel.adapters.persistence.sqlmodel.sessions._SWEEP_EVERY", -1.0)
    await store.write("2" * 30, SessionPatch({"user": "1"}), seconds=60)
    rows = await store._database.read(lambda on: on.exec_driver_sql("SELECT key FROM starmodel_session_value").all())
    assert rows == [("2" * 30,)]


async def test_a_store_of_entities_keeps_sessions_over_its_own_connections(sqlite_url):
    repo = SQLRepo(sqlite_url)
    await repo.open()
    sessions = repo.sessions()
    await sessions.open()
    await sessions.write(ONE, SessionPatch({"user": "1"}), seconds=60)
    await sessions.close()
    assert (await repo.position()).number == 0, "nothing of it is in the log"
    await repo.close()
    again = SQLSessions(sqlite_url)
    await again.open()
    assert await again.read(ONE, seconds=60) == KeptSession({"user": "1"})
    await again.close()
