"""Requests to an application in this process, as a server would make them of what a browser sends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Answer", "ask", "scope_of", "stream"]


@dataclass(slots=True)
class Answer:
    """What came back; names of headers are in lower case."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    body: bytes = b""

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    @property
    def json(self) -> Any:
        """The body as JSON says it."""
        return json.loads(self.body)

    def header(self, name: str) -> str:
        """Return a header, ``""`` when it is not there."""
        return next((value for key, value in self.headers if key == name), "")

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that it sets, by name."""
        pairs = [value.split(";")[0].partition("=") for name, value in self.headers if name == "set-cookie"]
        return {name: value for name, _, value in pairs}


def scope_of(method: str, target: str, headers: Mapping[str, str], *, scheme: str, host: str) -> Scope:
    """Return what a server makes of the head of a request."""
    path, _, query = target.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": scheme,
        "path": unquote(path),
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
        "client": ("127.0.0.1", 50000),
        "server": (host, 443 if scheme == "https" else 80),
        "state": {},
    }


async def ask(app: ASGIApp, scope: Scope, body: bytes) -> Answer:
    """Send a request and return the whole answer."""
    answer, over, sent = Answer(), asyncio.Event(), False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            await over.wait()  # whoever has asked stays until it is answered
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = [(n.decode("latin-1").lower(), v.decode("latin-1")) for n, v in message.get("headers", [])]
        elif message["type"] == "http.response.body":
            answer.body += message.get("body", b"")
            if not message.get("more_body", False):
                over.set()

    # A task of its own, as a server gives every request: what it leaves in its context does not reach others.
    await asyncio.create_task(_asked(app, scope, receive, send))
    return answer


async def stream(app: ASGIApp, scope: Scope) -> AsyncGenerator[bytes, None]:
    """Open a stream and yield what arrives on it; it is closed when nobody reads it any more."""
    gone, pieces = asyncio.Event(), asyncio.Queue[bytes | None]()

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            pieces.put_nowait(message.get("body", b""))
            if not message.get("more_body", False):
                pieces.put_nowait(None)

    request = asyncio.create_task(_asked(app, scope, receive, send))
    request.add_done_callback(lambda _: pieces.put_nowait(None))
    try:
        while (piece := await pieces.get()) is not None:
            yield piece
    finally:
        gone.set()
        await asyncio.wait({request})  # never the task itself: being cancelled here is nobody's but the reader's
        if not request.cancelled():
            request.result()


async def _asked(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app(scope, receive, send)
