"""What ends with a visit: its streams in this process, and in every other that serves the application."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, TypeAlias

from starmodel.app.policies import owner_mark
from starmodel.core.errors import StoreError

from .ended import Ended, EndedVisits, told_by

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import Scope

    from starmodel.app import Application
    from starmodel.core.actors import Actor
    from starmodel.core.changes import Change

    from .live import Hub
    from .session import Session
    from .sessions import Sessions, Visit

__all__ = ["EndThose", "VisitEndings"]

EndThose: TypeAlias = "Callable[[Callable[[Actor], bool]], None]"
"""Ends what is open for every actor of whom the given is true."""

Identify: TypeAlias = "Callable[[Scope], Awaitable[Actor]]"
"""Says who sent a request."""

logger = logging.getLogger("starmodel.sessions")


class VisitEndings:
    """Ends the streams of a visit when its id was given up or its session lost something, wherever that happened."""

    def __init__(self, app: Application, sessions: Sessions, hub: Hub, identify: Identify) -> None:
        self._sessions, self._hub, self._identify = sessions, hub, identify
        self._visits = EndedVisits(app)
        self.others: list[EndThose] = []
        """What ends the streams of other applications that stand behind the gate."""
        self._looking: asyncio.Task[None] | None = None
        hub.listeners[Ended.__entity_name__] = self._heard
        hub.missed.append(self._look_at_all)

    def prepare(self) -> None:
        """Make ready to tell other processes, as soon as the application uses a store that they share."""
        self._visits.prepare()

    async def has(self, mark: str, /) -> bool:
        """Tell whether a visit has ended in another process; StoreError when that cannot be found out."""
        return await self._visits.has(mark)

    async def tell(self, session: Session, scope: Scope, /) -> None:
        """Tell the other processes of visits that have ended in a request, or of one that is somebody else's now."""
        if session.ended:
            await self._visits.tell(session.ended)
        elif session.has_lost and session.owner and self._visits.is_shared and await self._is_another(session, scope):
            await self._visits.tell_of_change(session.visit)

    async def _is_another(self, session: Session, scope: Scope) -> bool:
        """Tell whether the actor is another by what is in the session now, or may be: nobody asked before."""
        before = session.actor
        return before is None or await self._identify(scope) != before

    def settle(self, session: Session, visit: Visit, /) -> None:
        """End the streams of what *visit* was before a request, and is not any more after it."""
        for one in [*session.ended, *([visit] if session.has_lost else [])]:
            self._end(one.mark, one.visitor)

    async def sign_out(self, actor: str) -> None:
        """End the streams and the sessions of an actor, by their id, in every process."""
        mark = owner_mark(actor)
        await self._visits.tell_of_actor(mark, await self._sessions.end_those_of(mark))
        self._end_actor(mark)

    def _heard(self, change: Change) -> None:
        visit, visitor, actor = told_by(change)
        if visit:
            self._sessions.retire(visit)
        if visit or visitor:
            self._end(visit, visitor)
        if actor:
            self._end_actor(actor)

    def _end(self, mark: str, visitor: str) -> None:
        """End the streams of a visit by its mark; without one, those of a visitor."""
        tabs = [tab for tab in self._hub.tabs if (tab.visit.mark == mark if mark else tab.visit.visitor == visitor)]
        for tab in tabs:
            tab.end()
        for end_those in self.others:
            end_those(lambda actor: bool(visitor) and actor.visitor == visitor)

    def _end_actor(self, mark: str) -> None:
        self._sessions.end_own_of(mark)
        for tab in [tab for tab in self._hub.tabs if owner_mark(tab.actor.id) == mark]:
            tab.end()
        for end_those in self.others:
            end_those(lambda actor: owner_mark(actor.id) == mark)

    def _look_at_all(self) -> None:
        """Ask about every visit that has a stream: some that ended were not told of."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="starmodel: which visits have ended")

    async def _look(self) -> None:
        for visit in {tab.visit for tab in self._hub.tabs}:
            try:
                if await self._visits.has(visit.mark):
                    self._sessions.retire(visit.mark)
                    self._end(visit.mark, visit.visitor)
            except StoreError:
                logger.warning("could not find out whether a visit has ended; its streams end with their age")
