"""The stream of a tab: opened from the version embedded in its page, resumed from the last message it saw."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from .gate import header
from .replies import NO_STORE, send_bytes, send_plain
from .tab import MADE_AGAIN, Tab
from .tokens import PageToken
from .wire import comment_frame, event_frame

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from starmodel.core.actors import Actor

    from .runtime import Runtime

__all__ = ["LiveDoor"]

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    NO_STORE,
    (b"x-accel-buffering", b"no"),
]

_FULL = "Too many pages are open; this one shows what it has and tries again."


class LiveDoor:
    """The ASGI endpoint of every live page."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Keep one tab up to date until it, or the server, goes away."""
        runtime = self._runtime
        query = parse_qs(scope["query_string"].decode("latin-1"))
        actor = await runtime.actor(scope)
        token = PageToken.read(query.get("page", [""])[0], runtime.signer)
        if token is None or not token.is_for(actor) or not runtime.knows(token):
            await send_bytes(send, 200, b"text/event-stream; charset=utf-8", event_frame("sm-stale", {}))
            return
        if runtime.hub.streams >= runtime.max_streams or runtime.hub.draining:
            await send_plain(send, 503, _FULL, [(b"retry-after", b"5")])
            return
        runtime.hub.streams += 1  # before anything is waited for: many may come at once
        try:
            await self._serve(scope, receive, send, token, actor, query)
        finally:
            runtime.hub.streams -= 1

    async def _serve(
        self, scope: Scope, receive: Receive, send: Send, token: PageToken, actor: Actor, query: dict[str, list[str]]
    ) -> None:
        runtime = self._runtime
        seen = header(scope, b"last-event-id") or query.get("after", [""])[0]
        tab = Tab(runtime.hub, token, actor, scope, send)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
            await send({"type": "http.response.body", "body": comment_frame("open"), "more_body": True})
            runtime.hub.join(tab)
            if runtime.sessions.is_retired(tab.visit):  # while it was being asked who that is
                tab.end()
            await self._catch_up(tab, seen)
            await _until_gone(receive)
        except asyncio.CancelledError:
            if not tab.is_ending:
                raise
            task = asyncio.current_task()
            if task is not None:
                task.uncancel()  # the server itself ended the stream: the request ends in order
        finally:
            ended_here = tab.is_ending
            runtime.hub.leave(tab)
            tab.stop()
        if ended_here:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _catch_up(self, tab: Tab, seen: str) -> None:
        """Tell the tab what it has missed; everything as it is now where a log does not reach back."""
        gap, fresh = await self._runtime.hub.catch_up(tab, seen.split(","))
        if gap:
            tab.note_everything()
        if tab.token.boot != self._runtime.boot or _is_other(seen, tab.token):
            tab.note_page()  # another program may make it differently, or it was made again since its token was
        await tab.hello(fresh=fresh)
        tab.wake()


def _is_other(seen: str, token: PageToken) -> bool:
    """Tell whether the page in the browser may depend on something else than its token says."""
    return MADE_AGAIN in seen.split(",") or (token.is_remade and seen != ",".join(token.positions))


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
