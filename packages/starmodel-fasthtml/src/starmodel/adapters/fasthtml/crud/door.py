"""Where the pages of the site stand among the routes of an application: after all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .places import place_at

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from starlette.routing import Router
    from starlette.types import ASGIApp, Receive, Scope, Send

    from .places import Place
    from .shape import Shape
    from .site import Site

__all__ = ["SiteDoor"]

_MOST = 1024
"""Addresses that are remembered, of some hundred bytes each."""


class SiteDoor:
    """Asks the site for an address that no route of the application has, and else says that there is nothing.

    What it found it remembers by method, host and path, which is all that decides whether a route has an address: the
    next request for such a page tries no route.
    """

    def __init__(self, site: Site, router: Router) -> None:
        self._site, self._router, self._nothing = site, router, router.default
        self._known: dict[Hashable, Place] = {}
        self._shapes: Sequence[Shape] = ()
        self._routes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a page of the site, if there is one at this address."""
        place = None
        if scope["type"] == "http":
            method = "GET" if scope["method"] == "HEAD" else scope["method"]
            place = place_at(self._site.shapes, method, scope["path"].removeprefix(scope.get("root_path", "")))
        if place is None:
            await self._nothing(scope, receive, send)
            return
        known = self._remembered()
        if len(known) >= _MOST:
            known.clear()
        known[_address(scope)] = place
        await self._site.answer(scope, receive, send, place)

    def before(self, routes: ASGIApp) -> ASGIApp:
        """Return the application that answers what is known to be a page of the site, or else asks *routes*."""

        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            place = self._remembered().get(_address(scope)) if scope["type"] == "http" else None
            if place is None:
                await routes(scope, receive, send)
            else:
                await self._site.answer(scope, receive, send, place)

        return application

    def _remembered(self) -> dict[Hashable, Place]:
        """Return what was found, nothing when the application has other routes or pages than it had."""
        if self._shapes is not self._site.shapes or self._routes != len(self._router.routes):
            self._shapes, self._routes = self._site.shapes, len(self._router.routes)
            self._known.clear()
        return self._known


def _address(scope: Scope) -> Hashable:
    return scope["method"], scope["state"]["headers"].get(b"host"), scope["path"], scope.get("root_path", "")
