"""What is stored, read once for all open tabs that ask at the same moment: a change made elsewhere wakes them all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import TYPE_CHECKING, Any, TypeAlias

from starmodel.app.ending import ended

if TYPE_CHECKING:
    from starmodel.core.query import Stored
    from starmodel.core.typing import Key

__all__ = ["SharedReads"]

Read: TypeAlias = "Callable[[Key], Awaitable[Stored[Any] | None]]"
Answer: TypeAlias = "asyncio.Future[Stored[Any] | None]"


class SharedReads:
    """Reads by *read*; nobody is given what was read before he asked, since it may lack what he was told of."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._asked: dict[Key, list[Answer]] = {}
        self._running: set[asyncio.Task[None]] = set()

    def get(self, key: Key) -> Answer:
        """Return what to wait for: it gives what *read* gives, or raises; who gives up takes it from nobody else."""
        asked = self._asked.get(key)
        if asked is None:
            asked = self._asked[key] = []
            # in a context of its own: it is read for all, on behalf of nobody
            task = asyncio.create_task(self._answer(key, asked), name=f"starmodel live: read {key}", context=Context())
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        answer: Answer = asyncio.get_running_loop().create_future()  # of one's own: a shield for each costs twice that
        asked.append(answer)
        return answer

    async def _answer(self, key: Key, asked: list[Answer]) -> None:
        del self._asked[key]  # whoever asks from here on may have been told of more
        try:
            stored = await self._read(key)
        except Exception as error:  # noqa: BLE001  (whoever asked is told)
            for answer in _open(asked):
                answer.set_exception(error)
        except BaseException:
            for answer in _open(asked):
                answer.cancel()
            raise
        else:
            for answer in _open(asked):
                answer.set_result(stored)

    async def close(self) -> None:
        """End the reads that are under way."""
        for task in list(self._running):
            await ended(task)


def _open(asked: list[Answer]) -> list[Answer]:
    return [answer for answer in asked if not answer.done()]
