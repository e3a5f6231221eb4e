"""Many commands for one wish: run one after the other beside the requests, counted, and taken back together.

Each row of a batch is a command like any other, called ``{batch}.{row}``: so it takes effect once however often it is
run, the log tells which batch it belongs to, and the whole is undone row by row.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from starmodel.app import refusal_of
from starmodel.app.ending import ended
from starmodel.app.policies import owned_id
from starmodel.core import Actor, Entity, Private, event
from starmodel.core.commands import Command
from starmodel.core.config import EntityConfig
from starmodel.core.errors import CommandReusedError, ConflictError, NotFoundError, StarModelError, StoreError
from starmodel.core.unit import Unit

if TYPE_CHECKING:
    from starmodel.app import Application

__all__ = ["Batch", "Batches", "Refused", "Row", "Rows", "batch_id", "row_id", "undoing"]

logger = logging.getLogger("starmodel.batches")

_TOLD = 200
"""So many refusals are told one by one; of the others only their number."""
_PAUSE = 0.3
_SILENT = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was not done: which one it was, what it is called, and why."""

    row: int
    name: str
    why: str


class Batch(Entity):
    """How far a batch is; its id says whose it is.  Only the program changes it."""

    of: str
    does: str
    back: str = ""
    undoes: str = ""
    plan: Private[str] = ""
    total: int = 0
    done: int = 0
    unchanged: int = 0
    refused: int = 0
    refusals: list[Refused] = []  # noqa: RUF012  (a field, which each has its own of)
    state: str = "running"
    note: str = ""
    moved: datetime = datetime(2000, 1, 1, tzinfo=UTC)

    model_config: ClassVar[EntityConfig] = {
        "default_events": (),
        "pages": False,
        "api": False,
        "namespace": "StarModelBatch",
    }

    def check(self) -> None:
        """Refuse an id by which anybody but the program could change it."""
        if not self.id.startswith("seen-"):
            raise ValueError("the program itself begins batches")

    @event
    @classmethod
    def begin(cls, of: str, does: str, total: int, back: str = "", undoes: str = "", plan: str = "") -> Batch:
        """Note that a batch begins; its id is given by whoever begins it."""
        id = Unit.current().new_id()
        return cls(id=id, of=of, does=does, total=total, back=back, undoes=undoes, plan=plan)

    @event
    def advance(
        self, done: int, unchanged: int, refused: int, refusals: list[Refused], state: str, note: str, moved: datetime
    ) -> None:
        """Say how far it is."""
        self.done, self.unchanged, self.refused, self.refusals = done, unchanged, refused, refusals
        self.state, self.note, self.moved = state, note, moved

    @property
    def seen(self) -> int:
        """How many rows were looked at."""
        return self.done + self.unchanged + self.refused

    def is_silent(self, now: datetime) -> bool:
        """Tell whether it says that it runs, and nothing was heard of it for long: its process has ended."""
        return self.state == "running" and now - self.moved > _SILENT


class Row(NamedTuple):
    """One row of a batch: its number, what it is called where it fails, and its command; ``None`` for nothing to do."""

    number: int
    name: str
    command: Command | None
    problem: str = ""
    is_text: bool = False


Rows = AsyncIterator[Row]


def batch_id(actor: Actor, key: str = "") -> str:
    """Return the id of a batch of *actor*: the same one for the same *key*."""
    return owned_id(actor.id, key or secrets.token_hex(15), "seen")


def row_id(batch: str, number: int) -> str:
    """Return the id of the command of a row."""
    return f"{batch}.{number}"


@dataclass(slots=True)
class _Count:
    done: int = 0
    unchanged: int = 0
    refused: int = 0
    refusals: list[Refused] = field(default_factory=list[Refused])
    note: str = ""

    def refuse(self, row: Row, why: str) -> None:
        self.refused += 1
        if len(self.refusals) < _TOLD:
            self.refusals.append(Refused(row.number, row.name, why))


