"""What a page has read: noted while it is made, so that it can be kept up to date without a line of code.

An entity that a page only hands to a :func:`~starmodel.adapters.fasthtml.views.view` is kept up to date by patching
that view.  Whatever else a page reads, a field here or a list there, makes the page itself depend on it.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from starmodel.app import is_ruled, narrowed
from starmodel.app.policies import belongs_to_one
from starmodel.app.reading import may_read, sifted
from starmodel.core.entity import Entity
from starmodel.core.errors import EventError, NotFoundError
from starmodel.core.query import Query, Stored
from starmodel.core.relations import followed, steps_of
from starmodel.core.snapshot import lens_of, plain

from .browser.carrying import is_kept_by_browsers
from .relevance import ANY_CHANGE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from starmodel.app import Application
    from starmodel.core.actors import Actor
    from starmodel.core.changes import Position
    from starmodel.core.ports import StatePersistenceBackend
    from starmodel.core.query import Page
    from starmodel.core.relations import Steps
    from starmodel.core.typing import Key

    from .fragments import Fragments

__all__ = ["PageRead", "ViewUse", "current_page", "find", "load", "rendered", "version_shown"]

E = TypeVar("E", bound=Entity)

current_page: ContextVar[PageRead | None] = ContextVar("starmodel_page", default=None)
"""The page that is being made in this context."""

rendered: ContextVar[Stored[Any] | None] = ContextVar("starmodel_rendered", default=None)
"""What the view that is being rendered in this context shows."""


class ViewUse(NamedTuple):
    """One view of one entity on a page; *params* are its further arguments as JSON, ``""`` for none."""

    view: str
    params: str = ""


@dataclass(slots=True)
class PageRead:
    """What one making of one page read, for one actor."""

    app: Application
    actor: Actor
    fragments: Fragments
    standing: Callable[[StatePersistenceBackend], Position | None] | None = None
    """How far the log of a store is known to reach, to spare the store the question."""
    positions: list[str] = field(default_factory=list)
    views: dict[Key, set[ViewUse]] = field(default_factory=dict)
    fields: set[Key] = field(default_factory=set)
    queries: list[tuple[str, Query]] = field(default_factory=list)
    signals: dict[Key, set[str]] = field(default_factory=dict)
    kept: dict[Key, int] = field(default_factory=dict)
    """The entities it shows that the browser keeps, with their versions: the browser itself says when they change."""
    kept_signals: dict[Key, set[str]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    """Where its reader is while it is open, and what is shown of them there."""
    is_everybodys: bool = True
    """Whether all that was read is the same for every reader with the same rights."""
    _stored: dict[Key, Stored[Any]] = field(default_factory=dict)
    _noted: set[int] = field(default_factory=set)

    @property
    def is_live(self) -> bool:
        """True when anything was read that may change."""
        return bool(self.views or self.fields or self.queries or self.signals)

    @property
    def kinds(self) -> set[str]:
        """The names of the classes it depends on."""
        named = {key[0] for part in (self.views, self.fields, self.signals) for key in part}
        return named | {name for name, _ in self.queries}

    @property
    def has_kept(self) -> bool:
        """True when it shows what a browser keeps: only that browser can have it made again."""
        return bool(self.kept)

    @property
    def shown_signals(self) -> Mapping[Key, set[str]]:
        """The fields that it shows through signals, whoever keeps them."""
        return {**self.signals, **self.kept_signals}

    async def load(self, kind: type[E], id: str, *, implicit: bool = False) -> E:
        """Return an entity of this id that notices when it is read; NotFoundError when there is none, or it is hidden.

        An *implicit* one is there with its defaults before anything was stored.
        """
        is_kept = is_kept_by_browsers(kind)
        if not is_kept:
            await self._note_position(kind)
        stored: Stored[E] | None = await self.app.persistence.for_class(kind).get(kind, id)
        if stored is None and implicit:
            fresh = self.app.implicit.fresh(kind, id)
            stored = None if fresh is None else Stored(fresh, 0)  # type: ignore[arg-type]  # fresh() gives its own kind
        entity = None if stored is None else stored.entity
        decision = self.app.policy.decide(self.actor, "read", kind, id, entity)
        if stored is None or not (self.actor.trusted or decision.allowed):
            self.fields.add((kind.__entity_name__, id))  # that it is not there was read, too
            raise NotFoundError(kind.__entity_name__, id)
        if is_kept:
            key = (kind.__entity_name__, id)
            self.kept[key], self.is_everybodys = stored.version, False
            return self._stored.setdefault(key, stored).entity  # type: ignore[no-any-return]  # of this kind
        return self._lens(stored)

    async def find(
        self,
        kind: type[E],
        where: Mapping[str, Any],
        order: Sequence[str],
        limit: int,
        after: str | None = None,
        *,
        search: str = "",
    ) -> list[E]:
        """Return the entities that match and may be seen; the page then depends on which they are."""
        await self._note_position(kind)
        query = Query(where=where, order=tuple(order), limit=limit, after=after, search=search).checked(kind)
        shown = narrowed(kind, query, self.actor)
        if shown is None:
            self._depend(kind, query, steps_of(query.where))
            return []
        page = await self.app.persistence.query(kind, shown)
        found, looked_at = [stored for stored in page.items if self._may_read(stored)], len(page.items)
        while len(found) < limit and page.next is not None:  # those that may not be seen take nobody's place
            page = await self.app.persistence.query(kind, replace(shown, after=page.next))
            found += [stored for stored in page.items if self._may_read(stored)]
            looked_at += len(page.items)
        # One that is hidden now may be shown after a change that the query itself does not notice.
        self._depend(kind, query if len(found) == looked_at else ANY_CHANGE, steps_of(query.where))
        if self.fragments.shared is not None and not is_kept_by_browsers(kind):
            await self.fragments.shared.bring_views(kind, found[:limit], self.actor)
        return [self._lens(stored) for stored in found[:limit]]

    async def slice(self, kind: type[E], query: Query, depends_on: Query | None = None) -> Page[E]:
        """Return one page of the entities that match and may be seen, as they are stored.

        The page in the making then depends on which entities *depends_on* asks for.
        """
        await self._note_position(kind)
        page, is_hiding = await sifted(self.app, kind, query, actor=self.actor)
        own = any(belongs_to_one(one.entity.id) for one in page.items)
        self.is_everybodys = self.is_everybodys and not is_hiding and not own
        if depends_on is not None:
            self._depend(kind, ANY_CHANGE if is_hiding else depends_on, steps_of(query.where))
        name, known = kind.__entity_name__, self._stored
        for stored in page.items:
            known.setdefault((name, stored.entity.id), stored)
        return page

    async def depend_on(self, kind: type[Entity], query: Query) -> None:
        """Note that the page depends on which entities *query* asks for; called before they are read or counted."""
        await self._note_position(kind)
        self._depend(kind, query, steps_of(query.where))

    def _depend(self, kind: type[Entity], query: Query, steps: Steps) -> None:
        """Note a list that the page shows; what its references lead to decides about it too."""
        self.queries.append((kind.__entity_name__, query))
        self.queries += [(target.__entity_name__, ANY_CHANGE) for target in followed(kind, steps)]

    def _may_read(self, stored: Stored[Any]) -> bool:
        return may_read(self.app, self.actor, stored.entity)

    async def _note_position(self, kind: type[Entity]) -> None:
        """Note where the log stood before the first read of a store: what came later is not on the page yet."""
        if is_ruled(kind):
            self.is_everybodys = False
        store = self.app.persistence.for_class(kind)
        if id(store) in self._noted:
            return
        known = None if self.standing is None else self.standing(store)
        position = str(known or await store.position())
        if id(store) not in self._noted:  # by another task of this page meanwhile
            self._noted.add(id(store))
            if position not in self.positions:  # two names may lead to one database
                self.positions.append(position)

    def _lens(self, stored: Stored[E]) -> E:
        entity: E = stored.entity
        key = (type(entity).__entity_name__, entity.id)
        entity = self._stored.setdefault(key, stored).entity  # one page shows one version of it: what it read first
        return lens_of(entity, lambda: self.fields.add(key))

    def stored(self, entity: E) -> Stored[E] | None:
        """Return what was loaded for *entity*, if it is one this page loaded."""
        base = plain(entity)
        found = self._stored.get((type(base).__entity_name__, base.id))
        return found if found is not None and found.entity is base else None

    def uses_view(self, key: Key, use: ViewUse) -> None:
        """Note that a view of an entity stands on the page."""
        if key in self.kept:
            return
        self.views.setdefault(key, set()).add(use)

    def uses_views(self, name: str, shown: Iterable[Stored[Any]], use: ViewUse) -> None:
        """Note that one view of each of these entities of the class *name* stands on the page."""
        views = self.views
        for stored in shown:
            key = (name, stored.entity.id)
            uses = views.get(key)
            if uses is None:
                views[key] = {use}
            else:
                uses.add(use)

    def uses_signal(self, key: Key, name: str) -> None:
        """Note that a field of an entity is shown through a signal."""
        signals = self.kept_signals if key in self.kept else self.signals
        signals.setdefault(key, set()).add(name)

    def forget(self) -> None:
        """Depend on nothing that was read: the page is not made again, whatever changes."""
        for noted in (self.views, self.fields, self.queries, self.signals):
            noted.clear()

    def stored_under(self, key: Key) -> Stored[Any] | None:
        """Return what this page loaded under *key*."""
        return self._stored.get(key)

    def snapshot(self, key: Key) -> Entity | None:
        """Return the snapshot this page loaded under *key*."""
        found = self._stored.get(key)
        return None if found is None else found.entity


async def find(
    kind: type[E],
    where: Mapping[str, Any] | None = None,
    /,
    *,
    order: Sequence[str] = (),
    limit: int = 100,
    after: str | None = None,
    search: str = "",
) -> list[E]:
    """Return the entities that match, inside a page function; the page is kept up to date when they change."""
    return await _page().find(kind, where or {}, order, limit, after, search=search)


async def load(kind: type[E], id: str, /) -> E:
    """Return one entity, inside a page function; 404 when there is none or it may not be seen."""
    return await _page().load(kind, id, implicit=True)


def _page() -> PageRead:
    page = current_page.get()
    if page is None:
        raise EventError("find() and load() work inside a page function; elsewhere use app.application.find()")
    return page


def version_shown(entity: Entity) -> int | None:
    """Return the version of *entity* that the page or view in the making shows; ``None`` when it was not loaded."""
    showing = rendered.get()
    if showing is None or showing.entity is not plain(entity):
        page = current_page.get()
        showing = None if page is None else page.stored(entity)
    return None if showing is None else showing.version
