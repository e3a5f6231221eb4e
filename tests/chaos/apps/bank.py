"""What the rig's servers run: one counter that everybody wants, accounts that money moves between, and a handler.

``RIG_FAULT=blind`` takes the version check out of the store, ``liar`` acknowledges what it does not store,
``forgetful`` has no receipts: so the rig can be seen to notice that.  ``RIG_CLOCK`` is how many seconds this node is
ahead of time, ``RIG_KEEP`` how many commits the log in Redis keeps.
"""

import asyncio
import json
import os
import secrets
import sys
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from fasthtml.common import B
from sqlalchemy import event as on_statement
from sqlalchemy.engine import Engine
from starlette.responses import JSONResponse

from starmodel.adapters.fasthtml import Shared, view
from starmodel.adapters.persistence.redis import RedisRepo
from starmodel.adapters.persistence.sqlmodel import SQLRepo
from starmodel.app.sources import SystemClock
from starmodel.bootstrap import create_app
from starmodel.core import DomainEvent, Entity, Unit, event
from starmodel.core.changes import sealed
from starmodel.core.errors import ConflictError

ACCOUNTS = 100
OPENING_BALANCE = 1000


@dataclass(frozen=True, kw_only=True)
class Moved(DomainEvent):
    amount: int


class Counter(Entity):
    count: int = 0
    model_config = {"store": "sql"}

    @event
    def increment(self) -> int:
        self.count += 1
        return self.count


class Account(Entity):
    balance: int = 0
    model_config = {"store": "sql"}

    @event
    @classmethod
    def open_all(cls) -> None:
        for number in range(ACCOUNTS):
            Unit.current().add(cls(id=f"{number}", balance=OPENING_BALANCE))

    @event
    async def send(self, to: str, amount: int) -> None:
        other = await Unit.current().get(Account, to)
        self.balance -= amount
        other.balance += amount
        self.record(Moved(amount=-amount))
        other.record(Moved(amount=amount))


class Blind(SQLRepo):
    """Whatever was read, the last one wins."""

    async def commit(self, changeset, /):
        while True:
            writes = [await self._as_now(write) for write in changeset.writes]
            try:
                return await super().commit(replace(changeset, writes=tuple(writes), built_on=None))
            except ConflictError:
                await asyncio.sleep(0)

    async def _as_now(self, write):
        stored = await self.get(write.kind, write.id)
        return replace(write, expected=0 if stored is None else stored.version)


class Liar(SQLRepo):
    """Says that it has stored what it has only tried."""

    async def commit(self, changeset, /):
        if changeset.command.event == "increment" and secrets.randbelow(10) == 0:
            return sealed(changeset, await self.position(), datetime.now(UTC))
        return await super().commit(changeset)


class Forgetful(SQLRepo):
    """Takes a command that is sent again for another one."""

    async def receipt(self, command_id, fingerprint, /):
        return None

    async def commit(self, changeset, /):
        if changeset.command.event == "increment":
            changeset = replace(changeset, command=replace(changeset.command, id=secrets.token_hex(16)))
        return await super().commit(changeset)


FAULTS = {"blind": Blind, "liar": Liar, "forgetful": Forgetful}

ahead, real_time = float(os.environ.get("RIG_CLOCK") or 0), time.time
if ahead:  # whoever asks what time it is on this node is told wrong
    time.time = lambda: real_time() + ahead
    SystemClock.now = lambda _: datetime.fromtimestamp(time.time(), UTC)

url, fault = os.environ["DATABASE_URL"], os.environ.get("RIG_FAULT")
stores = {"sql": FAULTS[fault](url)} if fault else {}
if url.startswith("redis://"):  # the classes name a store, the application decides what that is
    stores = {"sql": RedisRepo(url, keep=int(os.environ.get("RIG_KEEP") or 100_000))}
app = create_app(Counter, Account, stores=stores, title="Bank")


@app.on(Moved)
def note(recorded):
    line = {"id": recorded.id, "account": recorded.entity_id, "version": recorded.version, "pid": os.getpid()}
    with Path(os.environ["RIG_TOLD"]).open("a", encoding="utf-8") as told:
        told.write(json.dumps(line) + "\n")


@view
def face(account: Account):
    return B(f"balance {account.balance}")


@app.get("/account")
def page(account: Annotated[Account, Shared("0")]):
    """A live page of one account."""
    return face(account)


@view
def clicks(counter: Counter):
    return B(f"count {counter.count}")


@app.get("/watch/{counter}")
def watch(counter: Counter):
    """A live page of one counter."""
    return clicks(counter)


@app.get("/balances")
async def balances():
    """All accounts in one page, which is one statement."""
    page = await app.application.find(Account, limit=ACCOUNTS)
    return JSONResponse([stored.entity.balance for stored in page.items])


@on_statement.listens_for(Engine, "handle_error")
def tell(context) -> None:
    """Leave a word in the server's log about whatever the database complained of."""
    sys.stderr.write(f"{type(context.original_exception).__name__}: {context.original_exception}\n")
