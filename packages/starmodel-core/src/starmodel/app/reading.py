"""What somebody may read of the stores: a door shows rows through here, and nothing that their policies hide."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from starmodel.core.entity import Entity
from starmodel.core.errors import NotFoundError, QueryError, StarModelError
from starmodel.core.ordering import cursor_at
from starmodel.core.query import MAX_LIMIT, Page, Query, Stored, order_key
from starmodel.core.relations import Steps, steps_of, target_of

from .declaring import is_ruled, narrowed
from .policies import shown_ids

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from starmodel.core.actors import Actor
    from starmodel.core.changes import Change

    from .application import Application

__all__ = ["entity_before", "may_read", "may_see", "permitted", "readable", "seen", "sifted", "tally", "walk"]

E = TypeVar("E", bound=Entity)

_STRIDE = 50
_MOST = 10_000
"""How many rows are looked at for one page: a list of what others own must not cost more than it is worth."""


def may_read(application: Application, actor: Actor, entity: Entity, /) -> bool:
    """Tell whether *actor* may see *entity* as it is."""
    return actor.trusted or application.policy.decide(actor, "read", type(entity), entity.id, entity).allowed


def entity_before(kind: type[E], change: Change, /) -> E | None:
    """Return the entity of *kind* as it was before *change*, its secret fields as they are now or by default.

    ``None`` when it was not there, and when the record does not hold enough to tell.
    """
    if change.before is None:
        return None
    now = {} if change.snapshot is None else {name: getattr(change.snapshot, name) for name in kind.__entity_fields__}
    try:
        return kind(**{**now, **change.before})
    except (StarModelError, TypeError):  # something is missing, or today's rules refuse what was
        return None


def may_see(application: Application, actor: Actor, change: Change, /) -> bool:
    """Tell whether *actor* may see both what there was and what *change* makes of it; what cannot be told is hidden."""
    if actor.trusted:
        return True
    before = entity_before(application.catalog.kind(change.entity), change)
    if change.before is not None and before is None:
        return False
    return all(may_read(application, actor, entity) for entity in (before, change.snapshot) if entity is not None)


async def readable(application: Application, kind: type[E], id: str, /, *, actor: Actor) -> Stored[E]:
    """Return an entity as it is stored, or at version 0 one that is there without being stored.

    NotFoundError when there is none, and when *actor* may not see it: nobody can tell the one from the other.
    """
    stored = await application.persistence.for_class(kind).get(kind, id)
    if stored is None:
        fresh = application.implicit.fresh(kind, id)
        stored = None if fresh is None else Stored(fresh, 0)  # type: ignore[arg-type]  # fresh() gives its own kind
    if stored is None or not may_read(application, actor, stored.entity):
        raise NotFoundError(kind.__entity_name__, id)
    return stored


async def permitted(application: Application, kind: type[E], query: Query, /, *, actor: Actor) -> Page[E]:
    """Return one page of what *query* asks for and *actor* may see, full as long as there is more.

    A row whose test went through a reference is shown only to those who may read what is at its end.  A cursor stands
    at a row that was shown.  QueryError when too many rows were looked at to fill a page.
    """
    if actor.trusted:
        return await application.persistence.query(kind, query)
    ahead = replace(query, limit=min(query.limit + 1, MAX_LIMIT))  # one more says whether there is a next page
    page, _ = await sifted(application, kind, ahead, actor=actor)
    if len(page.items) < query.limit and page.next is not None:
        raise _too_many(kind)
    shown = page.items[: query.limit]
    more = len(page.items) > query.limit or page.next is not None
    return Page(shown, cursor_at(order_key(query, shown[-1].entity)) if more else None)


async def sifted(application: Application, kind: type[E], query: Query, /, *, actor: Actor) -> tuple[Page[E], bool]:
    """Return one page of what *query* asks for and *actor* may see, and whether something was passed over on the way.

    Where too many rows were looked at, it has those that were found, and goes on after the last one that was looked
    at; QueryError when none was.
    """
    part = narrowed(kind, query, actor)
    if part is None:
        return Page(()), False
    steps, found, looked_at = steps_of(query.where), list[Stored[E]](), 0
    while True:
        page = await application.persistence.query(kind, part)
        found += page.items if actor.trusted else await seen(application, kind, page.items, steps, actor)
        looked_at += len(page.items)
        if len(found) >= query.limit or page.next is None or looked_at >= _MOST:
            break
        # What is hidden takes nobody's place, and is passed in ever longer strides.
        stride = min(max(2 * part.limit, _STRIDE), MAX_LIMIT, _MOST - looked_at)
        part = replace(query, after=page.next, limit=stride)
    if not found and page.next is not None:
        raise _too_many(kind)
    shown, hides = tuple(found[: query.limit]), len(found) < looked_at
    if len(found) > query.limit:
        return Page(shown, cursor_at(order_key(query, shown[-1].entity))), hides
    return Page(shown, page.next), hides


def _too_many(kind: type[Entity]) -> QueryError:
    return QueryError(
        f"more than {_MOST} {kind.__name__} were looked at, and too few of them are for you to see; "
        "ask for less, by a condition on what is yours"
    )


async def tally(application: Application, kind: type[Entity], query: Query, /, *, actor: Actor, cap: int = 1000) -> int:
    """Return how many *query* asks for and *actor* may see, whatever the page, but stop counting at *cap*."""
    if actor.trusted and not query.search.strip():
        return await application.count(kind, query.where, cap=cap)
    if is_ruled(kind) and not (application.has_policies or query.search.strip() or steps_of(query.where)):
        part = narrowed(kind, query, actor)
        if part is None:
            return 0
        where = {"and": [part.where, shown_ids(actor)]} if part.where else shown_ids(actor)
        return await application.count(kind, where, cap=cap)
    page = await permitted(application, kind, replace(query, limit=min(cap, MAX_LIMIT), after=None), actor=actor)
    return len(page.items)


async def walk(
    application: Application, kind: type[E], query: Query, /, *, actor: Actor, size: int = MAX_LIMIT
) -> AsyncIterator[Sequence[Stored[E]]]:
    """Yield everything that *query* asks for and *actor* may see, in its order, *size* looked-at rows at a time.

    The limit of *query* does not count.  What changes its place meanwhile may be passed over or come twice: each
    stretch is read when it is asked for, and no more than one is held.
    """
    limited = narrowed(kind, query, actor)
    if limited is None:
        return
    steps = steps_of(query.where)
    part = replace(limited, limit=size)
    while True:
        page = await application.persistence.query(kind, part)
        yield page.items if actor.trusted else await seen(application, kind, page.items, steps, actor)
        if page.next is None:
            return
        part = replace(part, after=page.next)


async def seen(
    application: Application, kind: type[E], rows: Sequence[Stored[E]], steps: Steps, actor: Actor, /
) -> list[Stored[E]]:
    """Return those of *rows* that *actor* may see, and with them what the references of *steps* lead to."""
    own = [row for row in rows if may_read(application, actor, row.entity)]
    if not steps:
        return own
    open_ends = await _ends(application, kind, [row.entity for row in own], steps, actor)
    return [row for row, is_open in zip(own, open_ends, strict=True) if is_open]


async def _ends(
    application: Application, kind: type[Entity], rows: Sequence[Entity | None], steps: Steps, actor: Actor
) -> list[bool]:
    """Tell for each of *rows* whether *actor* may read everything its references lead to; one query for each step."""
    open_ends = [True] * len(rows)
    for name, further in steps.items():
        target = target_of(kind, name)
        if target is None:
            continue
        ids = [None if row is None else getattr(row, name) for row in rows]
        found = await _by_id(application, target, {id for id in ids if id is not None})
        ends = [found.get(id) for id in ids]
        beyond = await _ends(application, target, ends, further, actor)
        for number, end in enumerate(ends):
            may = end is None or may_read(application, actor, end)
            open_ends[number] = open_ends[number] and may and beyond[number]
    return open_ends


async def _by_id(application: Application, kind: type[Entity], ids: set[Any]) -> dict[Any, Entity]:
    if not ids:
        return {}
    query = Query(where={"id": {"in": sorted(ids)}}, limit=min(len(ids), MAX_LIMIT))
    page = await application.persistence.query(kind, query)
    return {stored.entity.id: stored.entity for stored in page.items}
