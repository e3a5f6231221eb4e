"""Commands for later: put on a queue, and run from it like any other command while the application is open."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from starmodel.core.durability import Durability
from starmodel.core.errors import (
    CommandReusedError,
    ConfigurationError,
    ConflictError,
    EventError,
    InvalidError,
    NotFoundError,
    OnItsWayError,
    Problem,
    StarModelError,
    StoreError,
    TooManyError,
    UnknownEntityError,
    UnknownEventError,
)
from starmodel.core.task_queue import MAX_TASK, Task, TaskCounts
from starmodel.core.unit import running_unit

from .commits import is_discreet
from .ending import ended
from .intake import fingerprint_of
from .queue import InProcessTasks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starmodel.core.actors import Actor
    from starmodel.core.commands import Command
    from starmodel.core.ports import Clock, TaskQueue
    from starmodel.core.task_queue import ParkedTask

    from .catalog import Handler
    from .dispatcher import Dispatcher
    from .persistence import PersistenceManager

__all__ = ["Tasks"]

logger = logging.getLogger("starmodel.tasks")

PATIENCE = 5.0
"""Seconds that tasks in hand have to finish when the application closes."""
_PAUSE = 1.0
_PASSING = (TooManyError, StoreError, UnknownEntityError, UnknownEventError)  # a newer node may know the event


class Tasks:
    """The tasks of one application.  Without a *queue* they are in the memory of the process, from the first one on."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        persistence: PersistenceManager,
        queue: TaskQueue | None,
        *,
        clock: Clock,
        workers: int = 1,
    ) -> None:
        self.queue = queue
        self._dispatcher, self._persistence, self._clock, self._workers = dispatcher, persistence, clock, workers
        self.is_held = False
        """True when nobody serves the queue from the opening on, but from :meth:`begin`: others have to get ready."""
        self._is_open = self._is_serving = self._is_failing = False
        self._stop = asyncio.Event()
        self._server: asyncio.Task[None] | None = None

    @property
    def durability(self) -> Durability:
        """What a task survives that :meth:`later` has taken."""
        return InProcessTasks.durability if self.queue is None else self.queue.durability

    async def later(
        self, command: Command, /, *, actor: Actor, at: datetime | None = None, after: timedelta | None = None
    ) -> Task:
        """Put *command* on the queue; see :meth:`starmodel.app.Application.later`."""
        if running_unit.get() is not None:
            raise EventError(
                "an event that runs cannot put a task on the queue: it may be run again, or never be stored; record "
                "a domain event, and let its handler do it"
            )
        due = _due(at, after, self._clock.now())
        handler, complete = self._dispatcher.complete(command, actor=actor)
        self._refuse_unfit(handler, complete)
        handler.bind(complete.args)
        fingerprint = fingerprint_of(complete)
        task = Task(replace(complete, at=command.at), actor, due)  # else the log had the time when it was asked for
        _refuse_large(task)
        kept = await self._begun().enqueue(task)
        if kept is not task and (fingerprint_of(kept.command), kept.actor.id) != (fingerprint, actor.id):
            raise CommandReusedError(task.id)
        return kept

    async def cancel(self, id: str, /) -> bool:
        """Forget a task that waits or is parked; false when there is none, or it is being run."""
        return self.queue is not None and await self.queue.cancel(id)

    async def retry(self, id: str, /) -> bool:
        """Let a parked task be tried again now; false when none of this id is parked."""
        return self.queue is not None and await self.queue.retry(id)

    async def parked(self, *, after: str = "", limit: int = 100) -> Sequence[ParkedTask]:
        """Return what was refused, or failed too often, the oldest first: up to *limit* behind the id *after*."""
        return () if self.queue is None else await self.queue.parked(after=after, limit=limit)

    async def count(self) -> TaskCounts:
        """Return how many wait, and how many are parked."""
        return TaskCounts(0, 0) if self.queue is None else await self.queue.count()

    async def work_off(self) -> None:
        """Run what is due, and return when nothing is due any more and nothing in hand: for tests and scripts."""
        if self.queue is not None:
            await self.queue.work_off(self._run)

    def refuse_workers(self) -> None:
        """Raise ConfigurationError when one process cannot see what is kept, and several serve."""
        if self.queue is not None and self.queue.single_process and self._workers > 1:
            raise ConfigurationError(_ALONE.format(self._workers))

    async def open(self) -> None:
        """Make the queue ready."""
        self.refuse_workers()
        if self.queue is not None:
            await self.queue.open()
        self._is_open = True

    def begin(self) -> None:
        """Serve the queue from now on; one that was not given, from the first task on."""
        self._is_serving = True
        if self.queue is not None and self._server is None:
            self._serve(self.queue)

    async def stop(self) -> None:
        """Begin no task any more, and wait for those in hand, for some seconds at most; then they are let go."""
        server, self._server, self._is_serving = self._server, None, False
        self._stop.set()
        if server is not None and not await ended(server, patience=PATIENCE):
            logger.warning("tasks did not finish within %s s; they are run again when the queue is served", PATIENCE)

    async def close(self) -> None:
        """Let go of the queue."""
        self._is_open = False
        if self.queue is None:
            return
        with suppress(StoreError):
            await self._tell_what_ends(self.queue)
        await self.queue.close()

    async def _tell_what_ends(self, queue: TaskQueue) -> None:
        kept = await queue.count() if queue.durability is Durability.EPHEMERAL else TaskCounts(0, 0)
        if kept.waiting or kept.parked:
            told = "%d tasks wait in memory, and %d are parked: they end with this process"
            logger.warning(told, kept.waiting, kept.parked)

    def _begun(self) -> TaskQueue:
        """Return the queue, which somebody serves from now on."""
        if not self._is_open:
            raise ConfigurationError("the application is not open: async with application as app: await app.later(...)")
        if self.queue is None:
            if self._workers > 1:
                raise ConfigurationError(_ALONE.format(self._workers))
            self.queue = InProcessTasks(clock=self._clock)
        if self._server is None and self._is_serving:
            self._serve(self.queue)
        return self.queue

    def _serve(self, queue: TaskQueue) -> None:
        self._stop = asyncio.Event()
        nothing = contextvars.Context()  # whoever puts the first task there has nothing to do with the others
        serving = self._serving(queue, self._stop)
        self._server = asyncio.create_task(serving, name="starmodel: tasks", context=nothing)

    async def _serving(self, queue: TaskQueue, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await queue.serve(self._run, stop)
            except Exception as error:
                known = error if isinstance(error, StoreError) else None
                if not self._is_failing:
                    logger.warning("tasks cannot be served now: %s", error, exc_info=known is None)
                self._is_failing = True
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), _PAUSE)

    async def _run(self, task: Task) -> str | None:
        """Run the command of *task*; return why it was refused, ``None`` when it was done.

        What may pass is raised.
        """
        self._is_failing = False
        command = task.command
        try:
            await self._dispatcher.dispatch(command, actor=task.actor)
        except Exception as error:
            name = f"{command.entity}.{command.event}, task {command.id}"
            if not isinstance(error, StarModelError):
                logger.exception("%s failed", name)
                raise
            logger.warning("%s was refused: %s", name, error)
            if _may_pass(error):
                raise
            return str(error)
        return None

    def _refuse_unfit(self, handler: Handler, command: Command) -> None:
        """Raise for what nobody should keep in a queue, or could do later."""
        if handler.reads_only:
            raise EventError(f"{handler} only reads, and nobody would hear the answer; dispatch it now")
        for name in sorted(command.args):
            if name in handler.secrets or name in handler.files:
                what = "is secret" if name in handler.secrets else "is a file, which is kept for an hour"
                raise InvalidError([Problem((name,), f"{what}: it cannot wait in a queue; dispatch it now", "later")])
        if is_discreet(self._persistence.for_class(handler.kind)):
            raise EventError(f"{handler} is about what a browser keeps, and none will be there; dispatch it now")