class Batches:
    """Runs the batches of one process; a batch whose process ends stays as it is, and can be gone on with."""

    def __init__(self, application: Application) -> None:
        self._app = application
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def begin(self, batch: Batch, rows: Rows, actor: Actor, undo: Callable[[], Rows] | None = None) -> None:
        """Store *batch* and run its *rows* for *actor*, once: a batch that there is already is left alone.

        With *undo*, which yields what takes its rows back, all are done or none.
        """
        args = {name: getattr(batch, name) for name in ("of", "does", "back", "undoes", "plan", "total")}
        command = Command(entity=Batch.__entity_name__, event="begin", args=args, id=batch.id, entity_id=batch.id)
        if await self._app.persistence.for_class(Batch).get(Batch, batch.id) is not None:
            return
        try:
            made = await self._app.dispatch(command, actor=Actor(actor.id, trusted=True))
        except (CommandReusedError, ConflictError):  # somebody clicked twice, and what matches has changed in between
            return
        if not made.replayed:
            self.run(batch.id, rows, actor, undo)

    def run(self, batch: str, rows: Rows, actor: Actor, undo: Callable[[], Rows] | None = None) -> None:
        """Go through *rows*, unless that is done here already."""
        if batch not in self._tasks:
            task = asyncio.create_task(self._run(batch, rows, actor, undo), name=f"starmodel batch {batch}")
            self._tasks[batch] = task
            task.add_done_callback(lambda _: self._tasks.pop(batch, None))

    async def finished(self) -> None:
        """Wait for the batches that run."""
        while self._tasks:
            await asyncio.wait(self._tasks.values())

    async def close(self) -> None:
        """Stop after the row that is being done."""
        for task in list(self._tasks.values()):
            await ended(task)

    async def _run(self, batch: str, rows: Rows, actor: Actor, undo: Callable[[], Rows] | None) -> None:
        count, told = _Count(), time.monotonic()
        state = "done"
        await self._tell(batch, actor, count, "running")
        try:
            async for row in rows:
                await self._do(row, actor, count)
                if undo is not None and count.refused and count.done:
                    state, count.note = "stopped", await self._take_back(undo(), actor, count)
                    break
                if time.monotonic() - told > _PAUSE:
                    await self._tell(batch, actor, count, "running")
                    told = time.monotonic()
                await asyncio.sleep(0)
        except StarModelError as error:
            count.note, state = refusal_of(error, "").detail, "stopped"
        except Exception:
            id = secrets.token_hex(6)
            logger.exception("the batch %s failed (id %s)", batch, id)
            count.note, state = refusal_of(RuntimeError(), id).detail, "stopped"
        await self._tell(batch, actor, count, state)

    async def _take_back(self, rows: Rows, actor: Actor, count: _Count) -> str:
        """Undo what was done, and return what to say about it."""
        undone = _Count()
        async for row in rows:
            await self._do(row, actor, undone)
        count.done -= undone.done
        if undone.refused:
            return f"All or none were wanted, and {undone.refused} could not be taken back: {undone.refusals[0].why}"
        return "One was refused, and all or none were wanted: what was done before it was taken back"

    async def _do(self, row: Row, actor: Actor, count: _Count) -> None:
        if row.command is None:
            if row.problem:
                count.refuse(row, row.problem)
            else:
                count.unchanged += 1
            return
        try:
            result = await self._app.dispatch(row.command, actor=actor, text=row.is_text)
        except StoreError:
            raise  # the rows after it would fare no better
        except Exception as error:  # noqa: BLE001  (whatever an event raises concerns its own row alone)
            count.refuse(row, self._why(error, row))
        else:
            changed = result.commit is not None and bool(result.commit.changes)
            count.done, count.unchanged = count.done + changed, count.unchanged + (not changed)

    def _why(self, error: Exception, row: Row) -> str:
        refusal = refusal_of(error, secrets.token_hex(6))
        if refusal.status >= 500:
            logger.error("row %d of a batch failed (id %s)", row.number, refusal.id, exc_info=error)
            return f"{refusal.detail} ({refusal.id})"
        return refusal.detail

    async def _tell(self, batch: str, actor: Actor, count: _Count, state: str) -> None:
        args = {
            "done": count.done,
            "unchanged": count.unchanged,
            "refused": count.refused,
            "refusals": list(count.refusals),
            "state": state,
            "note": count.note,
            "moved": self._app.clock.now(),
        }
        try:
            command = Command(entity=Batch.__entity_name__, event="advance", args=args, entity_id=batch)
            await self._app.dispatch(command, actor=Actor(actor.id, trusted=True))
        except NotFoundError:
            logger.warning("the batch %s goes on, but its record is gone", batch)


async def undoing(application: Application, kind: type[Entity], batch: str, of: Batch) -> Rows:
    """Yield what takes back the rows of the batch *of*, the last first; *batch* is the one that does it."""
    store = application.persistence.for_class(kind)
    for number in reversed(range(of.total)):
        first = row_id(of.id, number)
        commit = await store.commit_of(first)
        command = None
        if commit is not None and commit.changes:
            command = Command(
                entity=kind.__entity_name__, event="undo", args={"command": first}, id=row_id(batch, number)
            )
        name = commit.changes[0].id if commit is not None and commit.changes else ""
        yield Row(number, name, command)
