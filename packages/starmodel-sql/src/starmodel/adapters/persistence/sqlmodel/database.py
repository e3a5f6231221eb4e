"""One database: its threads, each with a connection of its own, and what is special about SQLite and Postgres.

A piece of work is a plain function of a connection, and runs in one go in one of those threads: one change of threads
for a whole commit or page, and nothing that a cancelled caller could cut in half.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from sqlalchemy import Connection, NullPool, create_engine, event, exc

from starmodel.core.errors import StarModelError

from .beginning import begin_privately
from .dates import read_all_dates
from .errors import is_disconnect, is_outdated, is_transient, store_error
from .functions import FUNCTIONS
from .line import BUSY_SECONDS, Line
from .statements import run_raw
from .together import Together

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from starmodel.core.errors import StoreError

    from .together import Job, Outcome
    from .url import DatabaseUrl

__all__ = ["Database"]

T = TypeVar("T")

Explain: TypeAlias = Callable[[exc.DBAPIError, Connection], StarModelError | None]

_OF_VALUES = (exc.IntegrityError, exc.DataError)
"""What a database says when it is the values that it does not take."""

READERS = 4
_ALIVE = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}
"""Whoever waits for an answer of Postgres asks after 5 seconds whether it is still there, not after two hours."""
IDLE_SECONDS = 10
"""After so long Postgres ends the transaction of a process that stands still, and that all others wait for."""
GLANCE_STEPS, GLANCES = 1000, 12
"""A read on the event loop may take so many steps of SQLite's machine, so many times: below a millisecond."""
RERUNS = 5
"""How often work is run again when only another transaction, or a lost connection, was in its way."""

LOCK_SECONDS = 15
"""How long a writer waits for a lock on Postgres: for the rows of another program, and for its turn at the log."""


