"""Dies at every step in turn: ``python -m rig.failpoints commit|process URL FOLDER [EVERY [FIRST]]`` prints what came.

A step is a statement, counted from outside where it goes to the driver: nothing in the product knows of it.
Each attempt is a forked process that ends by ``os._exit`` before its n-th statement, or between a COMMIT and what
comes after it.  A second one then looks at what is stored, sends the same command again and looks once more.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import event as on_statement
from sqlalchemy.engine import Engine

import starmodel.adapters.persistence.sqlmodel.migrations  # a store imports it when it opens: better before the fork
import starmodel.app.relay
from starmodel.adapters.persistence.sqlmodel import SQLRepo, statements
from starmodel.app import Application
from starmodel.core import Command, DomainEvent, Entity, Unit, event
from starmodel.testing import PlainCodec

from .checks import log_of

__all__ = ["Walk"]

DIED = 77
PATIENCE = 30
"""Seconds that one process may take."""


@dataclass(frozen=True, kw_only=True)
class Moved(DomainEvent):
    amount: int


class Purse(Entity):
    coins: int = 0
    model_config = {"store": "sql"}

    @event
    @classmethod
    async def churn(cls, step: int) -> int:
        """Change two, make one, delete one, and record what happened to each."""
        unit = Unit.current()
        giver, taker, old = [await unit.get(cls, id) for id in ("giver", "taker", "old")]
        giver.coins -= 1
        taker.coins += 1
        unit.delete(old)
        new = unit.add(cls(id=f"new-{step}", coins=step))
        for purse, amount in ((giver, -1), (taker, 1), (new, step)):
            unit.record(purse, Moved(amount=amount))
        return step


class Failpoint:
    """Ends this process at the step *at*, counted from when it is armed; 0 never."""

    def __init__(self, at: int) -> None:
        self.at, self.steps, self.is_armed = at, 0, False
        self._lock = threading.Lock()
        on_statement.listen(Engine, "before_cursor_execute", lambda *_: self._step())
        made = statements._made

        def counted(make: Any, connection: Any, sql: str, values: Any) -> Any:
            self._step()
            result = made(make, connection, sql, values)
            if sql == "COMMIT":
                self._step()
            return result

        statements._made = counted  # the statements that go past SQLAlchemy

    def _step(self) -> None:
        with self._lock:
            self.steps += self.is_armed
            if self.is_armed and self.steps == self.at:
                os._exit(DIED)


@dataclass
class Walk:
    """What came of dying at every step."""

    steps: int = 0
    deaths: int = 0
    problems: list[str] = field(default_factory=list)
    repeated: int = 0
    """How often a handler was told again what it had been told."""


def forked(work: Callable[[], Awaitable[object]]) -> int:
    """Run *work* in a process of its own and return how it ended."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    signal.alarm(PATIENCE)
    status = 1
    try:
        asyncio.run(work())  # type: ignore[arg-type]  # a coroutine function
        status = 0
    except BaseException as error:  # noqa: BLE001  (told to the parent)
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
    finally:
        os._exit(status)


def application(url: str, told: Path | None = None) -> Application:
    app = Application([Purse], codec=PlainCodec(), stores={"sql": SQLRepo(url)})
    if told is not None:

        @app.on(Moved)
        def note(recorded: Any) -> None:
            with told.open("a", encoding="utf-8") as file:
                line = {"id": recorded.id, "purse": recorded.entity_id, "version": recorded.version}
                file.write(json.dumps(line) + "\n")

    return app


def churn(step: int) -> Command:
    return Command(entity="Purse", event="churn", args={"step": step}, id=f"churn-{step}")


async def elsewhere(store: SQLRepo) -> None:
    """Change a row as another program would: the next commit takes that into the log first."""
    await store.database.write(lambda on: on.exec_driver_sql("UPDATE purse SET coins = coins + 1 WHERE id = 'giver'"))


async def begin(url: str) -> None:
    """See that there is what the first step needs; every other one leaves it behind."""
    async with application(url) as app:
        for id, coins in (("giver", 1000), ("taker", 1000), ("old", 5)):
            await app.dispatch(Purse.create(coins=coins).on(id))


async def commit_once(url: str, step: int) -> None:
    """Send one command in a process that dies at one step of its commit."""
    failpoint = Failpoint(step)
    async with application(url) as app:
        await elsewhere(app.persistence.store("sql"))  # type: ignore[arg-type]  # the one given above
        failpoint.is_armed = True
        await app.dispatch(churn(step))
        failpoint.is_armed = False


async def live_once(url: str, told: Path, step: int) -> None:
    """Do all that a process does, from opening to closing, and die at one of its steps."""
    failpoint = Failpoint(step)
    failpoint.is_armed = True
    async with application(url, told) as app:
        await app.dispatch(churn(step))
        await until_told(told, f"churn-{step}.2")
    failpoint.is_armed = False


