"""Whole answers as two ASGI messages: no stream, no task, no thread."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starmodel.app.bodies import json_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import Message, Receive, Send

__all__ = [
    "NO_STORE",
    "send_bytes",
    "send_frames",
    "send_json",
    "send_nothing",
    "send_plain",
    "send_see_other",
    "unread",
]

_LINGER_BYTES = 16 * 1024 * 1024
_LINGER_SECONDS = 5.0

NO_STORE = (b"cache-control", b"no-store")


async def send_bytes(
    send: Send, status: int, content_type: bytes, body: bytes, extra: Iterable[tuple[bytes, bytes]] = ()
) -> None:
    """Answer with *body*."""
    headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode()), NO_STORE, *extra]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def send_plain(send: Send, status: int, text: str, extra: Iterable[tuple[bytes, bytes]] = ()) -> None:
    """Answer with one paragraph of text."""
    await send_bytes(send, status, b"text/plain; charset=utf-8", text.encode("utf-8", "backslashreplace"), extra)


async def send_json(
    send: Send, status: int, data: Any, *, problem: bool = False, extra: Iterable[tuple[bytes, bytes]] = ()
) -> None:
    """Answer with JSON; a number that JSON cannot hold becomes ``null``, as in a browser."""
    body = json_bytes(data)
    await send_bytes(send, status, b"application/problem+json" if problem else b"application/json", body, extra)


async def send_frames(send: Send, frames: bytes, extra: Iterable[tuple[bytes, bytes]] = ()) -> None:
    """Answer with SSE frames in one piece."""
    await send_bytes(send, 200, b"text/event-stream; charset=utf-8", frames, extra)


async def send_nothing(send: Send, extra: Iterable[tuple[bytes, bytes]] = ()) -> None:
    """Answer that it is done and there is nothing to show."""
    await send({"type": "http.response.start", "status": 204, "headers": [NO_STORE, *extra]})
    await send({"type": "http.response.body", "body": b""})


async def send_see_other(send: Send, location: str, extra: Iterable[tuple[bytes, bytes]] = ()) -> None:
    """Send the browser to a page of ours."""
    address = quote(location, safe="/?#[]@!$&'()*+,;=:%~")
    await send_bytes(send, 303, b"text/plain", b"", [(b"location", address.encode()), *extra])


def unread(receive: Receive, send: Send) -> Send:
    """Return a *send* for the answer to a body that is not read to its end: the connection is closed after it.

    Most clients look for an answer only when they have sent everything, and one that is cut off sees none.  So for a
    moment what still comes is thrown away; of a body without end no more than 16 MiB are read.
    """

    async def lingering(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send({**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]})
        elif message.get("more_body"):
            await send(message)
        else:
            await send({**message, "more_body": True})
            await _thrown_away(receive)
            await send({"type": "http.response.body", "body": b""})

    return lingering


async def _thrown_away(receive: Receive) -> None:
    left = _LINGER_BYTES
    with suppress(TimeoutError):
        async with asyncio.timeout(_LINGER_SECONDS):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
