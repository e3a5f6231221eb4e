"""A TCP proxy in this process: it hands connections out by turns, cuts them, stalls them, answers only halfway."""

from __future__ import annotations

import asyncio
import itertools
import random
import socket
import struct
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Literal, Self, TypeVar

__all__ = ["Proxy"]

T = TypeVar("T")

Mode = Literal["open", "stalled", "half"]
_CONNECTING = 1.0
"""Seconds until a target that does not answer is passed over."""


class Proxy:
    """Listens on a free port of this machine while the block lasts, and leads to *targets*, ports of this machine too.

    Each connection goes to the next target that takes it: nobody is bound to one.  It knows nothing of HTTP.
    """

    def __init__(self, targets: Sequence[int], *, port: int = 0, seed: int = 1) -> None:
        self.targets, self.port = list(targets), port
        self.mode: Mode = "open"
        self.cuts = 0
        self._turns = itertools.count()
        self._chance = random.Random(seed)
        self._pairs: list[tuple[_End, _End]] = []
        self._widowed: list[_End] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="rig: proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        listening = self._loop.create_server(lambda: _End(self), "127.0.0.1", self.port, backlog=1024)
        self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result(5)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._there(self._close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def _close(self) -> None:
        self._server.close()
        self._become("open")
        self._cut(self._pairs)

    def _there(self, work: Callable[[], T]) -> T:
        """Return what *work* returns in the thread of the proxy."""

        async def in_loop() -> T:
            return work()

        return asyncio.run_coroutine_threadsafe(in_loop(), self._loop).result(5)

    # -- what the nemesis does -----------------------------------------------------------------------------------------

    @property
    def connections(self) -> int:
        """How many connections lead somewhere at this moment."""
        return len(self._pairs)

    def cut(self, number: int | None = None) -> int:
        """Reset so many connections at random, all without a *number*; return how many."""
        return self._there(lambda: self._cut(self._pairs if number is None else self._some(number)))

    def stall(self) -> None:
        """Let nothing through any more, in either direction; connections stay open, and new ones are taken."""
        self._there(lambda: self._become("stalled"))

    def half_open(self) -> None:
        """Let through what is asked, and swallow what is answered."""
        self._there(lambda: self._become("half"))

    def heal(self) -> None:
        """Let everything through again: what was held up arrives now, what was swallowed never does."""
        self._there(lambda: self._become("open"))

    # -- how it does it ------------------------------------------------------------------------------------------------

    def _some(self, number: int) -> list[tuple[_End, _End]]:
        return self._chance.sample(self._pairs, min(number, len(self._pairs)))

    def _cut(self, pairs: Sequence[tuple[_End, _End]]) -> int:
        cut = list(pairs)
        for pair in cut:
            for end in pair:
                end.abort()
        self.cuts += len(cut)
        return len(cut)

    def _become(self, mode: Mode) -> None:
        self.mode = mode
        for pair in self._pairs:
            for end in pair:
                end.flow()
        if mode == "open":
            widowed, self._widowed = self._widowed, []
            for end in widowed:
                end.abort()

    async def lead(self, near: _End) -> None:
        """Connect *near* to the next target that takes it; end it when none does."""
        turn = next(self._turns)
        for step in range(len(self.targets)):
            port = self.targets[(turn + step) % len(self.targets)]
            connecting = self._loop.create_connection(lambda: _End(self, near), "127.0.0.1", port)
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(_CONNECTING):
                    _, far = await connecting
                self._join(near, far)
                return
        near.abort()

    def _join(self, near: _End, far: _End) -> None:
        near.peer = far
        self._pairs.append((near, far))
        near.flow()
        far.flow()

    def part(self, end: _End, why: Exception | None) -> None:
        """Forget the pair that *end* belonged to, and let the other end know: not before word gets through again."""
        self._pairs = [pair for pair in self._pairs if end not in pair]
        other = end.peer
        if other is None:
            return
        if self.mode != "open":
            self._widowed.append(other)
        elif why is None:
            other.close()
        else:
            other.abort()


class _End(asyncio.Protocol):
    """One end of a connection; *peer* is the other one: the one towards the client has none until it is led on."""

    def __init__(self, proxy: Proxy, peer: _End | None = None) -> None:
        self._proxy, self.peer = proxy, peer
        self._is_answering = peer is not None
        self._is_full = False
        self._transport: asyncio.Transport | None = None
        self._leading: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self.peer is None:
            transport.pause_reading()  # nobody is there yet to hand it to
            self._leading = asyncio.get_running_loop().create_task(self._proxy.lead(self))

    def data_received(self, data: bytes) -> None:
        is_swallowed = self._is_answering and self._proxy.mode == "half"
        if self.peer is not None and self.peer._transport is not None and not is_swallowed:
            self.peer._transport.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._leading is not None:
            self._leading.cancel()
        self._proxy.part(self, exc)

    def pause_writing(self) -> None:
        self._is_full = True
        if self.peer is not None:
            self.peer.flow()

    def resume_writing(self) -> None:
        self._is_full = False
        if self.peer is not None:
            self.peer.flow()

    def flow(self) -> None:
        """Read on, or stop: as the proxy stands, and as far as the other end takes it."""
        transport = self._transport
        if transport is None or transport.is_closing() or self.peer is None:
            return
        if self._proxy.mode == "stalled" or self.peer._is_full:
            transport.pause_reading()
        else:
            transport.resume_reading()

    def close(self) -> None:
        """End the connection when what is under way has been sent."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Reset the connection."""
        if self._transport is not None and not self._transport.is_closing():
            connection = self._transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()
