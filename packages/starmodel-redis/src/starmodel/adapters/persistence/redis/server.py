"""One Redis server: its connections, and calls that are made again when that cannot do harm.

A connection belongs to one call at a time.  When a call is given up half-way, by a cancelled caller for example, its
connection is closed and never handed on: the answer that is still under way would be read by somebody else.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from redis.asyncio import Connection, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError, ResponseError
from starmodel.core.errors import StoreError

from .errors import is_lost, is_passing, store_error

if TYPE_CHECKING:
    from .url import RedisUrl

__all__ = ["Link", "Script", "Server", "Work"]

T = TypeVar("T")

CONNECTIONS: Final = 16
PATIENCE: Final = 3.0
"""Seconds for an answer, and for how long a call that failed is made again."""

_KINDS: dict[str, type[Any]] = {"redis": Connection, "rediss": SSLConnection, "unix": UnixDomainSocketConnection}


class Script:
    """A Lua script, sent whole to a server that has not seen it, and by its digest from then on."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.digest = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()  # so Redis names it


class Link:
    """One connection, in the hands of one call."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.is_clean = True
        """Whether every answer has been read to its end."""

    async def ask(self, *command: Any, patience: float = PATIENCE) -> Any:
        """Return the answer to *command*, as Redis gives it: texts are bytes."""
        self.is_clean = False
        try:
            async with asyncio.timeout(patience):
                await self.connection.send_command(*command)
                answer = await self.connection.read_response(disable_decoding=True)
        except ResponseError:  # the whole answer was read: it said no
            self.is_clean = True
            raise
        self.is_clean = True
        return answer

    async def ask_all(self, commands: Sequence[Sequence[Any]]) -> list[Any]:
        """Return the answers to *commands*, which are sent together; the first that says no is raised at the end."""
        self.is_clean, answers, refused = False, list[Any](), list[ResponseError]()
        async with asyncio.timeout(PATIENCE):
            await self.connection.send_packed_command(self.connection.pack_commands(commands))
            for _ in commands:
                try:
                    answers.append(await self.connection.read_response(disable_decoding=True))
                except ResponseError as error:
                    refused.append(error)
        self.is_clean = True
        if refused:
            raise refused[0]
        return answers

    async def run(self, script: Script, *arguments: Any) -> Any:
        """Return what *script* returns."""
        try:
            return await self.ask("EVALSHA", script.digest, 0, *arguments)
        except NoScriptError:
            return await self.ask("EVAL", script.source, 0, *arguments)

    async def close(self) -> None:
        """Give the connection up, without waiting for anything."""
        await self.connection.disconnect(nowait=True)


Work: TypeAlias = Callable[[Link], Awaitable[T]]
Greet: TypeAlias = Callable[[Link], Awaitable[None]]


class Server:
    """Calls the server at *url*.  *greet* is awaited on each new connection before anything else goes over it."""

    def __init__(self, url: RedisUrl, greet: Greet) -> None:
        self.url = url
        self._greet = greet
        self._free: list[Link] = []
        self._places = asyncio.Semaphore(CONNECTIONS)
        self._is_open = False

    def open(self) -> None:
        """Allow calls; connections are made when they are needed."""
        if not self._is_open:
            self._places = asyncio.Semaphore(CONNECTIONS)  # of the event loop that runs now
            self._is_open = True

    async def close(self) -> None:
        """Close every connection; those in use when their call ends."""
        self._is_open = False
        free, self._free = self._free, []
        for link in free:
            await link.connection.disconnect()

    async def call(self, work: Work[T]) -> T:
        """Return what *work* makes of a connection; it is made again where the connection was lost, or the server busy.

        StoreError when that does not help within three seconds.
        """
        ends, pause = time.monotonic() + PATIENCE, 0.01
        while True:
            try:
                return await self.attempt(work)
            except (RedisError, OSError, TimeoutError) as error:
                if isinstance(error, StoreError):
                    raise
                may_pass = is_lost(error) or is_passing(error)
                if not may_pass or time.monotonic() + pause > ends:
                    raise store_error(error, self.url) from error
            await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311  (jitter, not a secret)
            pause = min(pause * 2, 0.25)

    async def attempt(self, work: Work[T]) -> T:
        """Do *work* once; whatever redis-py raises is raised."""
        if not self._is_open:
            raise StoreError(f"{self.url}: the store is not open; open the application first: async with app")
        async with self._places:
            link = await self._link()
            try:
                result = await work(link)
            except BaseException as error:
                if link.is_clean and not is_passing(error):
                    await self._keep(link)
                else:
                    await self._drop(link, all_others=is_passing(error) or is_lost(error))
                raise
            await self._keep(link)
            return result

    async def _link(self) -> Link:
        while self._free:
            link = self._free.pop()
            if link.connection.is_connected and not _is_at_end(link):
                return link
            await link.close()
        link = Link(_connection(self.url))
        try:
            async with asyncio.timeout(PATIENCE):
                await link.connection.connect()
                await self._greet(link)
        except BaseException:
            await link.close()
            raise
        return link

    async def _keep(self, link: Link) -> None:
        if self._is_open:
            self._free.append(link)
        else:
            await link.close()

    async def _drop(self, link: Link, *, all_others: bool) -> None:
        """Close *link*; with *all_others* those that wait too, since they lead to the same server."""
        dropped = [link]
        if all_others:
            dropped += self._free
            self._free = []
        for one in dropped:
            await one.close()


def _connection(url: RedisUrl) -> Any:
    """Return a connection of redis-py that is not connected yet, and tries nothing again by itself."""
    settings = {
        "protocol": 2,
        "socket_timeout": None,
        "socket_connect_timeout": PATIENCE,
        "retry": Retry(NoBackoff(), 0),
    }
    return _KINDS[url.scheme](**settings, **url.settings)


def _is_at_end(link: Link) -> bool:
    """Tell whether the other side has closed a connection that nobody used meanwhile."""
    reader = link.connection._reader  # noqa: SLF001  (redis-py's own test for this waits for its turn)
    return reader is None or reader.at_eof()
