"""What a page that cannot be made is answered with: a page in words for people, a problem document for programs."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, Response

from starmodel.app import Refusal, refusal_of
from starmodel.app.doors import kept_elsewhere
from starmodel.core.errors import NotFoundError, StarModelError

from .commands import back_to
from .wanting import wants_page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Scope

    from .runtime import Runtime

__all__ = ["METHOD", "PageRefusals"]

METHOD = "This address cannot be opened like a page: a button or a form sends to it. Go to the page that it is on."

_WITHOUT_BODY = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
_PHRASES = {int(status): status.phrase.capitalize() for status in HTTPStatus}


class PageRefusals:
    """Answers the errors of pages."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def answer(self, request: Request, error: Exception) -> Response:
        """Answer *error*, an exception handler of Starlette's; raise it again when it is the program's own fault."""
        if isinstance(error, HTTPException):
            if error.status_code in _WITHOUT_BODY:
                return Response(status_code=error.status_code, headers=error.headers)
            refusal = self._of_nobody(request, error) or _refusal_of_http(error)
            return await self._told(request, refusal, dict(error.headers or {}))
        refusal = refusal_of(error, secrets.token_hex(6))
        if refusal.status >= 500:  # the gate logs and answers it
            raise error
        return await self._told(request, refusal, refusal.headers)

    def _of_nobody(self, request: Request, error: HTTPException) -> Refusal | None:
        """Return why there are no pages at the address of a class that browsers keep."""
        name = request.scope["path"].removeprefix(request.scope.get("root_path", "")).split("/")[1]
        if error.status_code != HTTPStatus.NOT_FOUND:
            return None
        kinds = (kind for kind in self._runtime.app.catalog if kind.__entity_name__.lower() == name)
        return next(map(kept_elsewhere, kinds), None)

    def page(self, scope: Scope, refusal: Refusal) -> str | None:
        """Return the page that tells of *refusal*; ``None`` to whoever will not look at it."""
        if not wants_page(scope):
            return None
        back = "/" if refusal.status >= 500 else back_to(scope)  # to the form that was sent; what is broken may stay so
        return self._runtime.refusal_page(scope, refusal, back)

    async def _told(self, request: Request, refusal: Refusal, headers: Mapping[str, str] | None = None) -> Response:
        if not wants_page(request.scope):
            media = "application/problem+json"
            return JSONResponse(refusal.to_dict(), refusal.status, headers, media)
        back = back_to(request.scope)
        back = "/" if back == request.scope["path"] else back
        if "starmodel.actor" not in request.scope:  # nothing at this address has asked who it is
            with suppress(StarModelError):
                await self._runtime.actor(request.scope)
        page = self._runtime.refusal_page(request.scope, refusal, back)
        return HTMLResponse(page, refusal.status, headers)


def _refusal_of_http(error: HTTPException) -> Refusal:
    if error.status_code == HTTPStatus.NOT_FOUND:
        return refusal_of(NotFoundError("page", ""), "")
    title = _PHRASES.get(error.status_code, f"Error {error.status_code}")
    detail = METHOD if error.detail == HTTPStatus.METHOD_NOT_ALLOWED.phrase else error.detail
    return Refusal(error.status_code, "http", title, detail, "")
