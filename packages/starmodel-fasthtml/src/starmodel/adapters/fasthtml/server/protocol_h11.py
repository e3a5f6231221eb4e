"""The pure Python HTTP protocol of uvicorn with limits on the request, and with a drain before it stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from .limits import RequestWatch, cycle_of

if TYPE_CHECKING:
    import asyncio

    from .config import ServerConfig

__all__ = ["GuardedH11Protocol"]


class GuardedH11Protocol(H11Protocol):
    """HTTP by h11; how far a request has come is read from its state.  h11 itself bounds the head, by 64 KiB."""

    config: ServerConfig

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        """Give the client its time for the first request."""
        super().connection_made(transport)
        self._watch = RequestWatch(self, self.config.limits)
        self._watch.expect("head")

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._watch.stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what has come."""
        self._watch.received += len(data)
        super().data_received(data)

    def handle_events(self) -> None:
        """Set the clock by what the client has sent."""
        super().handle_events()
        state = self.conn.their_state
        if state is h11.SEND_BODY:
            self._watch.expect("body")
        elif state is h11.IDLE and (cycle_of(self) is None or self.conn.trailing_data[0]):
            self._watch.expect("head")
        else:
            self._watch.stop()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Stop the clock: a WebSocket lives as long as it likes."""
        super().handle_websocket_upgrade(event)
        self._watch.stop()

    def shutdown(self) -> None:
        """Let the application end its live streams, then close as soon as they have ended."""
        self.config.drain()
        super().shutdown()
