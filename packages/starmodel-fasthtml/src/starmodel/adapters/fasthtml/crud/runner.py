"""Runs batches beside the requests: so many rows at the same time, counted, and told to whoever watches."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starmodel.app import refusal_of
from starmodel.app.ending import ended
from starmodel.core import Actor
from starmodel.core.commands import Command
from starmodel.core.errors import CommandReusedError, ConflictError, StarModelError, StoreError

from .batches import Batch, Refused, Row, Rows

if TYPE_CHECKING:
    from starmodel.app import Application
    from starmodel.core.changes import Commit

__all__ = ["Batches"]

logger = logging.getLogger("starmodel.batches")

_TOLD = 200
"""So many refusals are told one by one; of the others only their number."""
_PAUSE = 0.3
_ABREAST = 16
"""So many rows are done at the same time: what waits for the disk together is one transaction there."""


@dataclass(slots=True)
class _Count:
    done: int = 0
    unchanged: int = 0
    refused: int = 0
    refusals: list[Refused] = field(default_factory=list[Refused])
    note: str = ""

    def add(self, commit: Commit | None) -> None:
        changed = commit is not None and bool(commit.changes)
        self.done, self.unchanged = self.done + changed, self.unchanged + (not changed)

    def refuse(self, row: Row, why: str) -> None:
        self.refused += 1
        if len(self.refusals) < _TOLD:
            self.refusals.append(Refused(row.number, row.name, why))


class Batches:
    """The batches of one process; one whose process ends stays as it is, and can be gone on with."""

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
        """Stop after the rows that are being done."""
        for task in list(self._tasks.values()):
            await ended(task)

    async def _run(self, batch: str, rows: Rows, actor: Actor, undo: Callable[[], Rows] | None) -> None:
        count, state = _Count(), "done"
        await self._tell(batch, actor, count, "running")
        try:
            if not await self._through(batch, rows, actor, count, all_or_none=undo is not None) and undo is not None:
                state, count.note = "stopped", await self._take_back(undo(), actor, count)
        except StarModelError as error:
            count.note, state = refusal_of(error, "").detail, "stopped"
        except Exception:
            id = secrets.token_hex(6)
            logger.exception("the batch %s failed (id %s)", batch, id)
            count.note, state = refusal_of(RuntimeError(), id).detail, "stopped"
        await self._tell(batch, actor, count, state)

    async def _through(self, batch: str, rows: Rows, actor: Actor, count: _Count, *, all_or_none: bool) -> bool:
        """Do all *rows*; False when some were done and one was not, and all or none are wanted."""
        told, abreast = time.monotonic(), dict[str, Row]()
        async for row in rows:
            # Those of one entity, which have the same name or target, are done one after the other.
            entity = f"#{row.number}" if row.command is None else row.command.entity_id or row.name
            if entity in abreast or len(abreast) == _ABREAST:
                await self._do(list(abreast.values()), actor, count)
                abreast.clear()
                if all_or_none and count.refused and count.done:
                    return False
            abreast[entity] = row
            if time.monotonic() - told > _PAUSE:
                await self._tell(batch, actor, count, "running")
                told = time.monotonic()
        await self._do(list(abreast.values()), actor, count)
        return not (all_or_none and count.refused and count.done)

    async def _take_back(self, rows: Rows, actor: Actor, count: _Count) -> str:
        """Undo what was done, and return what to say about it."""
        undone = _Count()
        async for row in rows:
            await self._do([row], actor, undone)
        count.done -= undone.done
        if undone.refused:
            return f"All or none were wanted, and {undone.refused} could not be taken back: {undone.refusals[0].why}"
        return "One was refused, and all or none were wanted: what was done before it was taken back"

    async def _do(self, rows: list[Row], actor: Actor, count: _Count) -> None:
        """Do *rows* at the same time; one that is refused may only have come too early, and gets a second turn."""
        outcomes = await asyncio.gather(*[self._dispatched(row, actor) for row in rows])
        for row, outcome in zip(rows, outcomes, strict=True):
            again = isinstance(outcome, StarModelError) and len(rows) > 1
            self._note(row, await self._dispatched(row, actor) if again else outcome, count)
        await asyncio.sleep(0)

    async def _dispatched(self, row: Row, actor: Actor) -> Commit | Exception | None:
        if row.command is None:
            return None
        try:
            return (await self._app.dispatch(row.command, actor=actor, text=row.is_text)).commit
        except CommandReusedError:  # done before the batch was cut short; now its entity is found by its key
            store = self._app.persistence.for_class(self._app.catalog.kind(row.command.entity))
            return await store.commit_of(row.command.id)
        except Exception as error:  # noqa: BLE001  (whatever an event raises concerns its own row alone)
            return error

    def _note(self, row: Row, outcome: Commit | Exception | None, count: _Count) -> None:
        if isinstance(outcome, StoreError):
            raise outcome  # the rows after it would fare no better
        if isinstance(outcome, Exception):
            count.refuse(row, self._why(outcome, row))
        elif row.problem:
            count.refuse(row, row.problem)
        else:
            count.add(outcome)

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
        except StarModelError as error:
            logger.warning("how far the batch %s is could not be stored: %s", batch, error)
