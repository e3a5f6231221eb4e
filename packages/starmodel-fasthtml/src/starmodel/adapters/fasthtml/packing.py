"""Pages go out compressed to those who asked for them of their own accord.

Where another site makes a browser ask, the length of a compressed answer could tell that site what stands in it
(https://www.breachattack.com).  So such an answer is sent as it is, and so is one to a browser that does not say who
asks.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Message, Scope, Send

__all__ = ["Packed", "packed"]

_SMALLEST = 1024
"""Bytes: what is smaller goes into one packet anyway."""

_LEVEL, _GZIP = 3, 31
"""Higher levels take twice the time for a tenth of the bytes."""

_GZIP_TAKEN = re.compile(rb"(?:^|,)\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[\d.]+\s*)?(?:,|$)", re.IGNORECASE)
_AS_IT_IS = frozenset({b"content-encoding", b"content-range", b"etag"})


def packed(scope: Scope, headers: Mapping[bytes, bytes], send: Send) -> Send:
    """Return a *send* that compresses the page that answers this request, if it may."""
    may = headers.get(b"sec-fetch-site") in (b"same-origin", b"none") and scope["method"] != "HEAD"
    return Packed(send) if may and _GZIP_TAKEN.search(headers.get(b"accept-encoding", b"")) else send


class Packed:
    """A ``send`` that compresses HTML which comes in one piece; a stream passes untouched."""

    __slots__ = ("_held", "_send")

    def __init__(self, send: Send) -> None:
        self._send = send
        self._held: Message | None = None

    async def __call__(self, message: Message) -> None:
        """Pass one message on, the head of a page together with its body."""
        if message["type"] == "http.response.start" and _is_page(message):
            self._held = message
            return
        if (head := self._held) is not None:
            self._held = None
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                head, message = _smaller(head, message)
            await self._send(head)
        await self._send(message)


def _is_page(head: Message) -> bool:
    names = {name.lower(): value for name, value in head.get("headers", ())}
    return names.get(b"content-type", b"").startswith(b"text/html") and _AS_IT_IS.isdisjoint(names)


def _smaller(head: Message, message: Message) -> tuple[Message, Message]:
    body: bytes = message.get("body", b"")
    if len(body) < _SMALLEST:
        return head, message
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    body = packer.compress(body) + packer.flush()
    kept = [(name, value) for name, value in head["headers"] if name.lower() != b"content-length"]
    more = [
        (b"content-encoding", b"gzip"),
        (b"content-length", str(len(body)).encode()),
        (b"vary", b"accept-encoding, sec-fetch-site"),
    ]
    return {**head, "headers": [*kept, *more]}, {**message, "body": body}
