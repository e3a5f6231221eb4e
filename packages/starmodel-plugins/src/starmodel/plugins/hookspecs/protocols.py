"""What is passed to hooks, what they answer, and the version of the list of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol, TypeAlias, runtime_checkable

__all__ = ["HOOK_API", "AsgiApplication", "HealthCheck", "Middleware", "Route"]

HOOK_API = (1, 0)
"""Version of this list.  A new hook or argument raises the minor number, anything that breaks a plugin the major one.

A plugin module says which it was written for by ``STARMODEL_HOOK_API = (1, 0)``."""

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
HealthCheck: TypeAlias = Callable[[], "bool | Awaitable[bool]"]


class AsgiApplication(Protocol):
    """The ASGI application, as much of it as a plugin may count on: ``state`` is a place for shared objects."""

    @property
    def state(self) -> Any:
        """Return the place for shared objects, Starlette's ``State``."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection, as ASGI 3 says."""


@runtime_checkable
class Route(Protocol):
    """A route in Starlette's form: ``Route``, ``Mount``, ``WebSocketRoute`` and ``Host`` all fit."""

    def matches(self, scope: Any) -> Any:
        """Return whether the route is meant, and what to add to the scope."""

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one connection, as ASGI 3 says."""


class Middleware(Protocol):
    """Anything that wraps an ASGI application in another: a pure ASGI middleware class, or a partial of one."""

    def __call__(self, app: Any, /) -> Any:
        """Return the wrapped application."""
