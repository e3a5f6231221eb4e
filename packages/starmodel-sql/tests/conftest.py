"""Databases for the tests: a file of their own, and an empty database of the Postgres that the whole run shares."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from starmodel.adapters.persistence.sqlmodel import SQLRepo


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def sqlite_url(tmp_path):
    return f"sqlite:///{tmp_path}/test.db"


class Shelf:
    """Databases that have the tables of some classes already, made once: most of what a test would wait for."""

    def __init__(self, request, folder):
        self._request, self._folder = request, folder
        self._known = {}

    def place(self, database, kinds):
        """Return the file, or the name of the database in Postgres, in which there are these tables."""
        key = (database, *kinds)
        if key not in self._known:
            number = len(self._known)
            if database == "postgres":
                self._known[key] = f"shelf{number}"
                self._make(self.server.made(self._known[key]), kinds)
            else:
                self._known[key] = self._folder / f"{number}.db"
                self._make(f"sqlite:///{self._known[key]}", kinds)
                with closing(sqlite3.connect(self._known[key])) as file, file:
                    file.execute("DELETE FROM starmodel_head")  # each copy begins a log of its own
        return self._known[key]

    @property
    def server(self):
        return self._request.getfixturevalue("postgres_server")

    def _make(self, url, kinds):
        async def make():
            store = SQLRepo(url)
            await store.open(kinds)
            await store.close()

        with ThreadPoolExecutor(1) as elsewhere:  # here an event loop may be running
            elsewhere.submit(asyncio.run, make()).result()


class HandedClock:
    """The clock of whichever test has the store."""

    def __init__(self):
        self.of = None

    def now(self):
        return self.of.now()

    def monotonic(self):
        return self.of.monotonic()


@pytest.fixture(scope="session")
def shelf(request, tmp_path_factory):
    return Shelf(request, tmp_path_factory.mktemp("shelf"))


@pytest.fixture
def store_of(shelf, tmp_path):
    """Give a store on "sqlite" or "postgres" that is not open yet: the tables of some classes are there, and no row.

    What the tables themselves are about is tested on empty databases.
    """
    used = set()

    def store_of(database, kinds, **options):
        place = shelf.place(database, tuple(kinds))
        if database == "postgres":
            used.add(place)
            return SQLRepo(f"{shelf.server.url}/{place}", schema="trust", **options)
        file = tmp_path / "test.db"
        if not file.exists():
            shutil.copy(place, file)
        return SQLRepo(f"sqlite:///{file}", schema="trust", **options)

    yield store_of
    for name in used:
        shelf.server.empty_tables(name)


@pytest.fixture(scope="module")
def closed_stores():
    return defaultdict(list)


@pytest.fixture
def lend_store(shelf, closed_stores):
    """Do what ``store_of`` does, by a store that an earlier test of the module has closed, if there is one.

    Its tables and statements are made already, which takes longer than most tests of a contract do.
    """
    used, lent = set(), []

    def lend_store(database, kinds, clock):
        place = shelf.place(database, tuple(kinds))
        url = f"{shelf.server.url}/{place}" if database == "postgres" else f"sqlite:///{place}.lent"
        if place not in used and database == "sqlite":
            for suffix in ("-wal", "-shm"):
                place.with_name(f"{place.name}.lent{suffix}").unlink(missing_ok=True)
            shutil.copy(place, f"{place}.lent")
        used.add(place)
        free = closed_stores[database, place]
        store, handed = free.pop() if free else _made(url)
        handed.of = clock
        lent.append((free, store, handed))
        return store

    yield lend_store
    for free, store, handed in lent:
        if store.database._writers is None:  # its test has closed it
            free.append((store, handed))
    for place in used:
        if isinstance(place, str):
            shelf.server.empty_tables(place)


def _made(url):
    clock = HandedClock()
    return SQLRepo(url, schema="trust", clock=clock), clock