class Database:
    """Runs work on the database at *url*."""

    def __init__(self, url: DatabaseUrl) -> None:
        self.url = url
        self.is_sqlite = url.is_sqlite
        self.engine: Engine = _engine(url)
        self._mine = threading.local()
        self._connections: list[Connection] = []
        self._lock = threading.Lock()
        self._line = Line()
        self._together = Together(self._transact_together)
        self._writers: ThreadPoolExecutor | None = None
        self._readers: ThreadPoolExecutor | None = None
        self._watcher: ThreadPoolExecutor | None = None

    def open(self) -> None:
        """Start the threads; their connections are made when they are first needed."""
        if self._writers is None:
            # One writer on SQLite, whose file takes one at a time.  Postgres puts them in a line by a lock of its own.
            self._writers = ThreadPoolExecutor(1 if self.is_sqlite else 4, "starmodel sql writer")
            self._readers = self._writers if self.url.is_memory else ThreadPoolExecutor(READERS, "starmodel sql reader")
            self._watcher = self._writers if self.url.is_memory else ThreadPoolExecutor(1, "starmodel sql watcher")

    async def close(self) -> None:
        """Finish what is being worked on, and close every connection."""
        pools = {pool for pool in (self._writers, self._readers, self._watcher) if pool is not None}
        self._writers = self._readers = self._watcher = None
        for pool in pools:
            await asyncio.to_thread(pool.shutdown)
        with self._lock:
            connections, self._connections = self._connections, []
        for connection in connections:
            with suppress(exc.SQLAlchemyError):
                connection.close()
        self._mine = threading.local()
        self.engine.dispose()

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Return what *work* makes of a connection, each of its statements seeing the newest commits."""
        return await self._run(self._readers, lambda: self._attempt(work))

    async def glance(self, work: Callable[[Connection], T]) -> T:
        """Do what :meth:`read` does, for *work* of which most takes no longer than a change of threads.

        On SQLite it is tried here and now: a row by its key takes 10 µs, a page by an index 50, and no writer keeps a
        reader waiting.  What turns out to be more, or has to wait after all, is left to :meth:`read`.
        """
        if self.is_sqlite and not self.url.is_memory and self._readers is not None:
            with suppress(exc.OperationalError):
                return work(self._here())
        return await self.read(work)

    def _here(self) -> Connection:
        """Return the connection of the event loop's own thread, which never waits, nor works for long."""
        connection = self._connection()
        if connection is not getattr(self._mine, "here", None):
            run_raw(connection, "PRAGMA busy_timeout=0")
            run_raw(connection, "PRAGMA wal_autocheckpoint=0")  # which takes long, and is for the thread
            raw: Any = connection.connection.driver_connection
            raw.set_progress_handler(self._is_enough, GLANCE_STEPS)
            self._mine.here = connection
        self._mine.glances = GLANCES
        return connection

    def _is_enough(self) -> bool:
        """Tell SQLite, which counts on over many uses of a statement, whether to give up this one."""
        self._mine.glances -= 1
        return bool(self._mine.glances < 0)

    async def watch(self, work: Callable[[Connection], T]) -> T:
        """Do what :meth:`read` does, in a thread that may wait without keeping anybody from reading."""
        return await self._run(self._watcher, lambda: self._attempt(work))

    async def write(self, work: Callable[[Connection], T], explain: Explain | None = None) -> T:
        """Return what *work* makes within one transaction, which is then on disk; or raise, and nothing happened.

        *work* may be run again, also after a commit whose answer was lost: it has to notice that by itself.
        *explain* finds words for a rule of the database that it broke.
        """
        return await self._run(self._writers, lambda: self._attempt(lambda on: self._transact(on, work, explain)))

    async def commit(self, work: Callable[[Connection], T], explain: Explain | None = None) -> T:
        """Do what :meth:`write` does, on an SQLite file in one transaction with others that wait at the same time.

        *work* is then run between others' work, of which it sees what they have done; a StarModelError takes back
        what is its own.  Postgres, whose writers wait in a line of their own, has a transaction for each.
        """
        if not self.is_sqlite or self.url.is_memory or self._writers is None:
            return await self.write(work, explain)
        alone = partial(self._attempt, lambda on: self._transact(on, work, explain))
        result: T = await self._together.done(work, alone, self._writers)
        return result

    @property
    def is_prompt(self) -> bool:
        """Whether :meth:`commit_at_once` is worth trying."""
        return self._together.is_free and self._writers is not None and not self._line.turn.locked()

    def commit_at_once(self, work: Callable[[Connection], T]) -> T | None:
        """Do what :meth:`commit` does for an SQLite file, here and now; ``None``, and nothing happened, if it cannot.

        What is too much, has to wait, or goes wrong, is left to :meth:`commit`, which finds out what is the matter; a
        StarModelError of *work* is raised.
        """
        return self._together.at_once(partial(self._transact_here, work))

    async def rehearse(self, work: Callable[[Connection], None], explain: Explain) -> None:
        """Do what :meth:`write` does, in a transaction that is taken back; *work* looks at what a commit would."""

        def transact(connection: Connection) -> None:
            self._transact(connection, work, explain, end="ROLLBACK")

        await self._run(self._writers, lambda: self._attempt(transact))

    def _transact_together(self, jobs: Sequence[Job]) -> Sequence[Outcome] | None:
        """Do several jobs in one transaction; ``None``, and nothing happened, when anything else than a rule fails.

        Done one by one, each then finds its own trouble.
        """
        connection = None
        try:
            connection = self._connection()
            return self._transact(connection, lambda on: [_between(on, job) for job in jobs], None)
        except Exception as error:  # noqa: BLE001  (each of the jobs will raise its own)
            if isinstance(error, exc.SQLAlchemyError):
                self._recover(connection, error)
            return None

    async def _run(self, pool: ThreadPoolExecutor | None, work: Callable[[], T]) -> T:
        if pool is None:
            raise self.failure(OSError("the store is not open; open the application first: async with app"))
        return await asyncio.get_running_loop().run_in_executor(pool, work)

    def _attempt(self, work: Callable[[Connection], T]) -> T:
        for attempt in range(1, RERUNS + 1):
            connection = None
            try:
                connection = self._connection()
                return work(connection)
            except exc.SQLAlchemyError as error:
                self._recover(connection, error)
                inner = getattr(error, "orig", None)
                if isinstance(inner, StarModelError):
                    raise inner from error
                if attempt == RERUNS or not (is_transient(error) or is_disconnect(error) or is_outdated(error)):
                    raise self.failure(error) from error
                time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311  (jitter, not a secret)
        raise AssertionError("unreachable")

    def _transact_here(self, work: Callable[[Connection], T]) -> T | None:
        if not self._line.turn.acquire(blocking=False):
            return None
        connection = None
        try:
            connection = self._here()
            if not self._line.begins_at_once(connection):
                return None
            result = work(connection)
            run_raw(connection, "COMMIT")
        except BaseException as error:
            if connection is not None:
                self._take_back(connection)
            if not isinstance(error, exc.SQLAlchemyError):
                raise
            self._recover(connection, error)
            return None
        finally:
            self._line.turn.release()
        return result

    def _take_back(self, connection: Connection) -> None:
        """End what was begun on the event loop; a connection that cannot even do that would lock the file for ever."""
        self._mine.glances = GLANCES  # what was given up for taking too long may still be taken back
        with suppress(exc.SQLAlchemyError):
            connection.exec_driver_sql("ROLLBACK")
        raw: Any = connection.connection.driver_connection
        if raw.in_transaction:
            self._give_up(connection)

    def _transact(
        self, connection: Connection, work: Callable[[Connection], T], explain: Explain | None, end: str = "COMMIT"
    ) -> T:
        with self._line.turn if self.is_sqlite else nullcontext():
            if self.is_sqlite:
                self._line.begin(connection)
            else:
                run_raw(connection, "BEGIN")
            try:
                result = work(connection)
                run_raw(connection, end)
            except BaseException as error:
                known = explain(error, connection) if explain and isinstance(error, _OF_VALUES) else None
                with suppress(exc.SQLAlchemyError):
                    connection.exec_driver_sql("ROLLBACK")
                if known is not None:
                    raise known from error
                raise
            return result

    def _connection(self) -> Connection:
        """Return this thread's own connection.  It commits each statement at once outside an explicit transaction."""
        connection: Connection | None = getattr(self._mine, "connection", None)
        if connection is None or connection.closed:
            connection = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            self._mine.connection = connection
            with self._lock:
                self._connections.append(connection)
        return connection

    def _recover(self, connection: Connection | None, error: exc.SQLAlchemyError) -> None:
        """Give up a connection that was lost or is of no use; the next work makes a new one."""
        if connection is not None and (is_disconnect(error) or is_outdated(error) or connection.invalidated):
            self._give_up(connection)

    def _give_up(self, connection: Connection) -> None:
        with self._lock:
            if connection in self._connections:
                self._connections.remove(connection)
        with suppress(exc.SQLAlchemyError):
            connection.close()
        self._mine.connection = None

    def failure(self, error: exc.SQLAlchemyError | OSError) -> StoreError:
        """Return *error* in words that say what to do, and leave no values of a row in *error* itself."""
        return store_error(error, self.url)


