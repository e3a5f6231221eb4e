"""The moments that plugins may take part in; each function here is the signature and the manual of one hook.

Implement one by a function of the same name, marked with :func:`starmodel.core.hooks.hookimpl`.  Any argument may be
left out.  A hook written ``async def`` here may be implemented by a plain or by an async function; the others are
called while the application is built, and only plain functions fit.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

from starmodel.core.hooks import hookspec

if TYPE_CHECKING:
    from starmodel.core.actors import Actor
    from starmodel.core.commands import Command

__all__ = [
    "HOOK_API",
    "AsgiApplication",
    "HealthCheck",
    "Middleware",
    "Route",
    "starmodel_authorize",
    "starmodel_health_checks",
    "starmodel_middleware",
    "starmodel_page_head",
    "starmodel_plugin_info",
    "starmodel_routes",
    "starmodel_shutdown",
    "starmodel_startup",
]

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


# A specification has no body, which is what the checkers are asked to ignore below.


@hookspec
def starmodel_plugin_info() -> Mapping[str, str]:  # type: ignore[empty-body]
    """Describe the plugin: ``title``, ``summary``, ``docs``, whatever ``starmodel plugin list`` should show."""


@hookspec
async def starmodel_startup(app: AsgiApplication) -> None:
    """Open what the plugin needs, such as a connection.  Runs once, before the first request."""


@hookspec
async def starmodel_shutdown(app: AsgiApplication) -> None:
    """Close what the plugin opened.  Runs once, after the last request, in the reverse order of the start."""


@hookspec
def starmodel_routes(app: AsgiApplication) -> Iterable[Route]:  # type: ignore[empty-body]
    """Return routes to add to *app*; they pass the same middleware as its own."""


@hookspec
def starmodel_middleware(app: AsgiApplication) -> Iterable[Middleware]:  # type: ignore[empty-body]
    """Return middleware to wrap *app* in; the first plugin's is the outermost."""


@hookspec
def starmodel_page_head(request: Any) -> Iterable[object]:  # type: ignore[empty-body]
    """Return elements for the ``<head>`` of the page that answers *request*: styles, scripts, meta tags."""


@hookspec
async def starmodel_authorize(actor: Actor, command: Command) -> bool | None:
    """Return ``True`` to allow *command*, ``False`` to refuse it, ``None`` to leave it to the others.

    One refusal is enough.  Raise :class:`~starmodel.core.errors.ForbiddenError` to refuse with a reason.  Any other
    error, any other answer and an answer that is too late also refuse: this hook fails closed.
    """


@hookspec
def starmodel_health_checks() -> Mapping[str, HealthCheck]:  # type: ignore[empty-body]
    """Return checks by name; each returns, or awaits to, whether the part it looks at can serve."""
