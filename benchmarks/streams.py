"""Many open streams of one or several servers, each a raw socket that notes when a patch arrived."""

from __future__ import annotations

import asyncio
import resource
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Publisher", "Streams", "allow_open_files", "arrivals"]

PATCH = b"event: datastar-patch-elements"
TIMEOUT = 20.0
AT_ONCE = 100


def allow_open_files(number: int) -> None:
    """Let this process have *number* files open; RuntimeError where it may not."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard not in (resource.RLIM_INFINITY, -1) and hard < number:
        raise RuntimeError(f"this takes {number:,} open files, and a process may have {hard:,} here: see ulimit -Hn")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def arrivals(publisher: Publisher, servers: Sequence[Streams]) -> list[list[float]]:
    """Send one command; return how many seconds later its patch reached each stream of each server, in their order."""
    for streams in servers:
        streams.expect()
    start = time.perf_counter()
    publisher.send()
    await publisher.answered()
    return [[at - start for at in await streams.arrived_everywhere()] for streams in servers]


class Streams:
    """The open streams of one server, which note when the patch of one change has reached each of them."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._opened: list[_Stream] = []
        self._times: list[float] = []
        self._done = asyncio.Event()

    def __len__(self) -> int:
        return len(self._opened)

    async def open(self, number: int, path: str, headers: Mapping[str, str]) -> None:
        """Open *number* more streams and wait until each has its answer."""
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{self._port}", *(f"{k}: {v}" for k, v in headers.items())]
        request = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        for start in range(0, number, AT_ONCE):
            await asyncio.gather(*(self._one(request) for _ in range(min(AT_ONCE, number - start))))

    async def _one(self, request: bytes) -> None:
        loop = asyncio.get_running_loop()
        _, stream = await loop.create_connection(lambda: _Stream(self), "127.0.0.1", self._port)
        self._opened.append(stream)
        stream.send(request)
        try:
            await asyncio.wait_for(stream.began, TIMEOUT)
        except TimeoutError as error:
            raise RuntimeError(f"a stream did not open: {stream.answer[:300]!r}") from error

    def expect(self) -> None:
        """Begin to note the arrivals of a new change."""
        self._times, self._done = [], asyncio.Event()

    def arrived(self, at: float) -> None:
        self._times.append(at)
        if len(self._times) == len(self._opened):
            self._done.set()

    async def arrived_everywhere(self) -> list[float]:
        """Wait until every stream has its patch, and return when each came, the first first."""
        try:
            await asyncio.wait_for(self._done.wait(), TIMEOUT)
        except TimeoutError as error:
            raise RuntimeError(f"a change reached {len(self._times)} of {len(self._opened)} open streams") from error
        return self._times

    def close(self) -> None:
        for stream in self._opened:
            stream.close()
        self._opened.clear()


class _Stream(asyncio.Protocol):
    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self.answer = bytearray()
        self.began: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]  # TCP gives one

    def send(self, request: bytes) -> None:
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        if self.began.done():
            if PATCH in data:
                self._streams.arrived(time.perf_counter())
            return
        self.answer += data
        if b"\r\n\r\n" in self.answer and b": open\n" in self.answer:
            if self.answer.startswith(b"HTTP/1.1 200 "):
                self.began.set_result(None)
            else:
                self.began.set_exception(RuntimeError(f"a stream was refused: {bytes(self.answer[:300])!r}"))

    def connection_lost(self, _: Exception | None) -> None:
        if not self.began.done():
            self.began.set_exception(RuntimeError(f"a stream was refused: {bytes(self.answer[:300])!r}"))

    def close(self) -> None:
        self._transport.close()


class Publisher(asyncio.Protocol):
    """One kept connection that sends the same command again and again."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._answered = asyncio.Event()
        self._answer = b""

    @classmethod
    async def connect(cls, port: int, path: str, headers: Mapping[str, str], body: bytes) -> Publisher:
        lines = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        request = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body
        _, publisher = await asyncio.get_running_loop().create_connection(lambda: cls(request), "127.0.0.1", port)
        return publisher

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]  # TCP gives one

    def send(self) -> None:
        self._answered.clear()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._answer = data
        self._answered.set()

    async def answered(self) -> None:
        """Wait for the answer to the command; RuntimeError when it was refused."""
        await asyncio.wait_for(self._answered.wait(), TIMEOUT)
        if not self._answer.startswith(b"HTTP/1.1 20"):
            raise RuntimeError(f"the command was refused: {self._answer[:300]!r}")

    def close(self) -> None:
        self._transport.close()
