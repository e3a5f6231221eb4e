"""What is served while the application has a mistake in it: what is wrong and where, until a change mends it."""

from __future__ import annotations

import asyncio
from html import escape
from typing import TYPE_CHECKING

from starmodel.adapters.fasthtml.pages import LIVE_PATH
from starmodel.adapters.fasthtml.wire import event_frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["BrokenApplication", "MendableApplication"]

_LOOPBACK = ("127.0.0.1", "::1")
_NAMES = ("127.0.0.1", "localhost", "[::1]")
_MEND = "Mend it and save the file: the page comes back by itself."
_BEAT_SECONDS = 20.0  # as a stream of a sound application; a page takes one that is silent for longer as lost
_ELSEWHERE = "The application cannot be loaded; the terminal says why."
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">\
<meta name="viewport" content="width=device-width, initial-scale=1"><title>It cannot be loaded</title>\
<style>:root {{ color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }} \
body {{ max-width: 60rem; margin: 3rem auto; padding: 0 1rem }} \
pre {{ padding: 1rem; border: 1px solid; border-radius: .5rem; overflow: auto; white-space: pre-wrap }}</style></head>\
<body><main><h1>It cannot be loaded</h1><pre>{why}</pre>\
<p>{mend}</p></main></body></html>"""


class BrokenApplication:
    """Answers every request with *why* the application cannot be loaded, as 503: whoever asks tries again.

    Only a browser on this machine, at an address of this machine, is told more than that it is so.  A page that is open
    there is told on its live stream, which stays open until :meth:`drain`: the page sees no other answer to that.
    """

    def __init__(self, why: str) -> None:
        self.why = why
        self._is_over = asyncio.Event()

    def drain(self) -> None:
        """End the streams of open pages: they ask whatever comes after this."""
        self._is_over.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; start and stop when the server does."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            is_local = _is_local(scope)
            if is_local and scope["method"] == "GET" and scope["path"].endswith(LIVE_PATH):
                await self._stream(receive, send)
            else:
                await self._answer(scope, send, self.why if is_local else _ELSEWHERE)
        else:
            await send({"type": "websocket.close", "code": 1013})

    async def _stream(self, receive: Receive, send: Send) -> None:
        ends = [asyncio.ensure_future(_until_gone(receive)), asyncio.ensure_future(self._is_over.wait())]
        text = f"{self.why}\n{_MEND}".encode("utf-8", "backslashreplace").decode()
        frame, has_ended = event_frame("sm-broken", text), False
        headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")]
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            while not has_ended:
                await send({"type": "http.response.body", "body": frame, "more_body": True})
                has_ended = bool((await asyncio.wait(ends, timeout=_BEAT_SECONDS, return_when="FIRST_COMPLETED"))[0])
                frame = event_frame("sm-beat", 0)
        finally:
            for end in ends:
                end.cancel()
        await send({"type": "http.response.body", "body": b""})

    async def _answer(self, scope: Scope, send: Send, why: str) -> None:
        is_page = b"text/html" in _header(scope, b"accept")
        text = _PAGE.format(why=escape(why), mend=_MEND) if is_page else f"{why}\n"
        body = text.encode("utf-8", "backslashreplace")
        answer = [
            (b"content-type", b"text/html; charset=utf-8" if is_page else b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'"),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            (b"retry-after", b"1"),
        ]
        if is_page and scope["method"] == "GET":
            answer.append((b"refresh", b"1"))
        await send({"type": "http.response.start", "status": 503, "headers": answer})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


class MendableApplication:
    """Serves *application*; one that cannot start is told of by *on_failure*, and answers why like a broken one."""

    def __init__(self, application: ASGIApp, on_failure: Callable[[BrokenApplication], None]) -> None:
        self._application, self._on_failure = application, on_failure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; start and stop when the server does."""
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        else:
            await self._application(scope, receive, send)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        why: str | None = None

        async def tell(message: Message) -> None:
            nonlocal why
            if message["type"] == "lifespan.startup.failed":
                why = str(message.get("message") or "the application does not say why").strip()
            else:
                await send(message)

        try:
            await self._application(scope, receive, tell)
        except BaseException:
            if why is None:
                raise
        if why is None:
            return
        self._application = broken = BrokenApplication(why)
        self._on_failure(broken)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})


async def _live(receive: Receive, send: Send) -> None:
    for phase in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{phase}.complete"})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _header(scope: Scope, name: bytes) -> bytes:
    """Return a header, the first of a repeated one."""
    value: bytes = next((value for key, value in scope["headers"] if key == name), b"")
    return value


def _is_local(scope: Scope) -> bool:
    """Tell whether it was asked for from this machine, and under a name that no other site can take."""
    client, *_ = scope.get("client") or ("",)
    name = _header(scope, b"host").decode("latin-1").lower()
    name = name.rpartition(":")[0] if name.rpartition(":")[2].isdigit() else name
    return client in _LOOPBACK and name in _NAMES
