"""What SQL costs beside sqlite3, SQLAlchemy and SQLModel, and over HTTP beside others: ``python -m benchmarks.sql``."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

from sqlalchemy import create_engine, select
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import Field, Session, SQLModel, col
from sqlmodel import select as model_select

from starmodel.adapters.persistence.sqlmodel import SQLRepo
from starmodel.adapters.pydantic import PydanticCodec
from starmodel.app import Application
from starmodel.core import Entity, Indexed, Query, event

from .report import Table
from .server import Server
from .timing import best_of, best_of_awaited
from .wrk import CONNECTIONS, Load, load

__all__ = ["measure"]

ROWS = 100_000
PATH = "/counter/lobby/increment"
SCRIPT = str(Path(__file__).with_name("command.lua"))
RAW, CORE, SESSION, ASYNC, OURS = "sqlite3", "SQLAlchemy Core", "SQLModel session", "Core, asyncio", "StarModel"


class Item(Entity):
    title: str = ""
    rank: Annotated[int, Indexed()] = 0
    done: bool = False
    note: str = ""
    model_config = {"store": "sql"}

    @event
    def increment(self) -> None:
        self.rank += 1


class ItemRow(SQLModel, table=True):
    """The same table, as SQLModel has it."""

    __tablename__ = "item"
    id: str = Field(primary_key=True)
    title: str
    rank: int
    done: bool
    note: str


AT_ONCE = 32


def measure() -> list[Table]:
    """Time reads and commits in one process, then commands over HTTP."""
    with tempfile.TemporaryDirectory() as folder:
        return [*asyncio.run(_in_process(Path(folder))), _over_http(Path(folder))]


async def _in_process(folder: Path) -> list[Table]:
    file = folder / "items.db"
    store = SQLRepo(f"sqlite:///{file}")
    async with Application([Item], codec=PydanticCodec(), stores={"sql": store}) as app:
        _fill(file)
        return [await _reads(file, store), await _commits(file, app)]


def _fill(file: Path) -> None:
    connection = sqlite3.connect(file)
    rows = ((f"i{n}", f"title {n}", n, False, "", 1) for n in range(ROWS))
    connection.executemany("INSERT INTO item (id, title, rank, done, note, _version) VALUES (?, ?, ?, ?, ?, ?)", rows)
    connection.execute("ANALYZE")
    connection.commit()
    connection.close()


async def _reads(file: Path, store: SQLRepo) -> Table:
    raw = sqlite3.connect(file)
    engine = create_engine(f"sqlite:///{file}")
    kept = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    table = store.tables.of(Item).table
    columns = [table.c[name] for name in Item.__entity_fields__]
    slow = create_async_engine(f"sqlite+aiosqlite:///{file}")

    def session_get() -> Any:
        with Session(engine) as session:
            return session.get(ItemRow, "i500")

    def session_list() -> Any:
        wanted = model_select(ItemRow).where(col(ItemRow.rank) >= 500).order_by(col(ItemRow.rank)).limit(20)
        with Session(engine) as session:
            return session.exec(wanted).all()

    def core_get() -> Any:
        return kept.execute(select(*columns).where(table.c.id == "i500")).first()

    def core_list() -> Any:
        return kept.execute(select(*columns).where(table.c.rank >= 500).order_by(table.c.rank).limit(20)).all()

    async def core_get_async() -> None:
        async with slow.connect() as connection:
            (await connection.execute(select(*columns).where(table.c.id == "i500"))).first()

    async def core_list_async() -> None:
        async with slow.connect() as connection:
            wanted = select(*columns).where(table.c.rank >= 500).order_by(table.c.rank).limit(20)
            (await connection.execute(wanted)).all()

    names = ", ".join(Item.__entity_fields__)
    by_id, by_rank = (
        f"SELECT {names} FROM item WHERE id = ?",
        f"SELECT {names} FROM item WHERE rank >= ? ORDER BY rank LIMIT 20",
    )
    query = Query(where={"rank": {"ge": 500}}, order=("rank",), limit=20)
    found = {
        "get by id": {
            **best_of({RAW: lambda: raw.execute(by_id, ("i500",)).fetchone(), CORE: core_get, SESSION: session_get}),
            ASYNC: await best_of_awaited(core_get_async),
            OURS: await best_of_awaited(lambda: store.get(Item, "i500")),
        },
        f"list 20 of {ROWS:,} by an index": {
            **best_of({RAW: lambda: raw.execute(by_rank, (500,)).fetchall(), CORE: core_list, SESSION: session_list}),
            ASYNC: await best_of_awaited(core_list_async),
            OURS: await best_of_awaited(lambda: store.query(Item, query)),
        },
    }
    await slow.dispose()
    kept.close()
    engine.dispose()
    raw.close()
    return _table("Reading SQLite", found)


def _table(title: str, found: dict[str, dict[str, float]]) -> Table:
    names = [RAW, CORE, SESSION, ASYNC, OURS]
    rows = [
        [piece, *(f"{times[name] * 1e6:.0f}" for name in names), f"{times[CORE] / times[OURS]:.2f}"]
        for piece, times in found.items()
    ]
    return Table(title, ["piece (µs)", *names, "speed to Core"], rows)


def _copy_table(raw: sqlite3.Connection, name: str) -> None:
    """Make a table of the same columns and indexes with ``bare_`` before its name; the log of it is empty."""
    made = "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type != 'trigger' AND sql IS NOT NULL"
    for (ddl,) in raw.execute(made, (name,)).fetchall():
        raw.execute(ddl.replace(name, f"bare_{name}"))
    if name in ("item", "starmodel_head"):
        raw.execute(f"INSERT INTO bare_{name} SELECT * FROM {name}")


async def _commits(file: Path, app: Application) -> Table:
    """One durable command beside the bare transaction that writes the same rows; both wait for the disk."""
    raw = sqlite3.connect(file, isolation_level=None)
    raw.execute("PRAGMA synchronous=FULL")
    command = Item.increment().on("i7")
    first = (await app.dispatch(command)).commit
    log = raw.execute("SELECT * FROM starmodel_log ORDER BY number DESC LIMIT 1").fetchone()
    change = raw.execute("SELECT * FROM starmodel_change ORDER BY number DESC LIMIT 1").fetchone()
    for name in ("starmodel_head", "starmodel_log", "starmodel_change", "item"):
        _copy_table(raw, name)
    assert first is not None
    number = 0

    async def bare() -> None:
        nonlocal number
        number += 1
        raw.execute("BEGIN IMMEDIATE")
        raw.execute("UPDATE bare_item SET rank = rank + 1, _version = _version + 1 WHERE id = 'i7'")
        raw.execute(
            f"INSERT INTO bare_starmodel_log VALUES ({', '.join('?' * len(log))})",
            (number, secrets.token_hex(16), *log[2:]),
        )
        raw.execute(f"INSERT INTO bare_starmodel_change VALUES ({', '.join('?' * len(change))})", (number, *change[1:]))
        raw.execute("UPDATE bare_starmodel_head SET number = ?", (number,))
        raw.execute("COMMIT")

    async def ours() -> None:
        await app.dispatch(command)

    async def ours_at_once() -> None:
        await asyncio.gather(*[app.dispatch(Item.increment().on(f"i{place}")) for place in range(AT_ONCE)])

    times = await _in_turns({"bare": bare, "ours": ours})
    at_once = await _in_turns({"bare": bare, "ours": ours_at_once}, size=30)
    at_once["ours"] /= AT_ONCE
    raw.close()
    return Table(
        "A durable command on SQLite",
        ["each on disk before it is answered (µs)", "bare transactions of the same rows", OURS, "speed to it"],
        [
            ["one after the other", *_beside(times)],
            [f"{AT_ONCE} people at the same time, at things of their own", *_beside(at_once)],
        ],
    )


def _beside(times: dict[str, float]) -> list[str]:
    return [f"{times['bare'] * 1e6:.0f}", f"{times['ours'] * 1e6:.0f}", f"{times['bare'] / times['ours']:.2f}"]


async def _in_turns(
    calls: dict[str, Callable[[], Awaitable[None]]], rounds: int = 15, size: int = 60
) -> dict[str, float]:
    """Return the median over rounds; the disk is noisier than the processor."""
    found: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            for _ in range(size):
                await call()
            found[name].append((time.perf_counter() - start) / size)
    return {name: statistics.median(times) for name, times in found.items()}


def _over_http(folder: Path, rounds: int = 3, seconds: int = 4) -> Table:
    contenders = {
        "Django": ("benchmarks.contenders.django_counter:app", {"DATABASE_FILE": str(folder / "django.db")}),
        "FastAPI + SQLModel": (
            "benchmarks.contenders.fastapi_counter:app",
            {"DATABASE_FILE": str(folder / "fastapi.db")},
        ),
        OURS: (
            "benchmarks.contenders.sql_counter:app",
            {"DATABASE_URL": f"sqlite:///{folder / 'ours.db'}", "STARMODEL_ENV": "development"},
        ),
    }
    speeds: dict[str, float] = {}
    outcome: dict[str, list[str]] = {}
    for name, (target, environment) in contenders.items():
        os.environ.update(environment)
        with Server(target) as server:
            cookie = (server.request("GET", "/")[0]["set-cookie"] or "").partition(";")[0]
            load(server, PATH, 1, _script(cookie), may_fail=True)
            start = _count(server, cookie)
            loads = [load(server, PATH, seconds, _script(cookie), may_fail=name != OURS) for _ in range(rounds)]
            lost = _lost(loads, _count(server, cookie) - start)
        speeds[name] = statistics.median(one.per_second for one in loads)
        outcome[name] = [lost, f"{sum(one.failed for one in loads):,}"]
    rows = [[name, f"{speed:,.0f}", f"{speeds[OURS] / speed:.1f}", *outcome[name]] for name, speed in speeds.items()]
    columns = ["contender", "increments/s", "StarModel is times as fast", "acknowledged and lost", "failed"]
    return Table("One increment over HTTP, on SQLite", columns, rows)


def _script(cookie: str) -> list[str]:
    return [SCRIPT, PATH, cookie, f"{secrets.token_hex(8)}-"]  # each run has keys of its own


def _count(server: Server, cookie: str) -> int:
    found = re.search(r"<h1>(\d+)</h1>", server.request("GET", "/", None, {"Cookie": cookie})[1])
    if found is None:
        raise RuntimeError("the page shows no count")
    return int(found[1])


def _lost(loads: list[Load], counted: int) -> str:
    acknowledged = sum(one.requests for one in loads)
    if counted > acknowledged + CONNECTIONS * (len(loads) + 1):  # with what the warm-up left unread
        raise RuntimeError(f"{acknowledged} increments were acknowledged and {counted} are in the counter")
    return f"{max(0, acknowledged - counted) / acknowledged:.0%}"


if __name__ == "__main__":
    for table in measure():
        print(table)
