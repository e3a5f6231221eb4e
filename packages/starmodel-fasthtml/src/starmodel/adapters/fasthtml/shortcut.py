"""The shortcut to events, streams and kept pages: looked up, before the application tries the pattern of any page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .crud.site import send_page

if TYPE_CHECKING:
    from starlette.routing import Route
    from starlette.types import ASGIApp, Receive, Scope, Send

    from .crud import Site

__all__ = ["Shortcut"]


class Shortcut:
    """The innermost middleware: hands a request for a door to it, and every other one on to the routes.

    One look-up finds an event, however many entities and pages there are.  A door answers every refusal itself, so it
    needs nothing of what stands around the routes.  Its own route is in the application's list too: it answers a wrong
    method, and shows what there is.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._by_path: dict[str, Route] = {}
        self._of_entity: dict[tuple[str, str], Route] = {}

    def add(self, route: Route) -> None:
        """Find *route* under its path: one without parameters, or ``/kind/{id}/tail``."""
        before, id, tail = route.path.partition("/{id}/")
        if id:
            self._of_entity[before.removeprefix("/"), tail] = route
        else:
            self._by_path[route.path] = route

    def before(self, routes: ASGIApp) -> ASGIApp:
        """Return the application that asks the shortcut first, and *routes* for what it does not know."""

        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            is_http = scope["type"] == "http"
            page = self._site.kept_page(scope) if is_http else None
            if page is not None:
                await send_page(scope, send, page)
                return
            route = self._found(scope) if is_http else None
            await (routes if route is None else route.app)(scope, receive, send)

        return application

    def takes(self, scope: Scope) -> int:
        """Return how large the body of a request for a door may be, in bytes; 0 for no more than usual."""
        route, _ = self._route(scope)
        takes = getattr(None if route is None else route.app, "takes", None)
        return 0 if takes is None else int(takes(scope))

    def _found(self, scope: Scope) -> Route | None:
        """Return the route of the door that a request is for, if it has one of its methods."""
        route, params = self._route(scope)
        if route is None or scope["method"] not in (route.methods or ()):
            return None
        scope["route"], scope["endpoint"], scope["path_params"] = route, route.app, params
        return route

    def _route(self, scope: Scope) -> tuple[Route | None, dict[str, str]]:
        """Return the route of the door at an address, and what the address names."""
        path: str = scope["path"].removeprefix(scope.get("root_path", ""))
        route = self._by_path.get(path)
        if route is not None:
            return route, {}
        root, kind, id, tail = (*path.split("/", 3), "", "", "")[:4]
        return None if root else self._of_entity.get((kind, tail)), {"id": id}
