"""One open tab: what its page depends on, what it has still to be told, and the stream it is told it on."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from typing import TYPE_CHECKING, Any

from starmodel.app import is_ruled, narrowed
from starmodel.core.query import Query, Stored

from .audience import joined
from .patches import entity_frames, key_of, may_read, preview_frames, signal_frames
from .relevance import concerns
from .remaking import what_makes_it_again
from .results import go, toast
from .rights import rights_of
from .wire import elements_frame, event_frame

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

MADE_AGAIN = "again"
"""Stands in the id of a message when the page was made again since its token was: it may depend on something else."""


class Tab:
    """The server's side of a live page.

    What is to be told is kept by entity, newest only: a tab that reads slowly is told less often, not more.
    """

    __slots__ = (
        "_again",
        "_audience",
        "_closing",
        "_epochs",
        "_failures",
        "_greeted",
        "_page_hash",
        "_pending",
        "_previews",
        "_remake",
        "_rest",
        "_send",
        "_shown",
        "_silent",
        "_task",
        "_writer",
        "actor",
        "deps",
        "hub",
        "scope",
        "since",
        "token",
        "visit",
    )

    def __init__(self, hub: Hub, token: PageToken, actor: Actor, scope: Scope, send: Send) -> None:
        self.hub, self.token, self.actor = hub, token, actor
        self.scope = what_makes_it_again(scope)
        self.visit = scope["state"]["visit"]
        self._depend_on(token)
        self.since = time.monotonic()
        self._send = send
        self._pending: dict[Key, Stored[Any] | None] = {}
        self._previews: dict[Key, Entity] = {}
        self._silent = False
        self._shown: dict[Key, int] = {}
        self._remake = False
        self._page_hash = b""
        self._writer: asyncio.Task[None] | None = None
        self._rest: asyncio.Future[None] | None = None
        self._task = asyncio.current_task()
        self._closing = False
        self._greeted = self._again = False
        self._failures = 0

    # -- what it depends on ----------------------------------------------------------------------------------------

    def _depend_on(self, deps: PageToken | PageRead) -> None:
        self.deps = deps
        kind = self.hub.app.catalog.kind
        rights = rights_of([kind(name) for name in {name for name, _ in deps.views}], self.actor)
        self._audience = self.hub.audiences.of(deps, rights)
        self._epochs = tuple([position.rpartition("-")[0] for position in deps.positions])

    def stands_in(self, epochs: Iterable[str]) -> None:
        """Say which lives of logs the positions of this tab are in from now on."""
        self._epochs = tuple(epochs)

    @property
    def keys(self) -> set[Key]:
        """The entities its page shows."""
        return {*self.deps.views, *self.deps.fields, *self.deps.signals}

    @property
    def kinds(self) -> set[str]:
        """The classes its page lists."""
        return {name for name, _ in self.deps.queries}

    def queries_of(self, kind: str) -> list[Query]:
        """Return the queries of its page over one class, for what its reader may see of it."""
        known, queries = self.hub.app.catalog.kind(kind), [query for name, query in self.deps.queries if name == kind]
        if not is_ruled(known):
            return queries
        return [limited for query in queries if (limited := narrowed(known, query, self.actor)) is not None]

    # -- what it has to be told ------------------------------------------------------------------------------------

    def note(self, change: Change, stored: Stored[Any] | None) -> None:
        """Keep *change* to be told, with the entity it *stored* where that is known.

        The newest of an entity replaces what waits already.
        """
        key, deps = change.key, self.deps
        shown = key in deps.views or key in deps.signals
        if shown and change.after is not None:
            self._previews.pop(key, None)
            waiting = self._pending.get(key)
            if stored is None or waiting is None:
                self._pending[key] = stored
            elif waiting.version <= stored.version:  # two changes: what both touched is shown as a whole
                self._pending[key] = Stored(stored.entity, stored.version)
        if key in deps.fields or (shown and change.after is None):
            self._remake = True
        elif deps.queries and not self._remake:
            self._remake = self._is_listed(change)

    def _is_listed(self, change: Change) -> bool:
        return any(concerns(change, query) for query in self.queries_of(change.entity))

    def note_stored(self, key: Key) -> None:
        """Keep an entity to be shown as it is stored by then, whatever was shown of it meanwhile."""
        self._previews.pop(key, None)
        self._shown.pop(key, None)
        self._pending[key] = None

    def note_everything(self) -> None:
        """Show everything as it is now: the log does not reach back to what the tab has."""
        for key in (*self.deps.views, *self.deps.signals):
            self._pending[key] = None
        if self.deps.fields or self.deps.queries:
            self._remake = True

    def note_page(self) -> None:
        """Make the page again."""
        self._remake = True

    def note_preview(self, snapshot: Entity) -> None:
        """Keep a step of a running event to be shown, until something stored takes its place."""
        self._previews[key_of(snapshot)] = snapshot

    # -- telling it ------------------------------------------------------------------------------------------------

    def wake(self) -> None:
        """Send what is to be told, unless that is going on already."""
        if self._closing or not self._greeted or not self._has_news():
            return
        if self._writer is None:  # from the first news on: waking a task costs less than starting one
            self._writer = asyncio.create_task(self._keep_telling(), name="starmodel live: tell a tab")
        elif self._rest is not None and not self._rest.done():
            self._rest.set_result(None)

    def _has_news(self) -> bool:
        return bool(self._pending or self._remake or self._silent or self._previews)

    async def _keep_telling(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while not self._closing:
                if not self._has_news():
                    self._rest = loop.create_future()
                    await self._rest
                    self._rest = None
                if len(self._pending) == 1 and not self._remake and not self._previews:
                    await self._tell_of_one()
                else:
                    await self._round()
        except Exception:
            logger.exception("a live stream failed and is closed; its tab will open another")
            self.end()

    async def _tell_of_one(self) -> None:
        """Tell of one changed entity and of nothing else, as nearly every message does."""
        id_line = self._marked(self.hub.logs.id_line(self._epochs))
        key, stored = self._pending.popitem()
        self._page_hash = b""  # the page in the browser is no longer the one that was made
        shown = self._to_show(key, stored or await self.hub.reads.get(key))
        message = b"" if shown is None else self._audience.message(self.hub, shown, id_line)
        if message and not self._closing:
            self._silent = False
            await self._send({"type": "http.response.body", "body": message, "more_body": True})

    async def _round(self) -> None:
        id_line = self.hub.logs.id_line(self._epochs)
        pending, self._pending = self._pending, {}
        previews, self._previews = self._previews, {}
        silent, self._silent = self._silent, False
        frames: list[bytes] = []
        if self._remake:
            self._remake = False
            made = await self._page_frames()
            if made is not None:
                frames, pending = made, {}
        for key, stored in pending.items():
            shown = self._to_show(key, stored or await self.hub.reads.get(key))
            frames += [] if shown is None else entity_frames(self.hub, self._audience, shown)
            self._page_hash = b""
        message = joined(frames, self._marked(id_line))
        for key, snapshot in previews.items():
            message += b"".join(preview_frames(self.hub, self.deps, snapshot, self.actor))
            self._shown.pop(key, None)  # what was shown of it is covered: the stored one is to be sent again
            self._page_hash = b""
        if message:
            await self._write(message)
        elif silent:
            await self._write(_BEAT)

    def _marked(self, id_line: bytes) -> bytes:
        return id_line.replace(b"\n", f",{MADE_AGAIN}\n".encode()) if self._again else id_line

    def _to_show(self, key: Key, stored: Stored[Any] | None) -> Stored[Any] | None:
        """Return an entity that the tab is to be shown, ``None`` when it has seen it or may not."""
        if stored is None or not may_read(self.hub, self.actor, stored.entity):
            self._remake = True  # the page itself decides what it shows without it
            return None
        known = self._shown.get(key)
        if known is not None and stored.version <= known:
            return None
        self._shown[key] = stored.version
        if self._audience.is_remade(self.hub, key, stored):
            self._remake = True
            return None
        return stored

    async def _page_frames(self) -> list[bytes] | None:
        """Make the page again and return the frames that bring it in; ``None`` when it could not be made.

        What was changed between its reads and this moment is noted to be told next.
        """
        if self.deps.has_kept:
            return [_ASK]
        made = await self.hub.remake(self)
        if made.go_to is not None:
            return [go(made.go_to)]
        html, read = made.html, made.read
        if self._closing:
            return None
        if not html:
            logger.error("the page %r could not be made again; its open tab shows what it has", self.token.url)
            if not self._failures:
                await self._write(toast("This page could not be brought up to date. It is tried again.", "error"))
            self._failures += 1
            asyncio.get_running_loop().call_later(min(0.5 * 2**self._failures, 60.0), self._try_again)
            return None
        self._failures = 0
        self.hub.leave(self)
        self._depend_on(read)
        self._again = True
        self._shown = {key: stored.version for key in self.keys if (stored := read.stored_under(key)) is not None}
        if not self._closing:
            self.hub.join(self)
            gap, _ = await self.hub.catch_up(self, read.positions)
            if gap:
                self.note_everything()
        digest = hashlib.blake2b(html.encode(), digest_size=16).digest()
        if digest == self._page_hash:
            return []
        self._page_hash = digest
        return [elements_frame(html), *signal_frames(read)]

    def _try_again(self) -> None:
        self.note_page()
        self.wake()

    async def hello(self, *, fresh: bool) -> None:
        """Greet the tab: the stream is open; *fresh* says that the server lost what the tab has seen.

        Nothing is told before it has caught up: its message would carry an id beyond what is still to be told.
        """
        self._greeted = True
        await self._write(event_frame("sm-hello", {"fresh": fresh}))

    def beat(self) -> None:
        """Send a sign of life, unless something is being sent anyway."""
        if self._writer is None or self._rest is not None:
            self._silent = True
            self.wake()

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


_BEAT = event_frame("sm-beat", 0)  # no comment: the page is not told of those, and waits for a sign of life
_ASK = event_frame("sm-ask", {})
"""Lets the browser ask for the page again, with what it keeps itself."""
