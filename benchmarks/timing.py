"""How long one call takes: the best of many short batches, contenders in turn, so that noise hits all alike."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

__all__ = ["Call", "best_of", "best_of_awaited"]

Call: TypeAlias = Callable[[], Any]

BATCH_SECONDS = 0.004
BATCHES = 60


def best_of(calls: dict[str, Call]) -> dict[str, float]:
    """Return the seconds that one call of each takes."""
    sizes = {name: _size(call) for name, call in calls.items()}
    best = dict.fromkeys(calls, float("inf"))
    for _ in range(BATCHES):
        for name, call in calls.items():
            best[name] = min(best[name], _batch(call, sizes[name]) / sizes[name])
    return best


def _size(call: Call) -> int:
    size = 1
    while _batch(call, size) < BATCH_SECONDS:
        size *= 2
    return size


def _batch(call: Call, size: int) -> float:
    turns = range(size)
    start = time.perf_counter()
    for _ in turns:
        call()
    return time.perf_counter() - start


async def best_of_awaited(call: Callable[[], Awaitable[Any]], size: int = 100) -> float:
    """Return the seconds that one awaited call takes; the loop gets a turn after each, as in a server."""
    best = float("inf")
    for _ in range(BATCHES):
        start = time.perf_counter()
        for _ in range(size):
            await call()
            await asyncio.sleep(0)
        best = min(best, (time.perf_counter() - start) / size)
    return best
