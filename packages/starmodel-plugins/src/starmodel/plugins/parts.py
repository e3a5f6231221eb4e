"""One plugin's part in one hook, to be called on its own and at its own time."""

from __future__ import annotations

import asyncio
import inspect
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .calling import answer_at_once, answer_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from contextlib import AbstractContextManager

__all__ = ["BlockingError", "HookPart", "within"]

BLOCKING = 0.25
"""Seconds for which a plain function may keep the event loop, and so everybody, waiting."""


class BlockingError(TimeoutError):
    """A plain function gave its *answer*, and nothing else could happen meanwhile."""

    def __init__(self, answer: object, seconds: float) -> None:
        self.answer = answer
        super().__init__(
            f"it kept everybody waiting for {seconds:.1f} s; write it `async def`, and await what takes long"
        )


@dataclass(frozen=True, slots=True)
class HookPart:
    """What *plugin* does in a hook.  *guarded* is a context that records a failure, and swallows it.

    *is_left_out* tells whether it failed so often that it is left alone for a while.
    """

    plugin: str
    is_required: bool
    timeout: float
    function: Callable[..., Any]
    argnames: Sequence[str]
    guarded: Callable[[], AbstractContextManager[None]]
    is_left_out: Callable[[], bool]

    def answer(self, **arguments: object) -> Any:
        """Return what it answers at once; TypeError when that is to be awaited."""
        return answer_at_once(self, arguments)

    async def call(self, **arguments: object) -> Any:
        """Return what it answers within the time-out; whatever it raises is raised.

        BlockingError, with the answer, from a plain function that kept the event loop waiting.
        """
        begun = time.perf_counter()
        value = answer_of(self, arguments)
        if inspect.isawaitable(value):
            return await within(self.timeout, value)
        took = time.perf_counter() - begun
        if took > BLOCKING:
            raise BlockingError(value, took)
        return value


async def within(seconds: float, value: Awaitable[Any]) -> Any:
    """Return what *value* awaits to; TimeoutError when it takes more than so many *seconds*.

    RuntimeError when something that it waits for was cancelled, and not whoever waits here.
    """
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            return await value
    except TimeoutError as error:
        if limit.expired():
            raise TimeoutError(f"no answer within {seconds:g} s") from error
        raise
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise RuntimeError("something that it waited for was cancelled") from error
