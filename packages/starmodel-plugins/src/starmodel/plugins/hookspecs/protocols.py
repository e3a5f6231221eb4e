"""What is passed to hooks, what they answer, and the version of the list of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    from starmodel.core.settings import AdapterSettings

__all__ = [
    "HOOK_API",
    "AdapterKind",
    "AdapterRegistry",
    "AsgiApplication",
    "HealthCheck",
    "Middleware",
    "Mounted",
    "PanelSlot",
    "PartMode",
    "Route",
]

HOOK_API = (1, 1)
"""Version of this list.  A new hook or argument raises the minor number, anything that breaks a plugin the major one.

A plugin module says which it was written for by ``STARMODEL_HOOK_API = (1, 1)``."""

AdapterKind = Literal["store", "bus", "codec", "ui", "files", "auth"]
"""What adapters are chosen by name for; the rest of the world calls these ports."""

PanelSlot = Literal["list", "detail"]
"""The pages with room for panels: the list of a class, and the page of one entity."""

PartMode = Literal["cell", "fact", "control"]
"""Where a field is drawn: in the row of a list, on the page of an entity, in a form."""

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
HealthCheck: TypeAlias = Callable[[], "bool | Awaitable[bool]"]


class AsgiApplication(Protocol):
    """The ASGI application, as much of it as a plugin may count on: ``state`` is a place for shared objects.

    ``state.starmodel.app`` is the application below the web, whose ``dispatch`` every change goes through, and
    ``await state.starmodel.actor(scope)`` says who sent a request.  ``state.settings`` has the values of the settings
    that plugins declared.
    """

    @property
    def state(self) -> Any:
        """Return the place for shared objects, Starlette's ``State``."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection, as ASGI 3 says."""


class AdapterRegistry(Protocol):
    """Takes adapters in by name, for as long as the application lives."""

    @property
    def settings(self) -> AdapterSettings:
        """Return the values of the settings that plugins declared, and whether this is development."""

    def add(self, kind: AdapterKind, name: str, make: Callable[..., Any], /) -> None:
        """Offer an adapter: *make* is called when *name* is asked for, and then only.

        Where it has ``from_settings`` that is called instead, with the values of the settings in its ``declares``.  A
        name that an installed package or another plugin has is an error of this plugin.
        """


@runtime_checkable
class Route(Protocol):
    """A route in Starlette's form: ``Route``, ``Mount``, ``WebSocketRoute`` and ``Host`` all fit."""

    def matches(self, scope: Any) -> Any:
        """Return whether the route is meant, and what to add to the scope."""

    async def handle(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one connection, as ASGI 3 says."""


@runtime_checkable
class Mounted(Protocol):
    """An ASGI application and the *path* that it answers below, such as ``/weather``.

    Besides it may have three functions, each of which may be missing: ``drain()`` ends what would go on for ever when
    the server is about to stop; ``takes(scope)`` says how many bytes the body of a request may have, 0 for no more than
    usual; ``end_those(is_over)`` is called when sessions have ended, with what tells whether an actor's streams are
    over.
    """

    @property
    def path(self) -> str:
        """Return where it stands."""

    @property
    def app(self) -> Any:
        """Return the ASGI application; its lifespan is not run."""


class Middleware(Protocol):
    """Anything that wraps an ASGI application in another: a pure ASGI middleware class, or a partial of one."""

    def __call__(self, app: Any, /) -> Any:
        """Return the wrapped application."""
