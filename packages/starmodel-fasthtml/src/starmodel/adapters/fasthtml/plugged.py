"""The routes and mounts of plugins: behind those of the application, and none at an address that is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from starlette.routing import Match, Mount
from starlette.routing import Route as HTTPRoute

from starmodel.core.ports import AuthProvider
from starmodel.plugins import Mounted, Route

from .keeping import ReadFirst

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from starlette.routing import BaseRoute, Router
    from starlette.types import ASGIApp

    from starmodel.plugins import PluginHost

__all__ = [
    "MIDDLEWARE",
    "MOUNTS",
    "ROUTES",
    "Address",
    "PluggedRoutes",
    "addresses_of",
    "auth_providers",
    "guarded_wrap",
    "mount_path",
]

ROUTES, MOUNTS, MIDDLEWARE = "starmodel_routes", "starmodel_mounts", "starmodel_middleware"
_AUTH = "starmodel_auth_providers"

_SAMPLES = {"int": "1", "float": "1.5", "uuid": "00000000-0000-0000-0000-000000000000"}
_METHODS = ("GET", "POST")


class Address(NamedTuple):
    """A method and an example of a path that somebody answers, and who that is."""

    method: str
    path: str
    owner: str


class _Plugged(NamedTuple):
    plugin: str
    hook: str
    route: Any


class PluggedRoutes:
    """Takes the routes of plugins into those of an application, and out again what is in conflict with them.

    *own* says which addresses the site's own pages have, which stand among no routes.
    """

    def __init__(self, plugins: PluginHost, router: Router, own: Callable[[], Iterable[Address]]) -> None:
        self._plugins, self._router, self._own = plugins, router, own
        self._plugged: list[_Plugged] = []

    def __contains__(self, route: object) -> bool:
        return any(one.route is route for one in self._plugged)

    def add(self, plugin: str, hook: str, route: Any) -> None:
        """Take a route in; TypeError within the plugin's record for what is none."""
        with self._plugins.guarded(plugin, hook):
            if not isinstance(route, Route):
                raise TypeError(f"a route has matches() and handle() as those of Starlette have, not {route!r:.80}")
            if isinstance(route, HTTPRoute | Mount):
                route.app = ReadFirst(route.app)
            self._plugged.append(_Plugged(plugin, hook, route))
            self._router.routes.append(cast("BaseRoute", route))

    def settle(self) -> None:
        """Leave out every route at an address of the application, or of a plugin before, and put it on record."""
        if not self._plugged:
            return
        own = [route for route in self._router.routes if route not in self]
        taken = [*self._own(), *(address for route in own for address in addresses_of(route, "the application"))]
        for one in list(self._plugged):
            why = self._conflict(one, taken, own)
            if why:
                self._plugged.remove(one)
                self._router.routes[:] = [route for route in self._router.routes if route is not one.route]
                self._plugins.reject(one.plugin, one.hook, why)
            else:
                own.append(one.route)
                taken += addresses_of(one.route, f"the plugin {one.plugin}")

    def _conflict(self, one: _Plugged, taken: Sequence[Address], own: Iterable[Any]) -> str:
        """Return why a route cannot stay, ``""`` for one that may."""
        with self._plugins.guarded(one.plugin, one.hook):
            for address in taken:
                if _answers(one.route, address):
                    at = getattr(one.route, "path", address.path)
                    return f"{at} would answer {address.path}, which {address.owner} does; choose another path"
            for address in addresses_of(one.route, one.plugin):
                if any(_answers(route, address) for route in own):
                    return f"{address.path} is answered by the application before it; choose another path"
            return ""
        return "it failed when it was asked whether it is meant"


def addresses_of(route: Any, owner: str) -> Iterator[Address]:
    """Yield an example of each address that a route answers; none for one that has no path of its own."""
    path = getattr(route, "path", None)
    if not isinstance(path, str):
        return
    filled = "/".join(_sample(part) for part in path.split("/"))
    methods = getattr(route, "methods", None)
    if methods is None and hasattr(route, "app") and hasattr(route, "routes"):  # a mount: all that is below it
        filled += "/x"
    for method in sorted(set(methods or _METHODS) - {"HEAD", "OPTIONS"}):
        yield Address(method, filled or "/", owner)


def mount_path(mounted: Any) -> str:
    """Return where a plugin's application stands; TypeError or ValueError for what is none, or stands nowhere."""
    if not isinstance(mounted, Mounted) or not callable(mounted.app):
        raise TypeError(f"what is mounted has a path and an ASGI application as its app, not {mounted!r:.80}")
    path = mounted.path.rstrip("/")
    if not path.startswith("/") or "{" in path or path.startswith("//"):
        raise ValueError(f"{mounted.path!r} must be a path such as /weather, with nothing variable in it")
    return path


def auth_providers(plugins: PluginHost) -> list[AuthProvider]:
    """Return what plugins have to say who sent a request."""
    found: list[AuthProvider] = []
    for answer in plugins.items(_AUTH):
        with plugins.guarded(answer.plugin, _AUTH):
            if not isinstance(answer.value, AuthProvider):
                raise TypeError(f"an auth provider has identify(headers, session, visitor), not {answer.value!r:.80}")
            found.append(answer.value)
    return found


def guarded_wrap(plugins: PluginHost, plugin: str, wrap: Any) -> Callable[[ASGIApp], ASGIApp]:
    """Return what wraps an application in a plugin's middleware, and leaves it bare where that fails."""

    def wrapped(app: ASGIApp) -> ASGIApp:
        with plugins.guarded(plugin, MIDDLEWARE):
            made: ASGIApp = wrap(app)
            if not callable(made):
                raise TypeError(f"middleware must return an ASGI application, not {made!r:.80}")
            return made
        return app

    return wrapped


def _sample(part: str) -> str:
    """Return a piece of a path with something in the place of each ``{name}``."""
    if "{" not in part:
        return part
    before, _, rest = part.partition("{")
    name, _, after = rest.partition("}")
    return before + _SAMPLES.get(name.partition(":")[2], "x") + _sample(after)


def _answers(route: Any, address: Address) -> bool:
    scope = {
        "type": "http",
        "method": address.method,
        "path": address.path,
        "root_path": "",
        "headers": [],
        "path_params": {},
    }
    match, _ = route.matches(scope)
    return match is Match.FULL