_ALONE = (
    "{} workers cannot share tasks that one process keeps for itself; run one worker, or set STARMODEL_TASKS to a "
    "queue that processes share"
)


def _may_pass(error: StarModelError) -> bool:
    """Tell whether the same command may be done some time later, with nobody doing anything about it."""
    if isinstance(error, NotFoundError) and not isinstance(error, UnknownEntityError):
        return False
    return isinstance(error, _PASSING) or type(error) in (ConflictError, OnItsWayError)


def _refuse_large(task: Task) -> None:
    size = len(task.to_json().encode("utf-8", "surrogatepass"))
    if size > MAX_TASK:
        told = f"are {size} bytes with all that a task has, and it may have {MAX_TASK}; store them, and send the id"
        raise InvalidError([Problem(("args",), told, "too_large")])


def _due(at: Any, after: Any, now: datetime) -> datetime:
    """Return when it is due, in UTC; InvalidError says what does not fit."""
    if at is not None and after is not None:
        raise _wrong("at", "give at or after, not both")
    if after is not None and not isinstance(after, timedelta):
        raise _wrong("after", f"is {after!r:.80}; give a timedelta, such as timedelta(minutes=5)")
    if at is not None and not isinstance(at, datetime):
        raise _wrong("at", f"is {at!r:.80}; give a datetime, such as datetime(2030, 1, 1, tzinfo=UTC)")
    if at is not None and at.utcoffset() is None:
        raise _wrong("at", f"{at.isoformat()} has no zone; say which it is, such as at.replace(tzinfo=UTC)")
    try:
        due = now + (after or timedelta()) if at is None else at.astimezone(UTC)
    except OverflowError:
        raise _wrong("after" if at is None else "at", "is beyond all years that a datetime knows") from None
    return max(now, due)


def _wrong(name: str, message: str) -> InvalidError:
    return InvalidError([Problem((name,), message, "when")])
