"""Who is on a page: people appear while a page of theirs is open, on whatever node, and are gone soon after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from starmodel.app.policies import is_seen_id, owner_mark
from starmodel.core import Entity, Private, Unit, event
from starmodel.core.config import EntityConfig
from starmodel.core.errors import ConfigurationError, EventError
from starmodel.core.query import Query

from .attendance import Attendance
from .ended import shared_store
from .reading import current_page

if TYPE_CHECKING:
    from .app import StarModelApp

__all__ = ["Here", "Person", "Presence"]

_LONGEST = 200


class Here(Entity):
    """Somebody at a place, as one process knows it: what is *shown* of them, and the mark of who it is."""

    place: str
    shown: str
    who: Private[str]
    seat: Private[int] = 0
    life: Private[str] = ""

    model_config: ClassVar[EntityConfig] = {
        "default_events": (),
        "pages": False,
        "api": False,
        "namespace": "StarModelHere",
    }

    def check(self) -> None:
        """Refuse an id that anybody but the program could give it."""
        if not is_seen_id(self.id):
            raise ValueError("the program itself says who is here")

    @event
    @classmethod
    def enter(cls, place: str, shown: str, who: str, seat: int, life: str) -> Here:
        """Note that somebody is at a place; whoever notes it gives the id."""
        return cls(id=Unit.current().new_id(), place=place, shown=shown, who=who, seat=seat, life=life)

    @event
    def leave(self) -> None:
        """Note that they are not there any more."""
        Unit.current().delete(self)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at a place: what the application has chosen to show of them, and whether it is the one who looks."""

    shown: str
    is_me: bool = False


class Presence:
    """The people on the pages of one application.  Make one before the application starts, when its stores are known.

    ::

        presence = Presence(app)


        @app.get("/")
        async def lobby():
            people = await presence.here("lobby", shown="Ada")
            return P(", ".join(person.shown for person in people))

    It is kept in a store that processes share where the application uses one, and else in memory.
    """

    def __init__(self, app: StarModelApp) -> None:
        self._app = app.application
        if Here in self._app.catalog:
            raise ConfigurationError("the application has a Presence already; use that one for every place")
        name = shared_store(self._app)
        self._app.persistence.assign(Here, name or "memory")
        app.include_entity(Here)
        app.runtime.hub.attendance = Attendance(self._app, Here, is_shared=name is not None)

    async def here(self, place: str, *, shown: str | None = None, limit: int = 200) -> list[Person]:
        """Return who is at *place*, inside a page function: the page follows who comes and goes.

        Whoever looks is there too as long as the page is open, as *shown*: a name, or whatever the others may know,
        of which one line of 200 characters is taken.  Without it, or with a blank one, they see the others and are not
        seen.  A person is listed once, however many pages they have open; no more than *limit* are.
        """
        page = current_page.get()
        if page is None:
            raise EventError("presence.here() works inside a page function, whose page it keeps up to date")
        _check(place)
        shown = _line(shown or "")
        query = Query(where={"place": place}, limit=limit)
        await page.depend_on(Here, query)
        found = await self._app.persistence.query(Here, query)
        me, page.is_everybodys = owner_mark(page.actor.id), False
        people = {one.entity.who: Person(one.entity.shown, one.entity.who == me) for one in found.items}
        if not shown:
            people.pop(me, None)
        else:
            page.places[place] = shown
            people[me] = Person(shown, is_me=True)  # before the stream of this very page is open
        return [people[who] for who in sorted(people)]


def _check(place: str) -> None:
    if not place or len(place) > _LONGEST or not place.isprintable():
        raise EventError(f"the place {place[:80]!r} must be 1 to {_LONGEST} printable characters")


def _line(text: str) -> str:
    """Return what is shown of *text*, which may come from anybody: one line of it."""
    return "".join(filter(str.isprintable, " ".join(text.split())))[:_LONGEST]
