"""A piece of page alone: what our script asks for to put it into a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starmodel.adapters.fasthtml.replies import send_bytes

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

__all__ = ["Piece"]


class Piece:
    """Answers with a piece of page."""

    def __init__(self, html: str, status: int = 200) -> None:
        self.body, self._status = html.encode("utf-8", "backslashreplace"), status

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        del scope, receive
        await send_bytes(send, self._status, b"text/html; charset=utf-8", self.body)
