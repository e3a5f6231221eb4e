"""The fast HTTP protocol of uvicorn with limits on the request, and with a drain before it stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .limits import RequestWatch, refuse

if TYPE_CHECKING:
    import asyncio

    from .config import ServerConfig

__all__ = ["GuardedHttpToolsProtocol"]


class GuardedHttpToolsProtocol(HttpToolsProtocol):
    """HTTP by httptools; the parser tells by callbacks how far a request has come."""

    config: ServerConfig

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        """Give the client its time for the first request."""
        super().connection_made(transport)
        self._head_bytes = 0
        self._watch = RequestWatch(self, self.config.limits)
        self._watch.expect("head")

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._watch.stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Refuse a head that grows without end; the parser itself would take all of it."""
        self._watch.received += len(data)
        super().data_received(data)
        if self._watch.phase == "head":
            self._head_bytes += len(data)
            if self._head_bytes > self.config.limits.head_bytes:
                refuse(self, 431)

    def on_message_begin(self) -> None:
        """Start the clock for the head."""
        super().on_message_begin()
        self._head_bytes = 0
        self._watch.expect("head")

    def on_headers_complete(self) -> None:
        """Start the clock for the body."""
        self._watch.expect("body")
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Stop the clock: the server may now take its time."""
        self._watch.stop()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """Stop the clock: a WebSocket lives as long as it likes."""
        self._watch.stop()
        super().handle_websocket_upgrade()

    def shutdown(self) -> None:
        """Let the application end its live streams, then close as soon as they have ended."""
        self.config.drain()
        super().shutdown()
