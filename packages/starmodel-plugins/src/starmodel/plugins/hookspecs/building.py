"""The moments in which an application is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starmodel.core.hooks import hookspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starmodel.core.entity import Entity
    from starmodel.core.ports import AuthProvider, UIAdapter
    from starmodel.core.settings import PluginSetting

    from .protocols import AdapterRegistry, AsgiApplication, Middleware, Mounted, Route

__all__ = [
    "starmodel_auth_providers",
    "starmodel_entities",
    "starmodel_middleware",
    "starmodel_mounts",
    "starmodel_register",
    "starmodel_routes",
    "starmodel_settings",
    "starmodel_ui_adapter",
]

# A specification has no body, which is what the checkers are asked to ignore below.


@hookspec
def starmodel_settings() -> Iterable[PluginSetting]:  # type: ignore[empty-body]
    """Return the settings that the plugin reads; it is left out while a required one has no value.

    Asked first, before anything else of the application is there.
    """


@hookspec
def starmodel_register(registry: AdapterRegistry) -> None:
    """Offer adapters by name: ``registry.add("store", "papyrus", PapyrusRepo)``.

    A package that is an adapter and nothing else names it by an entry point and needs no hook.
    """


@hookspec
def starmodel_entities() -> Iterable[type[Entity]]:  # type: ignore[empty-body]
    """Return classes of entities that come with the plugin; they have pages, doors and policies like any other."""


@hookspec
def starmodel_ui_adapter(name: str) -> UIAdapter | None:
    """Return the kit called *name*, ``None`` for one of somebody else's; asked before the entry points."""


@hookspec
def starmodel_auth_providers() -> Iterable[AuthProvider]:  # type: ignore[empty-body]
    """Return what says who sent a request; asked after those that the application gives itself."""


@hookspec
def starmodel_routes(app: AsgiApplication) -> Iterable[Route]:  # type: ignore[empty-body]
    """Return routes to add to *app*: the gate and the middleware stand before them as before its own.

    One at an address of the application, or of a plugin before, is left out and put on record.
    """


@hookspec
def starmodel_mounts(app: AsgiApplication) -> Iterable[Mounted]:  # type: ignore[empty-body]
    """Return whole ASGI applications and where they stand, behind the gate; conflicts as with routes."""


@hookspec
def starmodel_middleware(app: AsgiApplication) -> Iterable[Middleware]:  # type: ignore[empty-body]
    """Return middleware to wrap *app* in; the first plugin's is the outermost, and the gate stands before it."""
