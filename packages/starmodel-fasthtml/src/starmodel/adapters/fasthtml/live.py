"""Live pages: one hub follows the bus for the whole process and tells each open tab what concerns it.

A tab costs its request's own task and a few sets; a delivery costs one look-up of a frame that is rendered once and one
``send``.
"""

from __future__ import annotations

import asyncio
import logging
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from starmodel.app import Follower
from starmodel.app.ending import ended
from starmodel.core.changes import Position
from starmodel.core.ports import Durability
from starmodel.core.query import Stored

from .audience import Audiences
from .fragments import Fragments
from .logs_followed import LogsFollowed
from .patches import Told, fields_told, stored_now
from .relevance import concerns
from .shared_reads import SharedReads
from .tab import Tab
from .views import views

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable

    from starmodel.app import Application
    from starmodel.core.changes import Change, Commit
    from starmodel.core.entity import Entity
    from starmodel.core.ports import StatePersistenceBackend
    from starmodel.core.typing import Key

    from .attendance import Attendance
    from .reading import ViewUse
    from .remaking import Remade

__all__ = ["Hub"]

logger = logging.getLogger("starmodel.live")

_PAUSE = 0.1


class Hub:
    """Knows every open tab of this process by what its page depends on.

    *heartbeat* seconds of silence are filled with a sign of life, so that proxies keep the stream and a dead one is
    noticed on both ends.
    After *max_age* seconds a stream ends and the tab opens another, with its rights looked at anew.
    """

    def __init__(
        self,
        app: Application,
        fragments: Fragments,
        remake: Callable[[Tab], Awaitable[Remade]],
        *,
        heartbeat: float = 20.0,
        max_age: float = 30 * 60.0,
    ) -> None:
        self.app = app
        self.fragments = fragments
        self.audiences = Audiences()
        self.views: dict[str, Any] = {}
        self.frames = Fragments(max_bytes=8 * 1024 * 1024)
        self.reads = SharedReads(partial(stored_now, self))
        self.remake = remake
        self.tabs: set[Tab] = set()
        self._by_key: dict[Key, set[Tab]] = {}
        self._by_kind: dict[str, set[Tab]] = {}
        self.logs = LogsFollowed()
        self._heartbeat, self._max_age = heartbeat, max_age
        self._follower: Follower | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.draining = False
        self.streams = 0
        self.attendance: Attendance | None = None
        """Who is told which pages are open, where the application asks who is on them."""
        self.listeners: dict[str, Callable[[Change], None]] = {}
        """Who is told of every change of a class besides the pages, by its name."""
        self.missed: list[Callable[[], None]] = []
        """Who is told that some changes were missed."""

    async def open(self) -> None:
        """Begin to follow the bus."""
        self.draining = False
        self._follower = Follower(self.app.bus, self.app.persistence, passes=self._concerns_nobody)
        await self._follower.start()
        await self.logs.stand_anew(self.app.persistence.stores.values())
        if self.attendance is not None:
            await self.attendance.open(self)
        self._tasks = [
            asyncio.create_task(self._follow(self._follower), name="starmodel live: follow the bus"),
            asyncio.create_task(self._keep_alive(), name="starmodel live: heartbeat"),
        ]

    async def close(self) -> None:
        """End every stream and stop following."""
        self.drain()
        if self._follower is not None:
            self._follower.close()
        for task in self._tasks:
            await ended(task)
        await self.reads.close()
        if self.attendance is not None:
            await self.attendance.close()

    def drain(self) -> None:
        """End every stream at once, so that the server can stop; the tabs come back to its successor."""
        self.draining = True
        for tab in list(self.tabs):
            tab.end()

    def join(self, tab: Tab) -> None:
        """Tell *tab* from now on what concerns it."""
        self.tabs.add(tab)
        if self.attendance is not None:
            self.attendance.join(tab)
        for key in tab.keys:
            self._by_key.setdefault(key, set()).add(tab)
        for name in tab.kinds:
            self._by_kind.setdefault(name, set()).add(tab)

    def leave(self, tab: Tab) -> None:
        """Tell *tab* nothing more."""
        if self.attendance is not None and tab in self.tabs:
            self.attendance.leave(tab)
        self.tabs.discard(tab)
        for index, names in ((self._by_key, tab.keys), (self._by_kind, tab.kinds)):
            for name in names:
                _drop(index, name, tab)

    async def _follow(self, follower: Follower) -> None:
        gaps = 0
        while True:
            try:
                async for commit in follower:
                    self.tell(commit)
                    if follower.gaps != gaps:  # what was missed is in no log any more
                        gaps = follower.gaps
                        await self.logs.stand_anew(self.app.persistence.stores.values())
                        self.tell_everything()
            except Exception:
                logger.exception("could not follow what is stored; every open tab is shown everything as it is now")
                self.tell_everything()
                await asyncio.sleep(_PAUSE)
            else:
                return

    def tell_everything(self) -> None:
        """Show every tab everything as it is now."""
        self.app.dispatcher.moves.everything()
        for told in self.missed:
            told()
        for tab in self.tabs:
            tab.note_everything()
            tab.wake()

    def tell(self, commit: Commit) -> None:
        """Pass *commit* on to every tab that it concerns."""
        self.logs.stand_at(commit.position)
        self.app.dispatcher.moves.heard(commit)
        for change in commit.changes:
            if change.entity in self.listeners:
                self.listeners[change.entity](change)
            concerned = self.concerned(change)
            stored = _stored_by(change) if concerned else None
            for tab in concerned:
                tab.note(change, stored)
                tab.wake()

    def _concerns_nobody(self, commit: Commit) -> bool:
        """Note where the log stands if *commit* is nothing to any tab."""
        if any(self._by_key.get(change.key) or self._by_kind.get(change.entity) for change in commit.changes):
            return False
        if any(change.entity in self.listeners for change in commit.changes):
            return False
        self.logs.stand_at(commit.position)
        self.app.dispatcher.moves.heard(commit)
        return True

    def concerned(self, change: Change) -> Collection[Tab]:
        """Return the tabs whose page shows the changed entity, or a list that it may be in."""
        direct = self._by_key.get(change.key, ())
        listing = self._by_kind.get(change.entity, ())
        if not listing:
            return tuple(direct)
        return {
            *direct,
            *(tab for tab in listing if any(concerns(change, query) for query in tab.queries_of(change.entity))),
        }

    def preview(self, visitor: str, kind: type[Entity], id: str, snapshot: Entity) -> None:
        """Show a step of a running event in the tabs of the visitor who began it; nothing is stored yet."""
        for tab in self._tabs_of(visitor, (kind.__entity_name__, id)):
            tab.note_preview(snapshot)
            tab.wake()

    def restore(self, visitor: str, kind: type[Entity], id: str) -> None:
        """Show what is stored again, after an event with steps failed."""
        for tab in self._tabs_of(visitor, (kind.__entity_name__, id)):
            tab.note_stored((kind.__entity_name__, id))
            tab.wake()

    def _tabs_of(self, visitor: str, key: Key) -> list[Tab]:
        return [tab for tab in self._by_key.get(key, ()) if tab.actor.visitor == visitor]

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(self._heartbeat)
            oldest = time.monotonic() - self._max_age
            for tab in list(self.tabs):
                if tab.since < oldest:
                    tab.end()
                else:
                    tab.beat()

    async def catch_up(self, tab: Tab, seen: Iterable[str]) -> tuple[bool, bool]:
        """Note what *tab* has missed since the positions in *seen*.

        Returns whether a log does not reach back that far, and whether that is because its store began anew.
        """
        last = {position.epoch: position for text in seen if (position := Position.parse(text)) is not None}
        gap = fresh = False
        epochs: list[str] = []
        for store in self._stores_of(tab):
            newest = await store.position()
            epochs.append(newest.epoch)
            if not self.logs.knows(newest.epoch):
                self.logs.stand_at(newest)
            position = last.get(newest.epoch)
            if position is None:
                gap, fresh = True, fresh or (bool(last) and store.durability is Durability.EPHEMERAL)
                continue
            changes = await store.changes(position)
            gap = gap or changes.gap or (bool(changes.commits) and changes.position.number < newest.number)
            for commit in changes.commits:
                for change in commit.changes:
                    tab.note(change, _stored_by(change))
        tab.stands_in(epochs)
        return gap, fresh

    def _stores_of(self, tab: Tab) -> Iterable[StatePersistenceBackend]:
        names = {name for name, _ in tab.keys} | tab.kinds
        stores = (self.app.persistence.for_class(self.app.catalog.kind(name)) for name in sorted(names))
        return {id(store): store for store in stores}.values()

    def view(self, name: str) -> Any:
        """Return a view by its name, ``None`` for none: one of this application's pages, or one declared anywhere."""
        return self.views.get(name) or views.get(name)

    def needs_page(self, use: ViewUse, stored: Stored[Any]) -> bool:
        """Tell whether a view can show *stored* only by making its page again."""
        view = self.view(use.view)
        return view is not None and view.needs_page(use.params, fields_told(stored))

    def frame(self, key: object, make: Callable[[], bytes]) -> bytes:
        """Return an encoded frame, made once and shared by every tab that is sent it."""
        frame: bytes = self.frames.get(key, make)
        return frame


def _stored_by(change: Change) -> Stored[Any] | None:
    """Return the entity as *change* stored it, if the commit still carries it."""
    if change.snapshot is None:
        return None
    if change.before is None:
        return Stored(change.snapshot, change.version)
    return Told(change.snapshot, change.version, change.fields)


def _drop(index: dict[Any, set[Tab]], name: Any, tab: Tab) -> None:
    tabs = index.get(name)
    if tabs is not None:
        tabs.discard(tab)
        if not tabs:
            del index[name]
