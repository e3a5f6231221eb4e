"""One open tab: what its page depends on, what it has still to be told, and the stream it is told it on."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from typing import TYPE_CHECKING, Any

from starmodel.core.entity import fields_of
from starmodel.core.query import Query, Stored
from starmodel.core.visibility import Visibility

from .relevance import concerns
from .signals import signal_name, signal_value
from .views import views
from .wire import elements_frame, event_frame, signals_frame

if TYPE_CHECKING:
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

_ROUNDS = 100


class Tab:
    """The server's side of a live page.

    What is to be told is kept by entity, newest only: a tab that reads slowly is told less often, not more.
    """

    __slots__ = (
        "_closing",
        "_flushing",
        "_page_hash",
        "_pending",
        "_remake",
        "_send",
        "_shown",
        "_task",
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
        self.deps: PageToken | PageRead = token
        self.since = time.monotonic()
        self._send = send
        self._pending: dict[Key, Stored[Any] | None] = {}
        self._shown: dict[Key, int] = {}
        self._remake = False
        self._page_hash = b""
        self._flushing: asyncio.Task[None] | None = None
        self._task = asyncio.current_task()
        self._closing = False

    # -- what it depends on ----------------------------------------------------------------------------------------

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

    def note(self, change: Change) -> None:
        """Keep *change* to be told; the newest of an entity replaces what waits already."""
        key = change.key
        shown = key in self.deps.views or key in self.deps.signals
        if shown and change.after is not None:
            stored = None if change.snapshot is None else Stored(change.snapshot, change.version)
            self._pending[key] = stored
        if key in self.deps.fields or (shown and change.after is None):
            self._remake = True
        elif any(name == change.entity for name, _ in self.deps.queries):
            self._remake = self._remake or self._is_listed(change)

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
        if self._flushing is None and not self._closing and (self._pending or self._remake):
            self._flushing = asyncio.create_task(self._flush())

    async def _flush(self) -> None:
        try:
            for _ in range(_ROUNDS):
                if self._closing or not (self._pending or self._remake):
                    return
                await self._round()
        except Exception:
            logger.exception("a live stream failed and is closed; its tab will open another")
            self.end()
        finally:
            self._flushing = None
            if not self._closing and (self._pending or self._remake):
                self.wake()

    async def _round(self) -> None:
        epochs = [position.rpartition("-")[0] for position in self.deps.positions]
        id = self.hub.id_line(epochs)
        frames: list[bytes] = []
        if self._remake:
            self._remake = False
            self._pending.clear()
            frames += await self._page_frames()
        else:
            pending, self._pending = self._pending, {}
            for key, stored in pending.items():
                frames += await self._entity_frames(key, stored)
        if frames:
            await self._write(b"id: %b\n%b" % (id.encode(), b"".join(frames)))

    async def _entity_frames(self, key: Key, stored: Stored[Any] | None) -> list[bytes]:
        if stored is None:
            stored = await self._stored(key)
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
            frames.append(self._signals_frame(key, stored, names))
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

    def view_frame(self, name: str, params: tuple[tuple[str, Any], ...], stored: Stored[Any]) -> bytes:
        """Return the frame that patches one view; encoded once for all tabs with the same rights."""
        view, rights = views[name], self.actor.roles
        entity = stored.entity
        key = (view, type(entity).__entity_name__, entity.id, stored.version, params, rights)
        return self.hub.frame(key, lambda: elements_frame(view.html(stored, params, rights, self.hub.fragments)))

    def _signals_frame(self, key: Key, stored: Stored[Any], names: Any) -> bytes:
        infos = fields_of(type(stored.entity))
        public = {name for name in names if infos[name].visibility is Visibility.PUBLIC}
        values = {name: signal_value(getattr(stored.entity, name), self.hub.app.codec) for name in sorted(public)}
        return signals_frame({signal_name(*key): values})

    async def _page_frames(self) -> list[bytes]:
        """Make the page again and return the frame that morphs it in, if it is not the same as before."""
        html, read = await self.hub.remake(self)
        self.hub.leave(self)
        self.deps = read
        self._shown.clear()
        if not self._closing:
            self.hub.join(self)
        digest = hashlib.blake2b(html.encode(), digest_size=16).digest()
        if digest == self._page_hash or not html:
            return []
        self._page_hash = digest
        return [elements_frame(html)]

    def show_unstored(self, snapshot: Entity) -> None:
        """Send the views of a snapshot that is not stored."""
        key = (type(snapshot).__entity_name__, snapshot.id)
        frames = [
            elements_frame(views[use.view].render(snapshot, use.params))
            for use in self.deps.views.get(key, ())
            if use.view in views
        ]
        if frames:
            self._spawn(b"".join(frames))

    async def hello(self, *, fresh: bool) -> None:
        """Greet the tab: the stream is open; *fresh* says that the server lost what the tab has seen."""
        await self._write(event_frame("sm-hello", {"fresh": fresh}))

    def beat(self, frame: bytes) -> None:
        """Send a sign of life, unless something is being sent anyway."""
        if self._flushing is None and not self._closing:
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
        if self._flushing is not None:
            self._flushing.cancel()


_KEPT = ("type", "asgi", "http_version", "method", "scheme", "root_path", "client", "server", "headers")


def _lean(scope: Scope) -> Scope:
    """Return what is needed of a request to make its page again; an open stream holds on to nothing more."""
    return {name: scope[name] for name in _KEPT if name in scope}


def _swallow(task: asyncio.Future[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        logger.debug("a stream could not be written to: %r", task.exception())
