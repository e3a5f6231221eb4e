"""What the parts of the suite of task queues share: the fixtures that an author gives, and tasks in one line."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

from starmodel.core.actors import Actor
from starmodel.core.commands import Command
from starmodel.core.task_queue import Handle, Task, TaskQueue
from starmodel.testing.base import Contract

__all__ = ["Diary", "TaskQueueSuite", "names", "sample_task"]

ADA = Actor("ada", "visitor-1", frozenset({"editor", "отдел"}))


class Diary:
    """A handler that notes what it is handed, and when; *answer* says what becomes of it."""

    def __init__(self, answer: Callable[[Task], str | None] = lambda _: None) -> None:
        self.tasks: list[Task] = []
        self.times: dict[str, list[float]] = {}
        self._answer = answer

    async def __call__(self, task: Task) -> str | None:
        """Note *task*."""
        self.tasks.append(task)
        self.times.setdefault(task.command.event, []).append(time.monotonic())
        return self._answer(task)


def sample_task(name: str = "ring", *, seconds: float = 0.0, id: str | None = None, **args: Any) -> Task:
    """Return a task called *name* that is due in so many *seconds*, with a fresh id."""
    command = Command(entity="Bell", event=name, entity_id="b-1", id=id or uuid.uuid4().hex, actor="ada", args=args)
    return Task(command, ADA, datetime.now(UTC) + timedelta(seconds=seconds))


def names(tasks: Sequence[Task]) -> list[str]:
    """Return what *tasks* are called, in order."""
    return [task.command.event for task in tasks]


class TaskQueueSuite(Contract):
    """The fixtures of the suite of task queues, and how patient their queues are."""

    tries: ClassVar[int] = 4
    """How often the queue of the fixture tries a task before it is parked; at least 3."""

    pause: ClassVar[float] = 0.05
    """Seconds that it pauses after the first try; a real queue pauses longer."""

    patience: ClassVar[float] = 10.0
    """Seconds in which whatever is to happen has happened, such as that a task is taken over from who has gone."""

    @pytest.fixture
    def new_task_queue(self) -> TaskQueue:
        """Make an empty queue that is not open yet, with these tries and this pause: every subclass gives it."""
        name = type(self).__name__
        raise NotImplementedError(f"give {name} a fixture new_task_queue that returns an empty, unopened queue")

    @pytest.fixture
    async def task_queue(self, new_task_queue: TaskQueue) -> AsyncIterator[TaskQueue]:
        """Open the queue for one test."""
        await new_task_queue.open()
        yield new_task_queue
        await new_task_queue.close()

    async def another(self, queue: TaskQueue) -> TaskQueue:
        """Return a second, unopened queue on the tasks of *queue*, as another process has it.

        A queue that processes share gives this method.
        """
        raise NotImplementedError(
            f"{type(queue).__name__}.single_process is False: give {type(self).__name__} a method another(queue) that "
            "returns a second queue on the same tasks, to prove it"
        )

    async def reopened(self, queue: TaskQueue) -> TaskQueue:
        """Return a new, unopened queue on the tasks of *queue*, which is closed.

        A queue that promises to survive the process gives this method.
        """
        raise NotImplementedError(
            f"{type(queue).__name__}.durability is {queue.durability.value!r}: give {type(self).__name__} a method "
            "reopened(queue) that returns a new queue on the same tasks, to prove it"
        )

    @asynccontextmanager
    async def serving(self, queue: TaskQueue, handle: Handle) -> AsyncIterator[asyncio.Task[None]]:
        """Serve *queue* within the block."""
        stop = asyncio.Event()
        server = asyncio.create_task(queue.serve(handle, stop))
        try:
            yield server
        finally:
            stop.set()
            await asyncio.wait([server], timeout=self.patience)
            server.cancel()
            await asyncio.wait([server])

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something *holds*; fail when patience ends before."""
        ends = time.monotonic() + self.patience
        while not holds():
            if time.monotonic() > ends:
                pytest.fail(f"that did not happen within {self.patience} s")
            await asyncio.sleep(0.005)

    async def until_parked(self, queue: TaskQueue, handle: Handle, number: int = 1) -> None:
        """Serve *queue* until so many tasks are parked."""
        ends = time.monotonic() + self.patience
        async with self.serving(queue, handle):
            while (await queue.count()).parked < number:
                if time.monotonic() > ends:
                    pytest.fail(f"{number} tasks were not parked within {self.patience} s")
                await asyncio.sleep(0.005)
