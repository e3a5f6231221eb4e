"""How the body of an event is run: at once, awaited, in a worker thread, or step by step."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from starmodel.core.events import ClassEvent, Event, Mode
from starmodel.core.snapshot import Snapshot, is_draft, settle

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Keep", "OnStep", "run_body"]

OnStep: TypeAlias = Callable[[Any, Snapshot | None], Awaitable[None]]
"""Called with what a generator event yields and the snapshot at that moment (``None`` for an event of the class)."""

Keep: TypeAlias = Callable[[object, object], None]
"""Called with the target and each value that a generator event yields, before the step is shown: a snapshot counts."""

_Tell: TypeAlias = Callable[[Any], Awaitable[None]]


async def run_body(
    event: Event[Any, Any] | ClassEvent[Any, Any],
    target: Any,
    args: Mapping[str, Any],
    on_step: OnStep | None,
    keep: Keep,
) -> Any:
    """Run *event* on *target*, a draft or the class, and return what its body returned."""
    if event.mode is Mode.PLAIN:
        if event.options.blocking:
            return await asyncio.to_thread(event.fn, target, **args)
        return event.fn(target, **args)
    if event.mode is Mode.ASYNC:
        return await event.fn(target, **args)
    tell = partial(_tell, target, on_step, keep)
    if event.mode is Mode.STEPS:
        return await _steps(event.fn(target, **args), tell, blocking=event.options.blocking)
    await _async_steps(event.fn(target, **args), tell)
    return None


async def _steps(steps: Generator[Any, None, Any], tell: _Tell, *, blocking: bool) -> Any:
    def advance() -> tuple[bool, Any]:
        try:
            return True, next(steps)
        except StopIteration as stop:
            return False, stop.value

    try:
        while True:
            more, value = await asyncio.to_thread(advance) if blocking else advance()
            if not more:
                return value
            await tell(value)
    finally:
        # a thread that nobody waits for any more may still be in it
        if inspect.getgeneratorstate(steps) != inspect.GEN_RUNNING:
            steps.close()


async def _async_steps(steps: AsyncIterator[Any], tell: _Tell) -> None:
    async with aclosing(steps) as running:  # type: ignore[type-var]  # an async generator has aclose()
        async for value in running:
            await tell(value)


async def _tell(target: Any, on_step: OnStep | None, keep: Keep, value: Any) -> None:
    keep(target, value)
    if on_step is not None:
        snapshot = settle(target) if isinstance(target, Snapshot) and is_draft(target) else None
        await on_step(value, snapshot)
    await asyncio.sleep(0)  # a step is shown before the next one begins
