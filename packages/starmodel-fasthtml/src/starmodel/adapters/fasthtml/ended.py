"""Visits that have ended: told to every process that serves the application, so that their streams end there too."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, ClassVar

from starmodel.app.policies import is_seen_id, owned_id
from starmodel.core import Command, Entity, Private, Unit, event
from starmodel.core.config import EntityConfig
from starmodel.core.ports import Durability

from .sessions import MAX_AGE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from starmodel.app import Application
    from starmodel.core.changes import Change
    from starmodel.core.ports import StatePersistenceBackend

    from .sessions import Visit

__all__ = ["Ended", "EndedVisits", "lasting_first", "shared_store", "told_by"]


class Ended(Entity):
    """A visit that is refused from now on, or an actor whose visits are; each by its mark.

    With a visitor alone: their streams begin anew, as whoever they are by then.
    """

    visit: Private[str] = ""
    visitor: Private[str] = ""
    actor: Private[str] = ""

    model_config: ClassVar[EntityConfig] = {
        "default_events": (),
        "pages": False,
        "api": False,
        "namespace": "StarModelEnded",
        "ttl": MAX_AGE,
    }

    def check(self) -> None:
        """Refuse an id that anybody but the program could give it."""
        if not is_seen_id(self.id):
            raise ValueError("the program itself ends visits")

    @event
    @classmethod
    def note(cls, visit: str = "", visitor: str = "", actor: str = "") -> Ended:
        """Note that a visit has ended, or all of an actor's; whoever notes it gives the id."""
        return cls(id=Unit.current().new_id(), visit=visit, visitor=visitor, actor=actor)


class EndedVisits:
    """What the processes of one application tell each other about visits that have ended.

    They do where they share a store; a process alone remembers by itself, as it remembers sessions.
    """

    def __init__(self, app: Application) -> None:
        self._app = app
        self.is_shared = False

    def prepare(self) -> None:
        """Keep what is told in a store that is shared, if the application uses one by now."""
        name = None if self.is_shared else shared_store(self._app)
        if name is not None:
            self.is_shared = True
            self._app.persistence.assign(Ended, name)
            self._app.add(Ended)

    async def has(self, mark: str) -> bool:
        """Tell whether a visit has ended, here or elsewhere; StoreError when that cannot be found out."""
        found = await self._app.persistence.for_class(Ended).get(Ended, _id(mark)) if self.is_shared else None
        return found is not None

    async def tell(self, visits: Iterable[Visit]) -> None:
        """Tell every process of visits that have ended; StoreError when they cannot be told."""
        if self.is_shared:
            for visit in visits:
                await self._note(_id(visit.mark), visit=visit.mark, visitor=visit.visitor)

    async def tell_of_actor(self, actor: str, marks: Iterable[str]) -> None:
        """Tell every process that an actor's visits have ended, by the mark of the actor and those that are known."""
        if self.is_shared:
            for mark in marks:
                await self._note(_id(mark), visit=mark)
            await self._note(_id(secrets.token_hex(15)), actor=actor)

    async def tell_of_change(self, visit: Visit) -> None:
        """Tell every process that whose *visit* is has changed: it goes on, and its streams have to begin anew."""
        if self.is_shared:
            await self._note(_id(secrets.token_hex(15)), visitor=visit.visitor)

    async def _note(self, id: str, **marks: str) -> None:
        name = Ended.__entity_name__
        await self._app.dispatch(Command(entity=name, event="note", args=marks, entity_id=id))


def told_by(change: Change) -> tuple[str, str, str]:
    """Return what a change of :class:`Ended` tells of: the mark of a visit and its visitor, or that of an actor."""
    after: Any = change.after or {}
    return after.get("visit", ""), after.get("visitor", ""), after.get("actor", "")


def _id(mark: str) -> str:
    return owned_id("\0ended", mark, "seen")


def shared_store(app: Application) -> str | None:
    """Return the name of the most lasting store in use that processes share, ``None`` where there is none."""
    return next(iter(lasting_first(app.persistence.shared)), None)


def lasting_first(stores: Mapping[str, StatePersistenceBackend]) -> list[str]:
    """Return the names of *stores*, those of the most lasting first."""
    lasting = list(Durability)
    return sorted(stores, key=lambda name: (-lasting.index(stores[name].durability), name))
