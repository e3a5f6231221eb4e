"""Bound what a client may take to send a request, since uvicorn waits for ever for one that is never finished."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import asyncio

    from uvicorn.protocols.http import h11_impl, httptools_impl

    HttpProtocol = h11_impl.H11Protocol | httptools_impl.HttpToolsProtocol
    Cycle = h11_impl.RequestResponseCycle | httptools_impl.RequestResponseCycle

__all__ = ["Phase", "RequestLimits", "RequestWatch", "cycle_of", "refuse"]

Phase = Literal["head", "body"]
REASONS = {408: b"Request Timeout", 431: b"Request Header Fields Too Large"}
logger = logging.getLogger("uvicorn.error")


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestLimits:
    """How long a client may take for the head and for the body of a request, in seconds, and the size of the head.

    The deadlines are absolute: a byte now and then does not move them (slow-loris).  A body may go on, for it may be a
    large file, as long as *body_rate* bytes a second come.
    """

    head_seconds: float = 10.0
    body_seconds: float = 30.0
    body_rate: int = 16 * 1024
    head_bytes: int = 65536


class RequestWatch:
    """The deadline of the part of a request that one connection is sending."""

    def __init__(self, protocol: HttpProtocol, limits: RequestLimits) -> None:
        self.phase: Phase | None = None
        self.received = 0
        """Bytes since the clock was started."""
        self._protocol, self._limits = protocol, limits
        self._timer: asyncio.TimerHandle | None = None

    def expect(self, phase: Phase) -> None:
        """Start the clock for *phase*, unless it already runs."""
        if phase != self.phase:
            self.stop()
            self.phase = phase
            self._start()

    def stop(self) -> None:
        """Stop the clock: the request is complete, or the connection has gone."""
        self.phase = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start(self) -> None:
        self.received = 0
        seconds = self._limits.head_seconds if self.phase == "head" else self._limits.body_seconds
        self._timer = self._protocol.loop.call_later(seconds, self._expire)

    def _expire(self) -> None:
        if _is_held_up_by_us(self._protocol) or self._is_coming():
            self._start()
        else:
            self.stop()
            refuse(self._protocol, 408)

    def _is_coming(self) -> bool:
        """Tell whether a body comes as fast as it has to."""
        limits = self._limits
        return self.phase == "body" and self.received >= limits.body_rate * limits.body_seconds


def refuse(protocol: HttpProtocol, status: int) -> None:
    """Answer *status* if nothing else was answered yet, and close the connection."""
    transport, cycle = protocol.transport, cycle_of(protocol)
    if transport.is_closing():
        return
    logger.info("%s: %s %s", protocol.client, status, REASONS[status].decode())
    if cycle is not None and cycle.response_started and not cycle.response_complete:
        transport.abort()
        return
    transport.write(b"HTTP/1.1 %d %s\r\nconnection: close\r\ncontent-length: 0\r\n\r\n" % (status, REASONS[status]))
    transport.close()


def cycle_of(protocol: HttpProtocol) -> Cycle | None:
    """Return the request in progress; uvicorn's own annotation forgets that there is none before the first."""
    return protocol.cycle


def _is_held_up_by_us(protocol: HttpProtocol) -> bool:
    """Tell whether the client waits for the application: to read on, or to ask for the body (``100 Continue``)."""
    cycle = cycle_of(protocol)
    return protocol.flow.read_paused or bool(cycle and not cycle.response_complete and cycle.waiting_for_100_continue)
