"""What somebody may read of the stores: a door shows rows through here, and nothing that their policies hide."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from starmodel.core.entity import Entity
from starmodel.core.errors import NotFoundError, QueryError, StarModelError
from starmodel.core.ordering import cursor_at
from starmodel.core.query import MAX_LIMIT, Page, Query, Stored, order_key
from starmodel.core.relations import Steps, steps_of, target_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from starmodel.core.actors import Actor
    from starmodel.core.changes import Change

    from .application import Application

__all__ = ["entity_before", "may_read", "permitted", "readable", "seen", "tally", "walk"]

E = TypeVar("E", bound=Entity)

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
    found: list[Stored[E]] = []
    steps, looked_at = steps_of(query.where), 0
    part = replace(query, limit=min(query.limit + 1, MAX_LIMIT))  # one more says whether there is a next page
    while True:
        page = await application.persistence.query(kind, part)
        found += await seen(application, kind, page.items, steps, actor)
        if len(found) > query.limit or page.next is None:
            break
        looked_at += len(page.items)
        if looked_at >= _MOST:
            raise QueryError(
                f"more than {_MOST} {kind.__name__} were looked at, and too few of them are for you to see; "
                "ask for less, by a condition on what is yours"
            )
        part = replace(part, after=page.next)
    shown = tuple(found[: query.limit])
    more = len(found) > query.limit
    return Page(shown, cursor_at(order_key(query, shown[-1].entity)) if more else None)


async def tally(application: Application, kind: type[Entity], query: Query, /, *, actor: Actor, cap: int = 1000) -> int:
    """Return how many *query* asks for and *actor* may see, whatever the page, but stop counting at *cap*."""
    if actor.trusted and not query.search.strip():
        return await application.count(kind, query.where, cap=cap)
    page = await permitted(application, kind, replace(query, limit=min(cap, MAX_LIMIT), after=None), actor=actor)
    return len(page.items)


async def walk(
    application: Application, kind: type[E], query: Query, /, *, actor: Actor, size: int = MAX_LIMIT
) -> AsyncIterator[Sequence[Stored[E]]]:
    """Yield everything that *query* asks for and *actor* may see, in its order, *size* looked-at rows at a time.

    The limit of *query* does not count.  What changes its place meanwhile may be passed over or come twice: each
    stretch is read when it is asked for, and no more than one is held.
    """
    steps = steps_of(query.where)
    part = replace(query, limit=size)
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
