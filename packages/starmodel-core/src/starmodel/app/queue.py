"""Tasks in the process's own memory: they end with it, and no other process knows of them."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import count, islice
from typing import TYPE_CHECKING

from starmodel.core.durability import Durability
from starmodel.core.errors import ConfigurationError, QueueFullError
from starmodel.core.task_queue import ParkedTask, TaskCounts

from .sources import SystemClock

if TYPE_CHECKING:
    from datetime import datetime

    from starmodel.core.ports import Clock
    from starmodel.core.task_queue import Handle, Task

__all__ = ["InProcessTasks"]

_LONGEST_WAIT = 60.0
"""Seconds after which it looks at the clock again, which somebody may have set."""


@dataclass(slots=True, eq=False)
class _Kept:
    task: Task
    size: int
    tries: int = 0
    is_in_hand: bool = False
    turn: int = 0  # which of its entries in the heap counts


class InProcessTasks:
    """Keeps up to *most* tasks of *max_bytes* together, those that are parked among them.

    A task that fails is tried again after *pause* seconds, then after twice as long each time, up to *longest*; after
    so many *tries* it is parked.  Up to *at_once* are in hand at a time.
    """

    durability = Durability.EPHEMERAL
    single_process = True

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        most: int = 10_000,
        max_bytes: int = 64 * 1024 * 1024,
        tries: int = 12,
        pause: float = 1.0,
        longest: float = 600.0,
        at_once: int = 10,
    ) -> None:
        if min(most, max_bytes, tries, at_once) < 1 or min(pause, longest) < 0:
            raise ConfigurationError("a queue keeps one task or more, tries it once or more, and pauses 0 s or more")
        self._clock: Clock = clock or SystemClock()
        self._most, self._max_bytes, self._at_once = most, max_bytes, at_once
        self._tries, self._pause, self._longest = tries, pause, longest
        self._kept: dict[str, _Kept] = {}
        self._parked: dict[str, tuple[_Kept, ParkedTask]] = {}
        self._by_time: list[tuple[datetime, int, _Kept]] = []
        self._turns = count(1)
        self._size = self._in_hand = 0
        self._servers: set[asyncio.Event] = set()

    async def open(self) -> None:
        """Do nothing: there is nothing to make ready."""

    async def close(self) -> None:
        """Do nothing: a process that opens the application again finds what it kept."""

    async def enqueue(self, task: Task, /) -> Task:
        """Keep *task*."""
        parked = self._parked.get(task.id)
        known = parked[0] if parked is not None else self._kept.get(task.id)
        if known is not None:
            return known.task
        size = len(task.to_json().encode("utf-8", "surrogatepass"))
        if len(self._kept) + len(self._parked) >= self._most or self._size + size > self._max_bytes:
            raise QueueFullError(
                f"the queue is full: {len(self._kept)} tasks wait and {len(self._parked)} are parked; it takes up to "
                f"{self._most} of {self._max_bytes} bytes together; try again later, or cancel some that are parked"
            )
        kept = self._kept[task.id] = _Kept(task, size)
        self._size += size
        self._wait_until(task.due, kept)
        return task

    async def cancel(self, id: str, /) -> bool:
        """Forget a task that waits or is parked."""
        kept = self._kept.get(id)
        if kept is not None and kept.is_in_hand:
            return False
        self._forget(id)
        return kept is not None or self._parked.pop(id, None) is not None

    async def parked(self, *, after: str = "", limit: int = 100) -> Sequence[ParkedTask]:
        """Return those that are parked, the oldest first."""
        every = [told for _, told in self._parked.values()]
        begin = next((number for number, told in enumerate(every, 1) if told.task.id == after), 0)
        return every[begin : begin + limit]

    async def retry(self, id: str, /) -> bool:
        """Let a parked task be due now."""
        if id not in self._parked:
            return False
        kept, _ = self._parked.pop(id)
        kept.tries = 0
        self._kept[id] = kept
        self._wait_until(self._clock.now(), kept)
        return True

    async def count(self) -> TaskCounts:
        """Return how many there are."""
        return TaskCounts(len(self._kept), len(self._parked))

    async def serve(self, handle: Handle, stop: asyncio.Event, /) -> None:
        """Hand out each task that is due, until *stop* is set."""
        news = asyncio.Event()
        self._servers.add(news)
        stopping = asyncio.create_task(_passed_on(stop, news))
        try:
            async with asyncio.TaskGroup() as hands:
                while not stop.is_set():
                    news.clear()
                    self._hand_out(handle, hands)
                    with suppress(TimeoutError):
                        await asyncio.wait_for(news.wait(), self._seconds_to_the_next())
        finally:
            self._servers.discard(news)
            stopping.cancel()

    async def work_off(self, handle: Handle, /) -> None:
        """Hand out what is due, and wait for all that is in hand, whoever has it."""
        news = asyncio.Event()
        self._servers.add(news)
        try:
            async with asyncio.TaskGroup() as hands:
                while self._hand_out(handle, hands) or self._in_hand:
                    await news.wait()
                    news.clear()
        finally:
            self._servers.discard(news)

    def _hand_out(self, handle: Handle, hands: asyncio.TaskGroup) -> bool:
        """Give what is due into *hands*, as many as there may be; return whether there was any."""
        due = list(islice(iter(self._next_due, None), max(0, self._at_once - self._in_hand)))
        for kept in due:
            kept.is_in_hand = True
            self._in_hand += 1
            doing = hands.create_task(_outcome(handle, kept.task), name=f"starmodel: task {kept.task.id}")
            doing.add_done_callback(partial(self._given_back, kept))  # also when it was cancelled before it began
        return bool(due)

    def _next_due(self) -> _Kept | None:
        """Take the next task that is due out of those that wait for their time."""
        now = self._clock.now()
        while self._by_time and self._by_time[0][0] <= now:
            _, turn, kept = heapq.heappop(self._by_time)
            if kept.turn == turn:
                return kept
        return None

    def _seconds_to_the_next(self) -> float | None:
        if not self._by_time or self._in_hand >= self._at_once:
            return None
        return min(_LONGEST_WAIT, max(0.0, (self._by_time[0][0] - self._clock.now()).total_seconds()))

    def _given_back(self, kept: _Kept, doing: asyncio.Task[str | Exception | None]) -> None:
        """Note what became of a task that was in hand."""
        kept.is_in_hand = False
        self._in_hand -= 1
        if doing.cancelled() and doing.cancelling():
            self._wait_until(self._clock.now(), kept)  # it is not its fault
            return
        became = asyncio.CancelledError("it cancelled itself") if doing.cancelled() else doing.result()
        if became is None:
            self._forget(kept.task.id)
        elif isinstance(became, str):
            self._park(kept, became, kept.tries + 1)
        else:
            self._note_failure(kept, became)
        self._wake()

    def _note_failure(self, kept: _Kept, error: BaseException) -> None:
        kept.tries += 1
        if kept.tries >= self._tries:
            self._park(kept, f"{type(error).__name__}: {error}", kept.tries)
            return
        pause = min(self._longest, self._pause * 2.0 ** min(kept.tries - 1, 60))
        self._wait_until(self._clock.now() + timedelta(seconds=pause), kept)

    def _park(self, kept: _Kept, why: str, tries: int) -> None:
        del self._kept[kept.task.id]
        self._parked[kept.task.id] = kept, ParkedTask(kept.task, why, tries, self._clock.now())

    def _wait_until(self, due: datetime, kept: _Kept) -> None:
        kept.turn = next(self._turns)
        heapq.heappush(self._by_time, (due, kept.turn, kept))
        self._wake()

    def _forget(self, id: str) -> None:
        """Forget everything about a task, and what is left of it among those that wait."""
        kept = self._kept.pop(id, None) or self._parked.get(id, (None,))[0]
        if kept is None:
            return
        self._size -= kept.size
        kept.turn = 0
        if len(self._by_time) > 2 * len(self._kept) + 100:
            self._by_time = [entry for entry in self._by_time if entry[2].turn == entry[1]]
            heapq.heapify(self._by_time)

    def _wake(self) -> None:
        for news in self._servers:
            news.set()


async def _outcome(handle: Handle, task: Task) -> str | Exception | None:
    """Return what *handle* says of *task*, or the error that it raised."""
    try:
        return await handle(task)
    except Exception as error:  # noqa: BLE001  (it is tried again, and told where it is parked)
        return error


async def _passed_on(stop: asyncio.Event, news: asyncio.Event) -> None:
    await stop.wait()
    news.set()
