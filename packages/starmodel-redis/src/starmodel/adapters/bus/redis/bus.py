"""The bus on a Redis stream: one reader for each process, a bounded mailbox for each follower."""

from __future__ import annotations

import asyncio
import logging
import secrets
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from starmodel.adapters.persistence.redis import DEFAULT_URL, RedisUrl
from starmodel.adapters.persistence.redis.server import Script, Server
from starmodel.app.bus import InProcessBus, Mailbox
from starmodel.app.ending import ended
from starmodel.core.errors import ConfigurationError
from starmodel.core.settings import PluginSetting

from .carrying import KnownShapes, carried, entry_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starmodel.adapters.persistence.redis.server import Link
    from starmodel.core.changes import Commit
    from starmodel.core.settings import AdapterSettings

__all__ = ["RedisBus"]

logger = logging.getLogger("starmodel.redis")

STREAM: Final = "starmodel.bus"
_BLOCK: Final = 1.0
"""Seconds that the reader waits for news at a time; ending takes no longer, since a wait can be given up."""
_PAUSE: Final = 0.2
_CAPACITY: Final = 1024

_PUBLISH: Final = Script(files(__package__).joinpath("publish.lua").read_text(encoding="utf-8"))


class RedisBus(InProcessBus):
    """Carries commits between the processes that share the Redis at *url*.

    Everybody gets them in the order of the stream, which keeps about *keep* of them.  A process that was cut off goes
    on after the last one it saw; where the stream does not reach back to that, its mailboxes are marked as lagging, and
    their readers catch up from the stores' logs.  While Redis cannot be reached commits reach this process's own
    mailboxes, and the others' are marked when it is back.
    """

    declares = (PluginSetting("REDIS_URL", "The Redis that carries changes.", default=DEFAULT_URL, secret=True),)

    def __init__(self, url: str = DEFAULT_URL, *, capacity: int = _CAPACITY, keep: int = 10_000) -> None:
        if capacity < 1 or keep < 1:
            raise ConfigurationError(f"RedisBus(capacity={capacity}, keep={keep}): both must be at least 1")
        super().__init__(capacity=capacity)
        self.url = RedisUrl(url)
        self._keep = keep
        self._server = Server(self.url, _nothing)
        self._shapes = KnownShapes()
        self._reader: asyncio.Task[None] | None = None
        self._last = b""
        self._newest = (0, 0)
        self._mine: dict[bytes, Commit] = {}
        self._after: dict[Mailbox, tuple[int, int]] = {}
        self._owed: Commit | None = None

    @classmethod
    def from_settings(cls, settings: AdapterSettings) -> RedisBus:
        """Return the bus at ``REDIS_URL``."""
        return cls(settings.get("REDIS_URL") or DEFAULT_URL)

    async def open(self) -> None:
        """Begin to receive; StoreError when the server cannot be reached."""
        if self._reader is not None:
            return
        self._server.open()
        try:
            newest = await self._server.call(lambda link: link.ask("XREVRANGE", STREAM, "+", "-", "COUNT", 1))
        except BaseException:
            await self._server.close()
            raise
        self._last = newest[0][0] if newest else b""
        self._newest = _place(self._last)
        self._reader = asyncio.create_task(self._read(), name="starmodel redis bus: read the stream")

    async def close(self) -> None:
        """Stop receiving and end every subscription."""
        reader, self._reader = self._reader, None
        if reader is not None:
            await ended(reader)
        await super().close()
        self._mine.clear()
        await self._server.close()

    def subscribe(self) -> Mailbox:
        """Open a mailbox that receives everything published from this moment on, in order."""
        mailbox = super().subscribe()
        self._after[mailbox] = self._newest
        return mailbox

    def forget(self, mailbox: Mailbox) -> None:
        """Deliver nothing more to *mailbox*."""
        super().forget(mailbox)
        self._after.pop(mailbox, None)

    # -- sending ---------------------------------------------------------------------------------------------------

    async def publish(self, commit: Commit, /) -> None:
        """Put *commit* into the stream; it comes back to this process's mailboxes from there, in its turn."""
        if self._reader is None:
            return
        if self._owed is None:
            try:
                await self._send(commit)
            except Exception:  # the change is stored: nothing that a bus cannot do is in its way
                logger.warning("%s: could not publish %s", self.url, commit.position, exc_info=True)
            else:
                return
        self._owed = commit
        self._deliver(None, commit)

    async def _send(self, commit: Commit, *, missed: bool = False) -> None:
        mine = secrets.token_hex(8).encode()
        fields = ("from", mine, *entry_fields(commit, self._shapes), *(("missed", "1") if missed else ()))
        self._mine[mine] = commit
        try:
            id: bytes = await self._server.attempt(lambda link: link.run(_PUBLISH, self._keep, *fields))
        except BaseException:
            self._mine.pop(mine, None)
            raise
        self._newest = max(self._newest, _place(id))

    async def _repay(self) -> None:
        """Tell the others, now that they can be told, that something has passed them by."""
        owed, self._owed = self._owed, None
        if owed is not None:
            try:
                await self._send(owed, missed=True)
            except BaseException:
                self._owed = self._owed or owed
                raise

    # -- receiving -------------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        failed = False
        while True:
            try:
                await self._repay()
                for id, fields in await self._server.attempt(self._next):
                    self._receive(id, dict(zip(fields[::2], fields[1::2], strict=True)))
                failed = False
            except Exception:
                if not failed:
                    logger.exception("%s: could not read the bus; trying again until it can be read", self.url)
                failed = True
                await asyncio.sleep(_PAUSE)

    async def _next(self, link: Link) -> Sequence[Any]:
        """Return the entries after the last one, waiting for them if need be."""
        after, block = self._last or b"0-0", round(_BLOCK * 1000)
        command = ("XREAD", "COUNT", 500, "BLOCK", block, "STREAMS", STREAM, after)
        answer = await link.ask(*command, patience=_BLOCK + 2)
        entries: Sequence[Any] = answer[0][1] if answer else ()
        return entries

    def _receive(self, id: bytes, fields: dict[bytes, bytes]) -> None:
        is_missing = fields.get(b"after") != self._last or b"missed" in fields
        self._last = id
        self._newest = max(self._newest, _place(id))
        commit = self._mine.pop(fields.get(b"from", b""), None) or carried(fields, self._shapes)
        if commit is None:
            logger.warning("%s: passed over an entry of the bus that cannot be read: %s", self.url, id.decode())
            is_missing = True
        if is_missing:
            self._mine.clear()  # some of them may never come back
        self._deliver(_place(id), commit, is_missing=is_missing)

    def _deliver(self, place: tuple[int, int] | None, commit: Commit | None, *, is_missing: bool = False) -> None:
        for mailbox, after in list(self._after.items()):
            if place is None or place > after:
                mailbox.lagged = mailbox.lagged or is_missing
                if commit is not None:
                    mailbox.put(commit)


def _place(id: bytes) -> tuple[int, int]:
    """Return the id of an entry as it is ordered."""
    time, _, number = id.partition(b"-")
    return (int(time), int(number)) if id else (0, 0)


async def _nothing(_: Link) -> None:
    """Any server will do."""
