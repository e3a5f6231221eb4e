"""Commits that wait at the same time become one transaction: the disk is waited for once, and the thread woken once."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Connection

from .pace import Pace

__all__ = ["Job", "Outcome", "Together"]

T = TypeVar("T")

logger = logging.getLogger("starmodel.sql")

Outcome: TypeAlias = tuple[Any, BaseException | None]
"""What a job returned, or what it raised."""

_MOST = 50
"""How many jobs are one transaction at the most: others want to write to the file too."""


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of *work*; *alone* runs it in a transaction of its own."""

    work: Callable[[Connection], Any]
    alone: Callable[[], Any]
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[Any]


class Together:
    """Hands jobs to a thread, which takes all that have come while it was at work.

    *run* does several in one transaction; it returns an outcome for each, or ``None`` when they have to be done one by
    one.  No job is answered before its transaction is on disk.
    """

    def __init__(self, run: Callable[[Sequence[Job]], Sequence[Outcome] | None]) -> None:
        self._run = run
        self._pace = Pace()
        self._waiting: deque[Job] = deque()
        self._is_busy = False
        self._lock = threading.Lock()

    async def done(self, work: Callable[[Connection], Any], alone: Callable[[], Any], thread: Executor) -> Any:
        """Return what *work* made; whoever stops waiting for it does not stop it."""
        loop = asyncio.get_running_loop()
        job = Job(work, alone, loop, loop.create_future())
        with self._lock:
            self._waiting.append(job)
            begins, self._is_busy = not self._is_busy, True
        if begins:
            thread.submit(self._work_off)
        return await job.done

    @property
    def is_free(self) -> bool:
        """Whether nobody is at work or waits, and a transaction is not likely to take long."""
        return not self._is_busy and self._pace.is_quick

    def at_once(self, transact: Callable[[], T | None]) -> T | None:
        """Return what *transact* makes of a transaction here and now; ``None`` when it cannot, or this is not free."""
        if not self.is_free:
            return None
        begun = time.perf_counter()
        made = transact()
        if made is None:
            self._pace.beware()
        else:
            self._pace.note(time.perf_counter() - begun, at_once=True)
        return made

    def _work_off(self) -> None:
        while jobs := self._next():
            outcomes = self._together(jobs) if len(jobs) > 1 else None
            if outcomes is not None:
                self._pace.beware()
                _answer(jobs, outcomes)
                continue
            for job in jobs:
                _answer([job], [self._alone(job)])

    def _together(self, jobs: Sequence[Job]) -> Sequence[Outcome] | None:
        """Do *jobs* in one transaction; whatever goes wrong with that, nobody is kept waiting for ever."""
        try:
            return self._run(jobs)
        except Exception:
            logger.exception("%d commits could not be one transaction; doing them one by one", len(jobs))
            return None

    def _alone(self, job: Job) -> Outcome:
        begun = time.perf_counter()
        try:
            return job.alone(), None
        except BaseException as error:  # noqa: BLE001  (it is raised where the job is waited for)
            return None, error
        finally:
            self._pace.note(time.perf_counter() - begun, at_once=False)

    def _next(self) -> list[Job]:
        with self._lock:
            jobs = [self._waiting.popleft() for _ in range(min(_MOST, len(self._waiting)))]
            self._is_busy = bool(jobs)
        return jobs


def _answer(jobs: Sequence[Job], outcomes: Sequence[Outcome]) -> None:
    """Tell each event loop what became of its jobs, all of them at once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Job, Outcome]]] = {}
    for job, outcome in zip(jobs, outcomes, strict=True):
        by_loop.setdefault(job.loop, []).append((job, outcome))
    for loop, answers in by_loop.items():
        with suppress(RuntimeError):  # the loop is closed, and nobody waits there any more
            loop.call_soon_threadsafe(_tell, answers)


def _tell(answers: Sequence[tuple[Job, Outcome]]) -> None:
    for job, (result, error) in answers:
        if job.done.done():  # whoever waited has gone
            continue
        if error is None:
            job.done.set_result(result)
        else:
            job.done.set_exception(error)
