"""What the application itself has to say when one of its handlers fails.

Starlette would ask it outside of every middleware, and its answer would go out without the headers that all have.
"""

from __future__ import annotations

import inspect
import logging
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

__all__ = ["answered_by_the_app"]

logger = logging.getLogger("starmodel.web")


async def answered_by_the_app(error: Exception, scope: Scope, receive: Receive, send: Send) -> bool:
    """Let the application's handler of 500 or Exception answer *error*; tell whether there was one that did."""
    handlers = getattr(scope.get("app"), "exception_handlers", {})
    handler = handlers.get(500) or handlers.get(Exception)
    if handler is None:
        return False
    request = Request(scope, receive)
    try:
        if inspect.iscoroutinefunction(handler):
            response = await handler(request, error)
        else:
            response = await run_in_threadpool(handler, request, error)
        await response(scope, receive, send)
    except Exception:
        logger.exception("the application's own handler of failures failed too")
        return False
    return True
