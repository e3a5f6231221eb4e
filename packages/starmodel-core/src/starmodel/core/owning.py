"""Whose an entity is: the field that says so, filled from whoever made it and from nothing that is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from .actors import name_as_owner
from .annotations import marks_in, members_of
from .entity import Entity, fields_of
from .errors import DefinitionError
from .marks import Owner

if TYPE_CHECKING:
    from .entity import FieldInfo

__all__ = ["is_owner_field", "owned_by", "owner_field"]

E = TypeVar("E", bound=Entity)

_UNKNOWN = object()


def is_owner_field(info: FieldInfo) -> bool:
    """Tell whether a field says whose the entity is."""
    return any(isinstance(mark, Owner) for mark in marks_in(info.annotation))


def owner_field(kind: type[Entity]) -> str | None:
    """Return the name of the field that says whose an entity of *kind* is; ``None`` when none does.

    DefinitionError for a field that cannot, and for more than one.
    """
    known = kind.__dict__.get("__entity_owner__", _UNKNOWN)
    if known is _UNKNOWN:
        known = kind.__entity_owner__ = _found(kind)  # type: ignore[attr-defined]  # a cache per class
    return known  # type: ignore[no-any-return]  # what _found() gave


def _found(kind: type[Entity]) -> str | None:
    marked = [info for info in fields_of(kind).values() if is_owner_field(info)]
    if len(marked) > 1:
        raise DefinitionError(
            f"{kind.__name__} has two owners, {' and '.join(one.name for one in marked)}; keep one mark"
        )
    for info in marked:
        if str not in members_of(info.annotation) or info.default is None or info.default():
            raise DefinitionError(
                f"{kind.__name__}.{info.name} is filled from whoever makes one, so it begins empty; write "
                f'{info.name}: Annotated[str, Owner()] = ""'
            )
    return marked[0].name if marked else None


def owned_by(entity: E, actor_id: str) -> E:
    """Return a new *entity* with its owner filled in, unless it says already whose it is, or nobody's."""
    field = owner_field(type(entity))
    name = "" if field is None else name_as_owner(actor_id)
    if field is None or not name or getattr(entity, field):
        return entity
    return entity.evolve(**{field: name})