def was_told(told: Path, id: str) -> bool:
    return told.exists() and f'"{id}"' in told.read_text(encoding="utf-8")


async def until_told(told: Path, id: str, seconds: float = 20) -> None:
    for _ in range(int(seconds / 0.02)):
        if was_told(told, id):
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"nobody was told {id}")


async def look_and_repeat(url: str, told: Path | None, step: int) -> None:
    """See that all of the command is there or nothing; send it again; see that it is there once."""
    async with application(url, told) as app:
        store: Any = app.persistence.store("sql")
        was_done = await is_done(store, step)
        result = await app.dispatch(churn(step))
        assert result.replayed is was_done, f"replayed: {result.replayed}, and it was done: {was_done}"
        assert result.returned == step
        assert await is_done(store, step)
        if told is not None:
            await until_told(told, f"churn-{step}.2")
        await app.dispatch(Purse.create(coins=5).on("old"))


async def is_done(store: SQLRepo, step: int) -> bool:
    """Tell whether the command took effect; AssertionError when only a part of it did."""
    ends = "SELECT (SELECT number FROM starmodel_head), (SELECT max(number) FROM starmodel_log)"
    head, last = await store.database.read(lambda on: on.exec_driver_sql(ends).one())  # what waits may get there now
    assert head == last, f"the head stands at {head}, the log at {last}"
    log = await log_of(store)
    rows = await store.database.read(
        lambda on: on.exec_driver_sql("SELECT id, coins, _version AS version FROM purse").all()
    )
    found = {row.id: row for row in rows}
    await agree(store, found)
    mine = [commit for commit in log if commit.command.id == f"churn-{step}"]
    assert len(mine) <= 1, f"{len(mine)} commits of one command"
    assert (f"new-{step}" in found, "old" in found) == (bool(mine), not mine), "a part of the command took effect"
    return bool(mine)


async def agree(store: SQLRepo, rows: dict[str, Any]) -> None:
    """See that the newest change of each entity is what its row holds."""
    waiting = await store.database.read(lambda on: on.exec_driver_sql("SELECT entity_id FROM starmodel_outside").all())
    changes = await store.database.read(
        lambda on: on.exec_driver_sql(
            "SELECT entity_id, number, version, after FROM starmodel_change ORDER BY entity_id, number"
        ).all()
    )
    noted = {row.entity_id for row in waiting}
    for id, of_one in groupby(changes, lambda row: row.entity_id):
        *_, newest = of_one
        if id in noted:
            continue
        if newest.after is None:
            assert id not in rows, f"{id} is there, and its newest change is a deletion"
        else:
            assert rows[id].version == newest.version, f"{id}: row {rows[id].version}, change {newest.version}"
            coins = json.loads(newest.after).get("coins")
            assert coins in (None, rows[id].coins), f"{id}: row {rows[id].coins}, change {coins}"


def walk(url: str, folder: Path, *, whole: bool, every: int = 1) -> Walk:
    """Die at every step, or at every so manieth, until a process lives through all of them."""
    starmodel.app.relay.LEASE = 0.4  # a dead process's work passes on as soon as that
    starmodel.app.relay._RENEW = 0.1
    told, found, step = (folder / "told.jsonl" if whole else None), Walk(), 1
    assert forked(lambda: begin(url)) == 0
    while True:
        status = forked(partial(commit_once, url, step) if told is None else partial(live_once, url, told, step))
        if status not in (0, DIED):
            found.problems.append(f"step {step}: ended with {status}")
        if forked(partial(look_and_repeat, url, told, step)):
            found.problems.append(f"step {step}: see above")
        if status != DIED or found.problems:
            break
        found.deaths += 1
        step += every
    found.steps = step - 1
    if told is not None and told.exists():
        found.repeated = disorder(told, found.problems)
    return found


def disorder(told: Path, problems: list[str]) -> int:
    """Look for what was told too late; return how often something was told again."""
    newest: dict[str, int] = {}
    heard: set[str] = set()
    repeated = 0
    for line in map(json.loads, told.read_text(encoding="utf-8").splitlines()):
        if line["id"] in heard:
            repeated += 1
        elif line["version"] < newest.get(line["purse"], 0):
            problems.append(f"{line} was told after version {newest[line['purse']]}")
        heard.add(line["id"])
        newest[line["purse"]] = max(line["version"], newest.get(line["purse"], 0))
    return repeated


if __name__ == "__main__":
    kind, url, folder, *rest = sys.argv[1:]
    result = walk(url, Path(folder), whole=kind == "process", every=int(rest[0]) if rest else 1)
    print(json.dumps(asdict(result)))
