"""The way to the page that signs in, from a page that somebody unknown may not see."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse

from .places import SIGN_IN, sign_in_address
from .session import read

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from starmodel.core.actors import Actor

__all__ = ["LeadsToSignIn"]

Knows: TypeAlias = "Callable[[Mapping[str, str], Mapping[str, Any], str], Awaitable[Actor | None]]"


class LeadsToSignIn:
    """Answers a page that is refused to somebody who is not signed in (403) by leading them to where they can be."""

    def __init__(self, app: ASGIApp, *, knows: Knows) -> None:
        self._app, self._knows = app, knows

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if not _is_looked_at(scope) or await self._is_known(scope):
            await self._app(scope, receive, send)
            return
        is_refused = False

        async def told(message: Message) -> None:
            nonlocal is_refused
            if message["type"] == "http.response.start" and message["status"] == 403:
                is_refused = True
                query = scope["query_string"].decode("latin-1")
                after = _raw_path(scope) + (f"?{query}" if query else "")
                await RedirectResponse(sign_in_address(after), 303)(scope, receive, send)
            elif not is_refused:
                await send(message)

        await self._app(scope, receive, told)

    async def _is_known(self, scope: Scope) -> bool:
        session = await read(scope.get("session", {}))
        return bool(session) and await self._knows({}, session, "") is not None


def _is_looked_at(scope: Scope) -> bool:
    """Tell whether a person waits for a page: the script in a page and programs are told the truth instead."""
    if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] == SIGN_IN:
        return False
    headers = Headers(scope=scope)
    return "text/html" in headers.get("accept", "") and "starmodel-request" not in headers


def _raw_path(scope: Scope) -> str:
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.partition(b"?")[0].decode("latin-1")
