"""What the tests of this package share; the server itself is the whole run's."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, closing, suppress

import pytest

from starmodel.adapters.persistence.redis import RedisRepo


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def store(redis_url):
    store = RedisRepo(redis_url)
    await store.open()
    yield store
    await store.close()


class Wire:
    """A wire between a store and its server, which can be cut in the worst of moments.

    *swallow* is how many answers to a script are lost together with their connection; *refuse* is what the next
    connections are answered with, one each, before they are closed.  *delay* says for how many seconds an answer is
    held back.
    """

    def __init__(self, port):
        self._port = port
        self.swallow, self.refuse, self.lost = 0, [], 0
        self.delay = None
        self._calls = set()

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def connections(self):
        """How many there were."""
        return len(self._calls)

    def turn(self, port):
        """Lead to another server, from the next connection on."""
        self._port = port

    async def _serve(self, reader, writer):
        self._calls.add(asyncio.current_task())
        with suppress(asyncio.CancelledError, OSError), closing(writer):
            if self.refuse:
                await reader.read(65536)
                writer.write(self.refuse.pop(0))
                return
            there, back = await asyncio.open_connection("127.0.0.1", self._port)
            with closing(back):
                await asyncio.gather(self._ask(reader, back), self._answer(there, writer), return_exceptions=True)

    async def end(self):
        await asyncio.sleep(0.01)  # who has just come in is not among them yet
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)

    async def _ask(self, reader, back):
        self._is_script = False
        while data := await reader.read(65536):
            self._is_script = b"EVAL" in data
            back.write(data)
        back.close()

    async def _answer(self, there, writer):
        while data := await there.read(65536):
            if self._is_script and self.swallow:
                self.swallow -= 1
                self.lost += 1
                break
            if self.delay is not None:
                await asyncio.sleep(self.delay())
            writer.write(data)
        writer.close()


@pytest.fixture
def wire(redis_url, redis_server):
    @asynccontextmanager
    async def wire():
        wire = Wire(redis_server.port)
        server = await asyncio.start_server(wire._serve, "127.0.0.1", 0)
        wire.port = server.sockets[0].getsockname()[1]
        yield wire
        server.close()
        await wire.end()

    return wire
