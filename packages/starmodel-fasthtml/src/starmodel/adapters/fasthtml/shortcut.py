"""The shortcut to events: their routes looked up by name, before any pattern of any page is tried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.routing import BaseRoute, Match, NoMatchFound

if TYPE_CHECKING:
    from starlette.datastructures import URLPath
    from starlette.routing import Route
    from starlette.types import Receive, Scope, Send

__all__ = ["EventShortcut"]


class EventShortcut(BaseRoute):
    """Finds the route of an event in one look-up, however many entities and pages there are.

    The routes themselves stand in the application's list too: they answer a wrong method, and show what there is.
    """

    path = name = ""
    methods: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self._routes: dict[tuple[str, bool, str], Route] = {}

    def add(self, kind: str, tail: str, route: Route, *, of_class: bool) -> None:
        """Find *route* under ``/kind/tail``, or under ``/kind/{id}/tail``."""
        self._routes[kind, of_class, tail] = route

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match a request for an event by one of its own methods; leave every other to the routes behind."""
        if scope["type"] != "http":
            return Match.NONE, {}
        path: str = scope["path"].removeprefix(scope.get("root_path", ""))
        parts = path.split("/", 3)
        if len(parts) < 3 or parts[0]:  # ("", kind, and the name of an event of the class at least)
            return Match.NONE, {}
        params: dict[str, str] = {}
        route = self._routes.get((parts[1], True, "/".join(parts[2:])))
        if route is None and len(parts) > 3:  # ("", kind, id, event)
            route = self._routes.get((parts[1], False, parts[3]))
            params = {"id": parts[2]}
        if route is None or scope["method"] not in (route.methods or ()):
            return Match.NONE, {}
        return Match.FULL, {"endpoint": route.app, "path_params": params}

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Leave it to the routes themselves."""
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request to the event's door."""
        await scope["endpoint"](scope, receive, send)
