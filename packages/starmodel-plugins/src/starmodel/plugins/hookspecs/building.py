"""The moments in which an application is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starmodel.core.hooks import hookspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .protocols import AsgiApplication, Middleware, Route

__all__ = ["starmodel_middleware", "starmodel_routes"]

# A specification has no body, which is what the checkers are asked to ignore below.


@hookspec
def starmodel_routes(app: AsgiApplication) -> Iterable[Route]:  # type: ignore[empty-body]
    """Return routes to add to *app*; they pass the same middleware as its own."""


@hookspec
def starmodel_middleware(app: AsgiApplication) -> Iterable[Middleware]:  # type: ignore[empty-body]
    """Return middleware to wrap *app* in; the first plugin's is the outermost."""