def _between(connection: Connection, job: Job) -> Outcome:
    """Do one of several jobs of a transaction: all of it, or nothing and the error that says why."""
    run_raw(connection, "SAVEPOINT job")
    outcome: Outcome
    try:
        outcome = job.work(connection), None
    except StarModelError as error:
        run_raw(connection, "ROLLBACK TO job")
        outcome = None, error
    run_raw(connection, "RELEASE job")
    return outcome


def _engine(url: DatabaseUrl) -> Engine:
    options: dict[str, Any]
    if not url.is_sqlite:
        limits = f"-c lock_timeout={LOCK_SECONDS}s -c idle_in_transaction_session_timeout={IDLE_SECONDS}s"
        options = {
            "application_name": "starmodel",
            "connect_timeout": 10,
            "options": f"-c timezone=UTC {limits}",
            "tcp_user_timeout": 1000 * IDLE_SECONDS,  # a network that swallows everything: no answer in milliseconds
            **_ALIVE,
        }
        engine = create_engine(url.url, poolclass=NullPool, connect_args=options, hide_parameters=True)
        event.listen(engine, "connect", read_all_dates)
        return engine
    options = {"check_same_thread": False, "timeout": BUSY_SECONDS}
    engine = create_engine(url.url, poolclass=NullPool, connect_args=options, hide_parameters=True)
    begin_privately(engine)
    synchronous = "NORMAL" if url.durability.value == "process" else "FULL"

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None
        for name, (function, count) in FUNCTIONS.items():
            connection.create_function(name, count, function, deterministic=True)
        _write_ahead(connection)
        for pragma in (f"synchronous={synchronous}", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Let the file have a write-ahead log, in which readers and a writer do not wait for each other.

    It is the file that has it, from the first time on; whoever else opens it at that moment may be told that it is
    locked, whatever patience was asked for.
    """
    ends = time.monotonic() + BUSY_SECONDS
    while connection.execute("PRAGMA journal_mode").fetchone() not in (("wal",), ("memory",)):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > ends:
                raise
            time.sleep(random.uniform(0, 0.02))  # noqa: S311  (jitter, not a secret)
        else:
            return
