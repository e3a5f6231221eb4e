"""One open tab: what its page depends on, what it has still to be told, and the stream it is told it on."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from typing import TYPE_CHECKING, Any

from starmodel.core.query import Query, Stored

from .relevance import concerns
from .results import go
from .signals import shown_values
from .views import views
from .wire import elements_frame, event_frame, signals_frame

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import Scope, Send

    from starmodel.core.actors import Actor
    from starmodel.core.changes import Change
    from starmodel.core.entity import Entity
    from starmodel.core.typing import Key

    from .live import Hub
    from .reading import PageRead
    from .tokens import PageToken

__all__ = ["Tab"]

logger = logging.getLogger("starmodel.live")


class Tab:
    """The server's side of a live page.

    What is to be told is kept by entity, newest only: a tab that reads slowly is told less often, not more.
    """

    __slots__ = (
        "_closing",
        "_epochs",
        "_page_hash",
        "_pending",
        "_remake",
        "_rest",
        "_send",
        "_shown",
        "_task",
        "_writer",
        "actor",
        "deps",
        "hub",
        "scope",
        "since",
        "token",
    )

    def __init__(self, hub: Hub, token: PageToken, actor: Actor, scope: Scope, send: Send) -> None:
        self.hub, self.token, self.actor = hub, token, actor
        self.scope = _lean(scope)
        self._depend_on(token)
        self.since = time.monotonic()
        self._send = send
        self._pending: dict[Key, Stored[Any] | None] = {}
        self._shown: dict[Key, int] = {}
        self._remake = False
        self._page_hash = b""
        self._writer: asyncio.Task[None] | None = None
        self._rest: asyncio.Future[None] | None = None
        self._task = asyncio.current_task()
        self._closing = False

    # -- what it depends on ----------------------------------------------------------------------------------------

    def _depend_on(self, deps: PageToken | PageRead) -> None:
        self.deps = deps
        self._epochs = tuple([position.rpartition("-")[0] for position in deps.positions])

    @property
    def keys(self) -> set[Key]:
        """The entities its page shows."""
        return {*self.deps.views, *self.deps.fields, *self.deps.signals}

    @property
    def kinds(self) -> set[str]:
        """The classes its page lists."""
        return {name for name, _ in self.deps.queries}

    def queries_of(self, kind: str) -> list[Query]:
        """Return the queries of its page over one class."""
        return [query for name, query in self.deps.queries if name == kind]

    # -- what it has to be told ------------------------------------------------------------------------------------

    def note(self, change: Change, stored: Stored[Any] | None) -> None:
        """Keep *change* to be told, with the entity it *stored* where that is known.

        The newest of an entity replaces what waits already.
        """
        key, deps = change.key, self.deps
        shown = key in deps.views or key in deps.signals
        if shown and change.after is not None:
            self._pending[key] = stored
        if key in deps.fields or (shown and change.after is None):
            self._remake = True
        elif deps.queries and not self._remake:
            self._remake = self._is_listed(change)

    def _is_listed(self, change: Change) -> bool:
        return any(concerns(change, query) for query in self.queries_of(change.entity))

    def note_stored(self, key: Key, stored: Stored[Any] | None) -> None:
        """Keep an entity to be shown as it is stored, whatever was shown of it meanwhile."""
        self._shown.pop(key, None)
        self._pending[key] = stored

    def note_everything(self) -> None:
        """Show everything as it is now: the log does not reach back to what the tab has."""
        for key in (*self.deps.views, *self.deps.signals):
            self._pending[key] = None
        if self.deps.fields or self.deps.queries:
            self._remake = True

    def note_page(self) -> None:
        """Make the page again."""
        self._remake = True

    # -- telling it ------------------------------------------------------------------------------------------------

    def wake(self) -> None:
        """Send what is to be told, unless that is going on already."""
        if self._closing or not (self._pending or self._remake):
            return
        if self._writer is None:  # from the first news on: waking a task costs less than starting one
            self._writer = asyncio.create_task(self._keep_telling(), name="starmodel live: tell a tab")
        elif self._rest is not None and not self._rest.done():
            self._rest.set_result(None)

    async def _keep_telling(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while not self._closing:
                if self._pending or self._remake:
                    await self._round()
                else:
                    self._rest = loop.create_future()
                    await self._rest
                    self._rest = None
        except Exception:
            logger.exception("a live stream failed and is closed; its tab will open another")
            self.end()

    async def _round(self) -> None:
        id_line = self.hub.id_line(self._epochs)
        pending, self._pending = self._pending, {}
        frames: list[bytes] = []
        if self._remake:
            self._remake = False
            made = await self._page_frames()
            if made is not None:
                frames, pending = made, {}
        for key, stored in pending.items():
            frames += self._entity_frames(key, stored or await self._stored(key))
            self._page_hash = b""  # the page in the browser is no longer the one that was made
        if frames:
            await self._write(b"".join((id_line, *frames)))

    def _entity_frames(self, key: Key, stored: Stored[Any] | None) -> list[bytes]:
        if stored is None or not self._may_read(key, stored):
            self._remake = True  # the page itself decides what it shows without it
            return []
        known = self._shown.get(key)
        if known is not None and stored.version <= known:
            return []
        self._shown[key] = stored.version
        uses = self.deps.views.get(key, ())
        frames = [self.view_frame(use.view, use.params, stored) for use in uses if use.view in views]
        names = self.deps.signals.get(key)
        if names:
            frames.append(self._signals_frame(stored, names))
        return frames

    async def _stored(self, key: Key) -> Stored[Any] | None:
        kind = self.hub.app.catalog.kind(key[0])
        found = await self.hub.app.persistence.for_class(kind).get(kind, key[1])
        if found is None:
            fresh = self.hub.app.implicit.fresh(kind, key[1])
            return None if fresh is None else Stored(fresh, 0)
        return found

    def _may_read(self, key: Key, stored: Stored[Any]) -> bool:
        decision = self.hub.app.policy.decide(self.actor, "read", type(stored.entity), key[1], stored.entity)
        return decision.allowed

    def view_frame(self, name: str, params: str, stored: Stored[Any]) -> bytes:
        """Return the frame that patches one view; encoded once for all tabs with the same rights."""
        view, rights = views[name], self.actor.roles
        entity = stored.entity
        key = (view, type(entity).__entity_name__, entity.id, stored.version, params, rights)
        return self.hub.frame(key, lambda: elements_frame(view.html(stored, params, rights, self.hub.fragments)))

    def _signals_frame(self, stored: Stored[Any], names: Iterable[str]) -> bytes:
        return signals_frame(shown_values(stored.entity, names))

    async def _page_frames(self) -> list[bytes] | None:
        """Make the page again and return the frames that bring it in; ``None`` when it could not be made.

        What was changed between its reads and this moment is noted to be told next.
        """
        made = await self.hub.remake(self)
        if made.go_to is not None:
            return [go(made.go_to)]
        html, read = made.html, made.read
        if not html:
            logger.error("the page %s could not be made again; its open tab shows what it has", self.token.url)
            return None
        self.hub.leave(self)
        self._depend_on(read)
        self._shown.clear()
        if not self._closing:
            self.hub.join(self)
            await self.hub.catch_up(self, read.positions)
        digest = hashlib.blake2b(html.encode(), digest_size=16).digest()
        if digest == self._page_hash:
            return []
        self._page_hash = digest
        return [elements_frame(html), *self._all_signals(read)]

    def _all_signals(self, read: PageRead) -> list[bytes]:
        """Return every signal of a page that was just made: the browser may have other values by now."""
        found = ((read.stored_under(key), names) for key, names in read.signals.items())
        return [self._signals_frame(stored, names) for stored, names in found if stored is not None]

    def show_unstored(self, snapshot: Entity) -> None:
        """Send the views of a snapshot that is not stored."""
        key = (type(snapshot).__entity_name__, snapshot.id)
        frames = [
            elements_frame(views[use.view].render(snapshot, use.params))
            for use in self.deps.views.get(key, ())
            if use.view in views
        ]
        if frames:
            self._page_hash = b""
            self._spawn(b"".join(frames))

    async def hello(self, *, fresh: bool) -> None:
        """Greet the tab: the stream is open; *fresh* says that the server lost what the tab has seen."""
        await self._write(event_frame("sm-hello", {"fresh": fresh}))

    def beat(self, frame: bytes) -> None:
        """Send a sign of life, unless something is being sent anyway."""
        if not self._closing and (self._writer is None or self._rest is not None):
            self._spawn(frame)

    def _spawn(self, frame: bytes) -> None:
        task = asyncio.ensure_future(self._write(frame))
        task.add_done_callback(_swallow)

    async def _write(self, frame: bytes) -> None:
        if not self._closing:
            await self._send({"type": "http.response.body", "body": frame, "more_body": True})

    def end(self) -> None:
        """End the stream; the tab opens another."""
        if not self._closing:
            self._closing = True
            if self._task is not None:
                self._task.cancel()

    @property
    def is_ending(self) -> bool:
        """True when the server itself ended the stream."""
        return self._closing

    def stop(self) -> None:
        """Let go of what is under way: the other end has gone."""
        self._closing = True
        if self._writer is not None:
            self._writer.cancel()


_KEPT = ("type", "asgi", "http_version", "method", "scheme", "root_path", "client", "server", "headers")

_OF_ONE_REQUEST = ("headers", "nonce", "visit")


def _lean(scope: Scope) -> Scope:
    """Return what is needed of a request to make its page again; an open stream holds on to nothing more."""
    state = {name: value for name, value in scope.get("state", {}).items() if name not in _OF_ONE_REQUEST}
    return {**{name: scope[name] for name in _KEPT if name in scope}, "state": state}


def _swallow(task: asyncio.Future[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        logger.debug("a stream could not be written to: %r", task.exception())
