"""Relationships of tables: declared by SQLModel, followed by queries of the store, never by a session."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional, TypeAlias, cast

from sqlalchemy import BinaryExpression
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.operators import desc_op

from sqlmodel.main import RelationshipInfo
from starmodel.core.errors import DefinitionError, hint

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from sqlalchemy import Column, ColumnElement
    from sqlalchemy.orm import Mapper, RelationshipProperty

    from starmodel.core.entity import Entity

__all__ = ["Find", "Relation", "followed", "relation_annotation", "relation_of"]

Find: TypeAlias = "Callable[[type[Entity], Mapping[str, Any], Sequence[str]], Awaitable[list[Any]]]"
"""Returns every entity of a class that matches a condition, in an order."""

_BATCH = 500
_TARGET = re.compile(r"[\w.]+")
_NO_TARGETS = frozenset({"None", "Optional", "Union", "List", "list", "typing", "Sequence"})


@dataclass(frozen=True, slots=True)
class Relation:
    """Where a relationship leads: to each *target* whose field *remote* equals the field *local* of the owner.

    With a *link* between them, *link_local* and *link_remote* are its fields that hold the two.
    """

    target: type[Entity]
    local: str
    remote: str
    is_list: bool
    order: tuple[str, ...] = ()
    link: type[Entity] | None = None
    link_local: str = ""
    link_remote: str = ""


def relation_annotation(declared: Any, annotation: Any) -> Any:
    """Return the annotation of a relationship as SQLModel understands it, also where annotations are kept as text."""
    if not isinstance(declared, RelationshipInfo) or not isinstance(annotation, str):
        return annotation
    names = [name for name in _TARGET.findall(annotation) if name.rpartition(".")[2] not in _NO_TARGETS]
    if len(names) != 1:
        return annotation
    target: Any = names[0].rpartition(".")[2]
    return list[target] if re.match(r"\W*(?:\w+\.)?(?:[Ll]ist|Sequence)\[", annotation) else Optional[target]  # noqa: UP045  (of text)


def relation_of(kind: Any, name: object) -> Relation:
    """Return where the relationship called *name* leads; *name* may also be the attribute of the class itself."""
    name = getattr(name, "key", name)
    known = kind.__sqlmodel_relationships__
    if name not in known:
        raise DefinitionError(f"{kind.__name__} has no relationship {name!r}; {hint(str(name), known)}")
    try:
        return _read(kind.__mapper__.relationships[name], f"{kind.__name__}.{name}")
    except SQLAlchemyError as error:
        raise DefinitionError(f"the relationship {kind.__name__}.{name} cannot be followed: {error}") from error


def _read(prop: RelationshipProperty[Any], name: str) -> Relation:
    target, order = prop.mapper, tuple(_order(prop))
    if not isinstance(prop.primaryjoin, BinaryExpression) or prop.primaryjoin.operator is not operator.eq:
        raise DefinitionError(f"{name} joins by more than one pair of fields; ask by where={{...}} instead")
    if prop.secondary is None:
        ((local, remote),) = prop.local_remote_pairs or ()
        return Relation(target.class_, _field(prop.parent, local), _field(target, remote), bool(prop.uselist), order)
    link: Mapper[Any] | None = next(
        (one for one in prop.parent.registry.mappers if one.local_table is prop.secondary), None
    )
    if link is None or not hasattr(link.class_, "__entity_name__"):
        raise DefinitionError(
            f"{name} goes over the table {prop.secondary}; make that an entity, class Link(Entity, BaseTable, "
            "table=True), so that its rows are read and written as all others are"
        )
    ((local, near),), ((remote, far),) = prop.synchronize_pairs, prop.secondary_synchronize_pairs or ()
    return Relation(
        target.class_,
        _field(prop.parent, local),
        _field(target, remote),
        bool(prop.uselist),
        order,
        link.class_,
        _field(link, near),
        _field(link, far),
    )


def _field(mapper: Mapper[Any], column: ColumnElement[Any]) -> str:
    key: str = mapper.get_property_by_column(cast("Column[Any]", column)).key  # a table's, as both ends of a join are
    return key


def _order(prop: RelationshipProperty[Any]) -> Iterable[str]:
    for clause in prop.order_by or ():
        column: Any = getattr(clause, "element", clause)
        falls = getattr(clause, "modifier", None) is desc_op
        yield f"{'-' if falls else ''}{_field(prop.mapper, column)}"


async def followed(find: Find, relation: Relation, records: Sequence[Any]) -> list[Any]:
    """Return what *relation* leads to for each of *records*: a list, or one entity or ``None``.

    One query for up to 500 records, two over a link.
    """
    starts = [getattr(record, relation.local) for record in records]
    ends = await _ends(find, relation, starts)
    keys = {key for found in ends.values() for key in found}
    targets = await _by_field(find, relation.target, relation.remote, keys, relation.order)
    places: dict[Any, list[int]] = {}
    for number, target in enumerate(targets):
        places.setdefault(getattr(target, relation.remote), []).append(number)
    reached = [sorted(place for end in ends.get(start, ()) for place in places.get(end, ())) for start in starts]
    if relation.is_list:
        return [[targets[place] for place in found] for found in reached]
    return [targets[found[0]] if found else None for found in reached]


async def _ends(find: Find, relation: Relation, starts: Iterable[Any]) -> dict[Any, set[Any]]:
    """Return for each value of the local field the values of the remote one that belong to it."""
    known = {start for start in starts if start is not None}
    if relation.link is None:
        return {start: {start} for start in known}
    ends: dict[Any, set[Any]] = {}
    for link in await _by_field(find, relation.link, relation.link_local, known, ()):
        ends.setdefault(getattr(link, relation.link_local), set()).add(getattr(link, relation.link_remote))
    return ends


async def _by_field(find: Find, kind: type[Entity], name: str, values: set[Any], order: tuple[str, ...]) -> list[Any]:
    wanted = sorted(values, key=str)
    batches = [wanted[at : at + _BATCH] for at in range(0, len(wanted), _BATCH)]
    return [found for batch in batches for found in await find(kind, {name: {"in": batch}}, order)]
