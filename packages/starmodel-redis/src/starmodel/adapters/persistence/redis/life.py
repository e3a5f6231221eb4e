"""Which life of its log a server is in: noticed on every new connection, before anything goes over it.

A server that is started anew, or a replica that took over, may lack what was acknowledged.  Positions of its log would
then be given a second time, and whoever follows it would take other commits for those that were seen.  So the log keeps
by which run of which server it is written.  When that changes, a process compares what it saw last with what was there
at that moment: where something is missing the log begins a new epoch, and everybody takes a fresh look.
"""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING

from redis.exceptions import ReadOnlyError
from starmodel.core.changes import Position
from starmodel.core.errors import ConfigurationError, StoreError
from starmodel.core.ports import Durability

from .promises import promise_of, refuse_unfit, said_by
from .scripts import script

if TYPE_CHECKING:
    from collections.abc import Callable

    from .promises import Promise
    from .server import Link
    from .url import RedisUrl

__all__ = ["Life"]

logger = logging.getLogger("starmodel.redis")


class Life:
    """What this process knows of the server at *url* and its log.

    *promise* is ``None`` until they have met; *hear* is told what the server promises, then and when that changes.
    """

    def __init__(self, url: RedisUrl, hear: Callable[[Promise], None]) -> None:
        self.url = url
        self._hear = hear
        self.promise: Promise | None = None
        self._run = ""
        self._seen = Position("", 0)

    async def greet(self, link: Link) -> None:
        """Find out what *link* leads to; raises when it is nothing that this store may work with."""
        said = (await link.ask("INFO", "server")).decode(errors="replace")
        run = next((line[7:].strip() for line in said.splitlines() if line.startswith("run_id:")), "?")
        if run != self._run:
            await self._meet(link, run)

    async def _meet(self, link: Link, run: str) -> None:
        said = await said_by(link)
        if said.get("role") == "slave":
            raise ReadOnlyError("READONLY You can't write against a read only replica.")
        promise = promise_of(said, self.url.asked)
        try:
            refuse_unfit(said, self.url)
            promise.refuse_less_than(self.url.asked, self.url)
        except ConfigurationError as error:
            if self.promise is None:
                raise
            raise StoreError(str(error)) from error  # it was another at the start
        if self.promise is not None and promise != self.promise:
            logger.warning("%s promises %s now: %s", self.url, promise.durability.value, promise.why)
        if self.promise is None and promise.durability is Durability.EPHEMERAL and self.url.asked is None:
            logger.warning("%s keeps nothing for sure: %s", self.url, promise.why)
        self.promise = promise
        self._hear(promise)
        await self.begin(link, run)

    async def begin(self, link: Link, run: str = "") -> None:
        """See to it that there is a log, and that it is the one that was seen before, or has an epoch of its own."""
        run = run or self._run
        safe = self.promise is not None and self.promise.durability is Durability.DISK
        arguments = (run, secrets.token_hex(4), "1" if safe else "")
        epoch, number, is_new = await link.run(script("begin"), *arguments, self._run, *map(str, self._seen))
        if is_new == b"1" and self._run:
            logger.warning("%s lacks what was stored before; whoever follows its log takes a fresh look", self.url)
        self._run, self._seen = run, Position(epoch.decode(), int(number))

    def saw(self, position: Position) -> None:
        """Remember the newest commit that was ever seen."""
        if position.epoch != self._seen.epoch or position.number > self._seen.number:
            self._seen = position
