"""The port of whatever keeps commands for later: each is handed out when it is due, and again until it is done."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeAlias, runtime_checkable

from .actors import Actor
from .commands import Command
from .errors import InvalidError, Problem

if TYPE_CHECKING:
    import asyncio

    from .durability import Durability

__all__ = ["MAX_TASK", "Handle", "ParkedTask", "Task", "TaskCounts", "TaskQueue"]

MAX_TASK = 64 * 1024
"""Bytes of the JSON of the longest task that a queue has to keep."""


@dataclass(frozen=True, slots=True)
class Task:
    """A command that is to be run for *actor* when it is *due*, a time in UTC.  Its id is that of the command."""

    command: Command
    actor: Actor
    due: datetime

    @property
    def id(self) -> str:
        """The id of the command: two tasks that have the same are one."""
        return self.command.id

    def to_json(self) -> str:
        """Return it as JSON; the address of the actor is not in it."""
        actor = self.actor
        who = {"id": actor.id, "visitor": actor.visitor, "roles": sorted(actor.roles), "trusted": actor.trusted}
        data = {"command": json.loads(self.command.to_json()), "actor": who, "due": self.due.isoformat()}
        return json.dumps(data, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Return the task that :meth:`to_json` wrote; InvalidError when it did not."""
        try:
            data = json.loads(text)
            who, due = data["actor"], datetime.fromisoformat(data["due"])
            actor = Actor(str(who["id"]), who["visitor"], frozenset(who["roles"]), who["trusted"] is True)
            command: Any = data["command"]
        except (ValueError, RecursionError, LookupError, TypeError) as error:
            raise InvalidError([Problem((), f"this is not the JSON of a task: {error!r}", "json")]) from error
        if due.tzinfo is None:
            raise InvalidError([Problem(("due",), "must have its offset from UTC", "type")])
        return cls(Command.from_json(json.dumps(command)), actor, due)


@dataclass(frozen=True, slots=True)
class ParkedTask:
    """A task that is not tried again by itself after so many *tries*, because of *error*, since the time *at*."""

    task: Task
    error: str
    tries: int
    at: datetime


@dataclass(frozen=True, slots=True)
class TaskCounts:
    """How many tasks a queue keeps: those that wait for their time or are in somebody's hands, and those parked."""

    waiting: int
    parked: int


Handle: TypeAlias = Callable[[Task], Awaitable[str | None]]
"""Does a task: returns ``None`` when it is done, or why it never will be.  When it raises, it is tried again."""


@runtime_checkable
class TaskQueue(Protocol):
    """Keeps tasks, and hands each to whoever serves the queue when it is due: at least once, and never before.

    An engine with a loop of its own runs that within :meth:`serve`.  Every method may raise
    :class:`~starmodel.core.errors.StoreError` when the queue cannot be reached.
    """

    durability: Durability
    """What a task survives that :meth:`enqueue` has taken."""
    single_process: bool
    """True when other processes cannot see what is kept: more than one worker is then refused."""

    async def open(self) -> None:
        """Make ready; called once, before anything else."""

    async def close(self) -> None:
        """Let go of everything, after those who serve have stopped; what was kept, and lasts, stays kept."""

    async def enqueue(self, task: Task, /) -> Task:
        """Keep *task* and return it; one that was due in the past is due now.

        Where a task of this id is kept already, waiting, in hand or parked, nothing changes and that one is returned.
        :class:`~starmodel.core.errors.QueueFullError`, and nothing is kept, when there is no room for it.
        """

    async def cancel(self, id: str, /) -> bool:
        """Forget a task that waits or is parked; false when there is none, or somebody has it in hand."""

    async def serve(self, handle: Handle, stop: asyncio.Event, /) -> None:
        """Hand each task that is due to *handle*, several at a time, until *stop* is set.

        Then no more are handed out, and it returns when those in hand have ended.  One for which *handle* returned
        ``None`` is forgotten; one with a reason is parked with that.  One for which it raised is handed out again
        after a pause, which grows with each try, and is parked with the error after the last of them; meanwhile others
        have their turn.  Being cancelled lets go at once: what was in hand is handed to the next who serves.
        """

    async def work_off(self, handle: Handle, /) -> None:
        """Hand what is due to *handle*, as :meth:`serve` does, and return when nothing is due and nothing in hand."""

    async def parked(self, *, after: str = "", limit: int = 100) -> Sequence[ParkedTask]:
        """Return up to *limit* of those that are parked, the oldest first; only those behind the one with id *after*.

        They are kept until :meth:`retry` or :meth:`cancel`.
        """

    async def retry(self, id: str, /) -> bool:
        """Let a task that is parked be due now, as if it had never been tried; false when none of this id is parked."""

    async def count(self) -> TaskCounts:
        """Return how many there are."""
