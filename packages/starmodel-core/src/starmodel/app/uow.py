"""The unit of work of one command: everything an event touches is loaded once, and stored together or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from starmodel.core.changes import Changeset, Write
from starmodel.core.domain_events import Recorded
from starmodel.core.entity import RANDOM_BYTES, Entity, timed_id
from starmodel.core.errors import EventError, NotFoundError
from starmodel.core.owning import owned_by
from starmodel.core.query import Query, Stored
from starmodel.core.runners import conclude, follow
from starmodel.core.snapshot import (
    Snapshot,
    base_of,
    discard,
    draft_of,
    is_discarded,
    is_draft,
    plain,
    recorded_by,
    settle,
)
from starmodel.core.unit import Unit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from starmodel.core.commands import Command
    from starmodel.core.runners import Verb
    from starmodel.core.typing import Key

    from .persistence import PersistenceManager

__all__ = ["Allow", "Fresh", "KindOf", "UnitOfWork"]

E = TypeVar("E", bound=Snapshot)

KindOf: TypeAlias = Callable[[str], type[Entity]]
"""Finds a class of the application by its name."""

Fresh: TypeAlias = Callable[[type[Entity], str], Entity | None]
"""Finds the entity that is there without anybody having stored it."""

Allow: TypeAlias = Callable[[str, type[Entity], str | None, Entity | None], None]
"""Raises when the actor of the command may not do an action to an entity."""


class _Opened:
    """An entity in use: what was read, at which version (0: not stored yet), and its draft.

    An *implicit* one is there without being stored, until something changes it.
    """

    __slots__ = ("after", "before", "draft", "expected", "start")

    def __init__(self, before: Entity | None, draft: Entity, expected: int, *, implicit: bool = False) -> None:
        self.before, self.draft, self.expected = before, draft, expected
        self.start = settle(draft) if implicit else before  # an unchanged draft settles as what it was opened on
        self.after: Entity | None = None


class UnitOfWork(Unit):
    """What one run of one command reads and writes.  Made anew for every run; nothing is shared between commands."""

    __slots__ = ("_chosen_id", "_made", "_opened", "allow", "command", "fresh", "kind_of", "persistence")

    def __init__(
        self,
        persistence: PersistenceManager,
        command: Command,
        *,
        kind_of: KindOf,
        allow: Allow,
        chosen_id: str | None = None,
        fresh: Fresh | None = None,
    ) -> None:
        self.fresh = fresh or _nothing
        self.persistence = persistence
        self.command = command
        self.kind_of = kind_of
        self.allow = allow
        self._opened: dict[Key, _Opened] = {}
        self._chosen_id = chosen_id
        self._made = 0

    # -- what an event may ask for ---------------------------------------------------------------------------------

    async def get(self, kind: type[E], id: str, /) -> E:
        """Return the entity, ready to be changed; NotFoundError when there is none."""
        known = self._opened.get((kind.__entity_name__, id))  # type: ignore[attr-defined]  # every E here is an Entity
        if known is None:
            known_kind = cast("type[Entity]", kind)
            stored = await self.persistence.for_class(known_kind).get(known_kind, id)
            if stored is not None:
                return cast("E", self.opened(stored))
            fresh = self.fresh(known_kind, id)
            if fresh is None:
                raise NotFoundError(known_kind.__entity_name__, id)
            return cast("E", self.begun(fresh, implicit=True))
        if is_discarded(known.draft):
            raise NotFoundError(kind.__entity_name__, id)  # type: ignore[attr-defined]  # as above
        return cast("E", known.draft)

    async def find(
        self, kind: type[E], where: Mapping[str, Any] | None = None, /, *, order: tuple[str, ...] = (), limit: int = 100
    ) -> list[E]:
        """Return the stored entities that match, ready to be changed; what this event changed is not looked at."""
        query = Query(where=where or {}, order=order, limit=limit)
        page = await self.persistence.query(cast("type[Entity]", kind), query)
        drafts = [self.opened(stored) for stored in page.items]
        return [cast("E", draft) for draft in drafts if not is_discarded(draft)]

    def add(self, entity: E, /) -> E:
        """Store a new entity with this event; returns it ready to be changed further."""
        new = cast("Entity", plain(entity))
        if is_draft(new):
            raise EventError(f"{type(new).__name__} {new.id!r} is in use by this event already")
        return cast("E", self.begun(new))

    def delete(self, entity: Snapshot, /) -> None:
        """Delete an entity with this event."""
        discard(self._draft(entity))

    def record(self, entity: Snapshot, domain_event: Any, /) -> None:
        """Note that *domain_event* happened to *entity*."""
        self._draft(entity).record(domain_event)

    def new_id(self) -> str:
        """Return the id chosen for what the command makes, then ids made from the command's own."""
        self._made += 1
        if self._made == 1 and self._chosen_id is not None:
            return self._chosen_id
        own = hashlib.blake2b(f"{self.command.id}:{self._made}".encode(), digest_size=RANDOM_BYTES).digest()
        return timed_id(0 if self.command.at is None else self.command.at.timestamp(), own)

    def _draft(self, entity: Snapshot) -> Entity:
        key = (type(entity).__entity_name__, entity.__dict__["id"])  # type: ignore[attr-defined]  # an Entity, as above
        known = self._opened.get(key)
        if known is None:
            raise EventError(f"{key[0]} {key[1]!r} is not in use by this event; get it by Unit.current().get() first")
        return known.draft

    # -- what the dispatcher does with it --------------------------------------------------------------------------

    def opened(self, stored: Stored[Any]) -> Entity:
        """Return the draft of a stored entity; the same one each time."""
        entity: Entity = stored.entity
        key = (type(entity).__entity_name__, entity.id)
        known = self._opened.get(key)
        if known is None:
            known = self._opened[key] = _Opened(entity, draft_of(entity), stored.version)
        return known.draft

    def begun(self, entity: Entity, *, implicit: bool = False) -> Entity:
        """Return the draft of an entity that is not stored yet, to be stored as it ends up.

        An *implicit* one is stored only if its event changes it.
        """
        key = (type(entity).__entity_name__, entity.id)
        if key in self._opened:
            raise EventError(f"{key[0]} {key[1]!r} is in use by this event already")
        opened = self._opened[key] = _Opened(None, draft_of(entity), 0, implicit=implicit)
        return opened.draft

    def conclude(self, draft: Entity, returned: object) -> Entity:
        """Fix the next snapshot of *draft* by what its event returned."""
        opened = self._opened[type(draft).__entity_name__, draft.id]
        opened.after = conclude(draft, returned)
        return opened.after

    def adopt(self, given: object, verb: Verb = "return") -> None:
        """Store what an event of the class made, or made of what it has in use, and gave back, alone or in a list."""
        made = given if isinstance(given, list | tuple) else [given]
        for entity in made:
            if isinstance(entity, Entity) and not is_draft(entity):
                self._adopt(entity, verb)

    def _adopt(self, entity: Entity, verb: Verb) -> None:
        known = self._opened.get((type(entity).__entity_name__, entity.id))
        if known is None:
            self.begun(entity)
        elif entity is not base_of(known.draft) and not is_discarded(known.draft):
            follow(known.draft, entity, verb)

    def take_step(self, target: object, given: object) -> None:
        """Keep what an event of *target*, a draft or a class, yields, as if it had returned it at the end."""
        if not isinstance(target, Entity):
            self.adopt(given, "yield")
        elif type(given) is type(target):
            follow(target, given)
        elif isinstance(given, Entity):
            self.adopt(given, "yield")

    def changeset(self, fingerprint: str, answer: Any, at: datetime) -> Changeset:
        """Close every draft and return what is to be stored."""
        writes: list[Write] = []
        recorded: list[Recorded] = []
        for (name, id), opened in self._opened.items():
            write = _write(opened, self.command.actor)
            if write is not None:
                writes.append(write)
            for event in recorded_by(opened.draft):
                number = f"{self.command.id}.{len(recorded)}"
                recorded.append(Recorded(number, name, id, 0, event, at))
        return Changeset(self.command, fingerprint, tuple(writes), tuple(recorded), answer)

    def begun_on(self, write: Write) -> Entity | None:
        """Return what nobody had stored and *write* changed all the same; ``None`` for what is new, or was stored."""
        opened = self._opened[write.kind.__entity_name__, write.id]
        return opened.start if opened.before is None else None


def _write(opened: _Opened, actor: str | None) -> Write | None:
    draft = opened.draft
    kind = type(draft)
    if is_discarded(draft):
        return None if opened.before is None else Write(kind, draft.id, opened.before, None, opened.expected)
    after = opened.after if opened.after is not None else settle(draft)
    if after is opened.start or not kind.__entity_config__.get("auto_persist", True):
        return None
    if opened.before is None:
        after = owned_by(after, actor or "")
    return Write(kind, draft.id, opened.before, after, opened.expected)


def _nothing(_kind: type[Entity], _id: str) -> Entity | None:
    return None
