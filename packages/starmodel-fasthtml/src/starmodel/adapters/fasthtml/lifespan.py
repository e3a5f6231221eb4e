"""The life of an application: what is opened before the first request, and closed in turn after the last."""

from __future__ import annotations

import contextlib
import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from .app import StarModelApp

__all__ = ["around"]


def around(app: StarModelApp, inner: Any) -> Callable[[Any], AsyncIterator[Any]]:
    """Return the lifespan of *app* as FastHTML takes it, with *inner*, which somebody else asks for, inside of it.

    *inner* is an async generator function, as FastHTML takes it, or returns a context manager, as for Starlette; or
    ``None``.
    """
    if inspect.isasyncgenfunction(inner):
        inner = contextlib.asynccontextmanager(inner)

    async def steps(opened: Any) -> AsyncIterator[Any]:
        async with contextlib.AsyncExitStack() as closing:
            await app.runtime.open()
            closing.push_async_callback(app.runtime.close)
            closing.push_async_callback(app.pages.batches.close)
            await app.runtime.plugins.startup(app)
            closing.push_async_callback(app.runtime.plugins.shutdown, app)
            closing.push_async_callback(app.application.leave)  # told of everything before they shut down
            await app.application.listen()
            closing.push_async_callback(app.application.tasks.stop)
            app.application.tasks.begin()
            yield None if inner is None else await closing.enter_async_context(inner(opened))

    return steps
