"""What the entities are called that a page only has the ids of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starmodel.core.entity import valid_id
from starmodel.core.query import Query

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from starmodel.core.entity import Entity

    from .call import PageCall
    from .shape import Shape

__all__ = ["name_ids", "name_references"]


async def name_references(call: PageCall, shape: Shape, entities: Sequence[Entity], columns: Iterable[str]) -> None:
    """Find out what the entities that these refer to are called: one question for each class of them."""
    wanted: dict[type[Entity], set[str]] = {}
    for name in columns:
        field = shape.fields[name]
        if field.target is not None:
            found = wanted.setdefault(field.target, set())
            found.update(*[field.ids(getattr(entity, name)) for entity in entities])
    for kind, ids in wanted.items():
        await name_ids(call, kind, ids)


async def name_ids(call: PageCall, kind: type[Entity], ids: Iterable[str]) -> None:
    """Find out what the entities of a class are called that have these ids, as far as they may be seen."""
    shape = call.site.shape(kind)
    missing = sorted({id for id in ids if valid_id(id)} - call.names.keys())
    if not missing:
        return
    query = Query(where={"id": {"in": missing}}, limit=len(missing))
    call.read.fields.update((shape.name, id) for id in missing)
    found = await call.read.slice(kind, query)
    call.names.update({stored.entity.id: shape.called(stored.entity) for stored in found.items})
