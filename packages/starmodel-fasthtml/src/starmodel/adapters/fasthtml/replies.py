"""Whole answers as two ASGI messages: no stream, no task, no thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starmodel.app.bodies import json_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import Send

__all__ = ["NO_STORE", "send_bytes", "send_frames", "send_json", "send_nothing", "send_plain", "send_see_other"]

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


async def send_json(send: Send, status: int, data: Any, *, problem: bool = False) -> None:
    """Answer with JSON; a number that JSON cannot hold becomes ``null``, as in a browser."""
    body = json_bytes(data)
    await send_bytes(send, status, b"application/problem+json" if problem else b"application/json", body)


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
