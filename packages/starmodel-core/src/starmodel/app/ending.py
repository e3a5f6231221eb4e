"""Ending a background task, without ending with it."""

from __future__ import annotations

import asyncio

__all__ = ["ended"]


async def ended(task: asyncio.Task[None], *, patience: float = 0.0) -> bool:
    """End *task*: wait *patience* seconds for it, then cancel it; return whether it ended by itself.

    What it raised is not raised here.  CancelledError only when whoever waits here is cancelled.
    """
    done, _ = await asyncio.wait([task], timeout=patience)
    if not done:
        task.cancel()
        await asyncio.wait([task])
    return bool(done)
