"""How a method of a table reaches what is stored: through the event that runs, or through the open application."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starmodel.app.current import application_of
from starmodel.app.uow import UnitOfWork
from starmodel.core.actors import SYSTEM, Actor
from starmodel.core.commands import Command
from starmodel.core.errors import ConflictError, NotFoundError, QueryError
from starmodel.core.query import MAX_LIMIT, Query
from starmodel.core.snapshot import is_discarded
from starmodel.core.unit import running_unit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starmodel.app.persistence import PersistenceManager
    from starmodel.core.entity import Entity
    from starmodel.core.query import Stored

__all__ = ["deleted", "found", "get", "put", "stored_count", "updated"]

_ALL = 2 * 10**9
"""More than any table holds."""


def _unit() -> UnitOfWork | None:
    unit = running_unit.get()
    return unit if isinstance(unit, UnitOfWork) else None


def _persistence(kind: type[Entity]) -> PersistenceManager:
    unit = _unit()
    return application_of(kind).persistence if unit is None else unit.persistence


def _seen(stored: Stored[Any]) -> Entity:
    """Return the snapshot; inside an event its draft, so that what the event changes in it is stored with the rest."""
    unit = _unit()
    entity: Entity = stored.entity if unit is None else unit.opened(stored)
    return entity


async def get(kind: type[Entity], id: str) -> Any:
    """Return the entity with this id, or ``None``."""
    unit = _unit()
    try:
        return _seen(await _persistence(kind).get(kind, id)) if unit is None else await unit.get(kind, id)
    except NotFoundError:
        return None


async def found(
    kind: type[Entity], where: Mapping[str, Any], order: Sequence[str] = (), *, skip: int = 0, limit: int | None = None
) -> list[Any]:
    """Return the entities that match, beyond the first *skip* ones and at most *limit*; read page by page."""
    _refuse_uncounted(offset=skip, limit=0 if limit is None else limit)
    until = _ALL if limit is None else skip + limit
    rows: list[Stored[Any]] = []
    after: str | None = None
    while len(rows) < until:
        query = Query(where=where, order=tuple(order), limit=min(MAX_LIMIT, until - len(rows)), after=after)
        page = await _persistence(kind).query(kind, query)
        rows += page.items
        after = page.next
        if after is None:
            break
    entities = [_seen(stored) for stored in rows[skip:]]
    return [entity for entity in entities if not is_discarded(entity)]


async def stored_count(kind: type[Entity]) -> int:
    """Return how many there are."""
    return await _persistence(kind).for_class(kind).count(kind, {}, cap=_ALL)


async def updated(kind: type[Entity], id: str, data: Mapping[str, Any], actor: Actor = SYSTEM) -> Any:
    """Change the fields in *data* by the event ``update``; NotFoundError when there is no such entity."""
    unit = _unit()
    if unit is not None:
        draft: Any = await unit.get(kind, id)
        draft.update(**data)
        return draft
    return await _sent(kind, Command(entity=kind.__entity_name__, event="update", args=data, entity_id=id), actor)


async def _created(kind: type[Entity], id: str | None, data: Mapping[str, Any], actor: Actor) -> Any:
    unit = _unit()
    if unit is not None:
        return unit.add(kind(**data) if id is None else kind(id=id, **data))
    return await _sent(kind, Command(entity=kind.__entity_name__, event="create", args=data, entity_id=id), actor)


async def put(kind: type[Entity], id: str | None, data: Mapping[str, Any], actor: Actor = SYSTEM) -> Any:
    """Change the entity with this id, or make it when there is none."""
    if id is None:
        return await _created(kind, None, data, actor)
    if await get(kind, id) is None:
        try:
            return await _created(kind, id, data, actor)
        except ConflictError:  # somebody else made it meanwhile
            pass
    return await updated(kind, id, data, actor)


async def deleted(kind: type[Entity], id: str, actor: Actor = SYSTEM) -> None:
    """Delete by the event ``delete``; NotFoundError when there is no such entity."""
    unit = _unit()
    if unit is not None:
        draft: Any = await unit.get(kind, id)
        draft.delete()
        return
    await _sent(kind, Command(entity=kind.__entity_name__, event="delete", entity_id=id), actor)


async def _sent(kind: type[Entity], command: Command, actor: Actor) -> Any:
    result = await application_of(kind).dispatch(command, actor=actor)
    if result.entity is not None or command.entity_id is None or command.event == "delete":
        return result.entity
    return await get(kind, command.entity_id)  # nothing changed, so nothing was stored


def _refuse_uncounted(**counts: object) -> None:
    for name, given in counts.items():
        if type(given) is not int or given < 0:
            raise QueryError(f"{name}={given!r} must be a whole number, 0 or more")
