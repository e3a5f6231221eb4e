"""What one process tells the others about who is on its pages, and how they find out that it has died.

Each process has a numbered seat, which is a lease in the store that they share: renewed each second, gone three seconds
after the process.  Whoever notices that a seat is free takes it for a moment and lets those leave who were there.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from starmodel.app.ending import ended
from starmodel.app.policies import owned_id, owner_mark
from starmodel.core.commands import Command
from starmodel.core.errors import ConflictError, NotFoundError, StarModelError
from starmodel.core.query import Query

if TYPE_CHECKING:
    from starmodel.app import Application
    from starmodel.core.changes import Change
    from starmodel.core.entity import Entity
    from starmodel.core.ports import SharedPersistenceBackend

    from .live import Hub
    from .tab import Tab

__all__ = ["BEAT", "GRACE", "LIFE", "Attendance", "Post", "Stay"]

logger = logging.getLogger("starmodel.presence")

LIFE = 3.0
"""Seconds after which a process counts as dead that does not renew its seat."""
BEAT = 0.75
GRACE = 1.0
"""Seconds that a page may take to come back, as after a reload, before its reader is gone."""
_SEATS = 1000
_AT_A_TIME = 500
_PATIENCE = 2.0


class Post(NamedTuple):
    """Somebody at a place."""

    place: str
    shown: str
    who: str


@dataclass(slots=True)
class Stay:
    """How many pages of this process are open for a post, and whether the store says so."""

    pages: int = 0
    is_noted: bool = False
    task: asyncio.Task[None] | None = None


class Attendance:
    """The people on the pages of this process, and what it does about processes that died."""

    def __init__(self, app: Application, kind: type[Entity], *, is_shared: bool) -> None:
        self._app, self._kind, self._is_shared = app, kind, is_shared
        self._stays: dict[Post, Stay] = {}
        self._seats: dict[str, tuple[int, str]] = {}
        """The seat and the life of whoever noted each of the others."""
        self._seat, self._life = 0, secrets.token_hex(8)
        self._beating: asyncio.Task[None] | None = None
        self._is_open = self._has_missed = False

    @property
    def _store(self) -> SharedPersistenceBackend:
        return cast("SharedPersistenceBackend", self._app.persistence.for_class(self._kind))

    # -- who is on the pages here ----------------------------------------------------------------------------------

    def join(self, tab: Tab) -> None:
        """Note that a page is open, for each place that it is at."""
        for post in _posts(tab):
            stay = self._stays.setdefault(post, Stay())
            stay.pages += 1
            self._settle(post, stay)

    def leave(self, tab: Tab) -> None:
        """Note that a page is not open any more."""
        for post in _posts(tab):
            stay = self._stays.get(post)
            if stay is not None:
                stay.pages -= 1
                self._settle(post, stay)
                self._forget(post, stay)

    def _settle(self, post: Post, stay: Stay) -> None:
        if self._is_open and stay.task is None and bool(stay.pages) != stay.is_noted:
            stay.task = asyncio.create_task(self._keep_settling(post, stay), name="starmodel presence: tell")

    async def _keep_settling(self, post: Post, stay: Stay) -> None:
        try:
            while bool(stay.pages) != stay.is_noted:
                await self._settle_once(post, stay)
        finally:
            stay.task = None
            self._forget(post, stay)

    def _forget(self, post: Post, stay: Stay) -> None:
        if not (stay.pages or stay.is_noted or stay.task) and self._stays.get(post) is stay:
            del self._stays[post]

    async def _settle_once(self, post: Post, stay: Stay) -> None:
        try:
            if stay.pages:
                await self._enter(post)
                stay.is_noted = True
                return
            await asyncio.sleep(GRACE)
            if not stay.pages:
                await self._let_go(self._id(post))
                stay.is_noted = False
        except StarModelError:
            logger.warning("could not tell who is on a page; trying again", exc_info=True)
            await asyncio.sleep(BEAT)

    async def _enter(self, post: Post) -> None:
        args = {**post._asdict(), "seat": self._seat, "life": self._life}
        with suppress(ConflictError):  # it was told before, and nobody heard that it was
            await self._app.dispatch(self._command("enter", self._id(post), args))

    async def _let_go(self, id: str) -> None:
        with suppress(NotFoundError):  # another process did, or this one was taken for dead
            await self._app.dispatch(self._command("leave", id, {}))

    def _command(self, event: str, id: str, args: Mapping[str, Any]) -> Command:
        return Command(entity=self._kind.__entity_name__, event=event, args=args, entity_id=id)

    def _id(self, post: Post) -> str:
        said = "\0".join((self._life, *post)).encode("utf-8", "surrogatepass")
        return owned_id("\0presence", hashlib.blake2b(said, digest_size=15).hexdigest(), "seen")

    # -- life ------------------------------------------------------------------------------------------------------

    async def open(self, hub: Hub) -> None:
        """Take a seat, and find out who else has one."""
        self._is_open = True
        if self._is_shared:
            hub.listeners[self._kind.__entity_name__] = self._heard
            hub.missed.append(self._miss)
            await self._sit_down()
            self._beating = asyncio.create_task(self._beat(), name="starmodel presence: keep the seat")

    async def close(self) -> None:
        """Let everybody leave who is on the pages here, and give the seat up."""
        self._is_open = False
        if self._beating is not None:
            await ended(self._beating)
        stays, self._stays = self._stays, {}
        for stay in stays.values():
            if stay.task is not None:
                await ended(stay.task)
        try:
            async with asyncio.timeout(_PATIENCE):
                for post, stay in stays.items():
                    if stay.is_noted:
                        await self._let_go(self._id(post))
                if self._is_shared:
                    await self._lease(self._seat, 0)
        except (StarModelError, TimeoutError):
            logger.warning("could not tell that nobody is on the pages here any more; other processes find out")

    async def _lease(self, seat: int, seconds: float) -> bool:
        return await self._store.lease(f"seat-{seat}", self._life, seconds=seconds) is not None

    async def _sit_down(self) -> None:
        self._life = secrets.token_hex(8)
        for seat in range(1, _SEATS):
            if await self._lease(seat, LIFE):
                self._seat = seat
                break
        await self._look_around()

    def _miss(self) -> None:
        self._has_missed = True

    async def _look_around(self) -> None:
        """Find out who notes anybody, from the store."""
        self._has_missed = False
        self._seats.clear()
        after: str | None = ""
        while after is not None:
            page = await self._store.query(self._kind, Query(limit=_AT_A_TIME, after=after or None).checked(self._kind))
            for stored in page.items:
                values = stored.entity.__dict__
                self._seats[stored.entity.id] = (values["seat"], values["life"])
            after = page.next

    def _heard(self, change: Change) -> None:
        """Note who says so of somebody; called for every change, whichever process made it."""
        if change.after is None:
            self._seats.pop(change.id, None)
        else:
            self._seats[change.id] = (change.after.get("seat", 0), change.after.get("life", ""))

    async def _beat(self) -> None:
        failed = False
        while True:
            await asyncio.sleep(BEAT)
            try:
                await self._stay_seated()
                if self._has_missed:
                    await self._look_around()
                for seat in {seat for seat, life in self._seats.values() if life != self._life}:
                    await self._look_at(seat)
                failed = False
            except StarModelError:
                if not failed:
                    logger.warning("could not keep the seat of this process; trying again", exc_info=True)
                failed = True

    async def _stay_seated(self) -> None:
        """Keep the seat; take another, and say anew who is here, when this process was taken for dead."""
        if await self._lease(self._seat, LIFE):
            return
        await self._sit_down()
        for post, stay in list(self._stays.items()):
            stay.is_noted = False
            self._settle(post, stay)

    async def _look_at(self, seat: int) -> None:
        """Let those leave who were on the pages of a process that died."""
        if seat != self._seat and not await self._lease(seat, LIFE):
            return
        for id in [id for id, (one, life) in self._seats.items() if one == seat and life != self._life]:
            await self._let_go(id)
            self._seats.pop(id, None)
        if seat != self._seat:
            await self._lease(seat, 0)


def _posts(tab: Tab) -> list[Post]:
    return [Post(place, shown, owner_mark(tab.actor.id)) for place, shown in tab.deps.places.items()]
