"""What else refers to an entity: on its page, a few of each class, and the way to all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starmodel.adapters.fasthtml.markup import Raw
from starmodel.core.query import Query, Stored
from starmodel.core.ui import Column, Link

from .values import Painter

if TYPE_CHECKING:
    from .call import PageCall
    from .fields import FieldShape
    from .shape import Shape

__all__ = ["related"]

_FEW = 5
_COLUMNS = 4


@dataclass(frozen=True, slots=True)
class _Relation:
    """Entities of a class that hold the id of this one in a field."""

    shape: Shape
    field: FieldShape
    is_only: bool


async def related(call: PageCall, shape: Shape) -> list[Any]:
    """Return a section for each field of another class that refers to this one and holds its id: one question each."""
    return [part for relation in _relations(call, shape) if (part := await _section(call, relation)) is not None]


def _relations(call: PageCall, shape: Shape) -> Iterator[_Relation]:
    for other in call.site.shapes:
        names = [name for name, target in other.references.items() if target is shape.kind]
        for name in names:
            yield _Relation(other, other.fields[name], is_only=len(names) == 1)


async def _section(call: PageCall, relation: _Relation) -> Any:
    other, words = relation.shape, call.words
    test = {"contains": call.id} if relation.field.many else call.id
    query = Query(where={relation.field.name: test}, limit=_FEW + 1)
    found = (await call.read.slice(other.kind, query, query)).items
    call.read.fields.update((other.name, stored.entity.id) for stored in found[:_FEW])
    if not found:
        return None
    name = f"{relation.field.name}.contains" if relation.field.many else relation.field.name
    href = f"{other.path}?{urlencode({name: call.id})}"
    label = words("Show all") if len(found) > _FEW else words("Show as list")
    title = words.label(other.plural)
    if not relation.is_only:
        title = f"{title} ({words.label(relation.field.label)})"
    actions = [call.kit.link(Link(label=label, href=href), tone="default")]
    return call.kit.section(title, [_table(call, relation, found[:_FEW], title)], actions=actions)


def _table(call: PageCall, relation: _Relation, rows: tuple[Stored[Any], ...], title: str) -> Any:
    other, kit, words = relation.shape, call.kit, call.words
    painter = Painter(kit, words)
    shown = [name for name in other.columns if name not in (relation.field.name, other.naming)]
    names = [name for name in shown if name not in other.references][: _COLUMNS - 1]
    fields = [other.fields[name] for name in names]
    columns = [
        Column(name=other.naming, label=words.label(other.fields[other.naming].label if other.naming else other.label)),
        *[Column(name=field.name, label=words.label(field.label), numeric=field.numeric) for field in fields],
    ]
    drawn = [
        kit.row(
            f"sm-{relation.field.name}-{other.name.lower()}-{stored.entity.id}",
            [
                kit.cell(kit.link(Link(label=other.called(stored.entity), href=f"{other.path}/{stored.entity.id}"))),
                *[
                    kit.cell(
                        Raw(
                            painter.fact(
                                getattr(stored.entity, field.name),
                                field,
                                {},
                                short=True,
                                at=f"{other.path}/{stored.entity.id}",
                            )
                        ),
                        numeric=field.numeric,
                    )
                    for field in fields
                ],
            ],
        )
        for stored in rows
    ]
    return kit.table(f"sm-{relation.field.name}-{other.name.lower()}", columns, drawn, label=title)
