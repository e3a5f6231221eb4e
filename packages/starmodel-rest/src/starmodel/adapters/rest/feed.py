"""The feed of a list: what enters it, changes in it and leaves it, as server-sent events that can be resumed.

An ``EventSource`` of a browser, or any program, opens the address of a list with ``Accept: text/event-stream``::

    event: reset      read the list (again): data says whether the feed was just opened or has lost something
    event: enter      data is {"id", "version", "entity"}; whoever has it already replaces it
    event: update     the same
    event: leave      data is {"id"}: deleted, or no longer in the list, or no longer to be seen

``Last-Event-ID`` goes on where the last feed ended.  The page, its size and its order are of no importance here.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from starmodel.app import Follower, Refusal, entity_before, may_read
from starmodel.app.bodies import json_bytes
from starmodel.app.ending import ended
from starmodel.core.changes import Position
from starmodel.core.errors import QueryError
from starmodel.core.query import is_found, matches
from starmodel.core.relations import steps_of

from .answers import problem, represented

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from starmodel.app import Application
    from starmodel.core.actors import Actor
    from starmodel.core.changes import Change, Commit
    from starmodel.core.entity import Entity
    from starmodel.core.query import Query

__all__ = ["Feed", "Feeds"]

logger = logging.getLogger("starmodel.rest")

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]
_FULL = "Too many feeds are open here, or the server is about to stop; come again in a few seconds."
_MOST_MISSED = 5000
_MOST_SHOWN = 10_000


class Feeds:
    """Every open feed of this process.

    *max_open* bounds them.  *heartbeat* seconds of silence are filled with the position; after *max_age* seconds a feed
    ends and its reader opens another, with the rights it has then.
    """

    def __init__(
        self, application: Application, *, max_open: int = 1000, heartbeat: float = 20.0, max_age: float = 30 * 60.0
    ) -> None:
        self.application = application
        self.max_open, self.heartbeat, self.max_age = max_open, heartbeat, max_age
        self.open: set[Feed] = set()
        self._is_draining = False

    @property
    def is_full(self) -> bool:
        """True when no further feed is to be opened."""
        return self._is_draining or len(self.open) >= self.max_open

    def drain(self) -> None:
        """End every feed at once, so that the server can stop."""
        self._is_draining = True
        for feed in self.open:
            feed.end()

    def end_those(self, is_over: Callable[[Actor], bool]) -> None:
        """End the feeds of whoever may not have one any longer; who comes back is asked who they are."""
        for feed in list(self.open):
            if is_over(feed.actor):
                feed.end()

    def feed(
        self, kind: type[Entity], query: Query, actor: Actor, fields: tuple[str, ...] | None, request: Request
    ) -> Feed:
        """Return the answer that follows *query*; QueryError when it goes through references, which nobody follows."""
        if steps_of(query.where):
            raise QueryError("a feed follows the fields of its own entities; leave out what goes through a reference")
        return Feed(self, kind, query, actor, fields, request.headers.get("last-event-id", ""))


class Feed:
    """One open feed: an ASGI answer that lasts until its reader, or the server, goes away."""

    def __init__(
        self, feeds: Feeds, kind: type[Entity], query: Query, actor: Actor, fields: tuple[str, ...] | None, seen: str
    ) -> None:
        self._feeds, self._app = feeds, feeds.application
        self._kind, self._query, self.actor, self._fields = kind, query, actor, fields
        self._store = self._app.persistence.for_class(kind)
        self._seen = seen
        self._last = Position("", 0)
        self._shown: set[str] = set()
        self._end = asyncio.Event()

    def end(self) -> None:
        """Let the feed end in order."""
        self._end.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve until somebody goes away."""
        if self._feeds.is_full:
            refusal = Refusal(503, "busy", "Too many feeds", _FULL, "")
            await problem(refusal, {"retry-after": "5"})(scope, receive, send)
            return
        self._feeds.open.add(self)
        self._send = send
        newest = await self._store.position()
        follower = Follower(self._app.bus, self._app.persistence, passes=self._is_nothing_here)
        try:
            await follower.start()
            await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
            await self._catch_up(newest)
            await self._until_somebody_goes(follower, receive)
        finally:
            follower.close()
            self._feeds.open.discard(self)

    async def _until_somebody_goes(self, follower: Follower, receive: Receive) -> None:
        parts = [
            asyncio.create_task(part, name=f"starmodel feed of {self._kind.__entity_name__}")
            for part in (self._follow(follower), self._beat(), _gone(receive), self._ended())
        ]
        try:
            done, _ = await asyncio.wait(parts, timeout=self._feeds.max_age, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for part in parts:
                await ended(part)
        for part in done:
            if part.exception() is not None:
                logger.error("a feed ends; its reader comes back", exc_info=part.exception())
        if parts[2] not in done:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _ended(self) -> None:
        await self._end.wait()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._feeds.heartbeat)
            await self._write(f"id: {self._last}\n\n".encode())

    async def _follow(self, follower: Follower) -> None:
        gaps = follower.gaps
        async for commit in follower:
            if follower.gaps != gaps:  # what was missed is in no log any more
                gaps = follower.gaps
                await self._reset("gap", commit.position if self._is_ours(commit) else self._last)
            if self._is_ours(commit) and commit.position.number > self._last.number:
                await self._tell(commit)

    def _is_ours(self, commit: Commit) -> bool:
        return commit.position.epoch == self._last.epoch

    def _is_nothing_here(self, commit: Commit) -> bool:
        """Note where the log stands if *commit* changes nothing of this class."""
        if any(change.entity == self._kind.__entity_name__ for change in commit.changes):
            return False
        if self._is_ours(commit):
            self._last = commit.position
        return True

    async def _catch_up(self, newest: Position) -> None:
        """Tell what was missed since the last event, or that the list must be read."""
        since = Position.parse(self._seen)
        if since is None:
            await self._reset("gap" if self._seen else "opened", newest)
            since = newest
        told = 0
        self._last = since
        while True:
            changes = await self._store.changes(self._last)
            if changes.gap or told > _MOST_MISSED:
                await self._reset("gap", await self._store.position())
                return
            for commit in changes.commits:
                await self._tell(commit)
            told += len(changes.commits)
            if not changes.commits:
                return

    async def _reset(self, why: str, position: Position) -> None:
        self._shown.clear()
        self._last = position
        await self._write(_frame("reset", {"why": why}, position))

    async def _tell(self, commit: Commit) -> None:
        own = [change for change in commit.changes if change.entity == self._kind.__entity_name__]
        told = [message for change in own if (message := await self._message(change)) is not None]
        frames = [
            _frame(name, data, commit.position if number == len(told) - 1 else None)
            for number, (name, data) in enumerate(told)
        ]
        if frames:  # the last one has the position: half a commit is told again
            await self._write(b"".join(frames))
        self._last = commit.position

    async def _message(self, change: Change) -> tuple[str, dict[str, Any]] | None:
        entity, version = change.snapshot, change.version
        if entity is None and change.after is not None:  # another process stored it
            stored = await self._store.get(self._kind, change.id)
            entity, version = (None, version) if stored is None else (stored.entity, stored.version)
        was_in = change.id in self._shown or self._holds(entity_before(self._kind, change))
        if entity is None or not self._holds(entity):
            self._shown.discard(change.id)
            return ("leave", {"id": change.id}) if was_in else None
        if len(self._shown) < _MOST_SHOWN:
            self._shown.add(change.id)
        data = {
            "id": change.id,
            "version": version,
            "entity": represented(entity, self._app.codec, self._fields),
        }
        return ("update" if was_in else "enter"), data

    def _holds(self, entity: Entity | None) -> bool:
        """Tell whether *entity* is in the list and may be seen."""
        return (
            entity is not None
            and matches(self._query.where, entity)
            and is_found(self._query.search, entity)
            and may_read(self._app, self.actor, entity)
        )

    async def _write(self, frame: bytes) -> None:
        await self._send({"type": "http.response.body", "body": frame, "more_body": True})


def _frame(name: str, data: Any, position: Position | None) -> bytes:
    """Return one event; JSON on one line can end no event before its end."""
    id = b"" if position is None else f"id: {position}\n".encode()
    return id + f"event: {name}\n".encode() + b"data: " + json_bytes(data) + b"\n\n"


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
