"""What ``Unique`` asks for, kept in dictionaries: who has which values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from starmodel.core.entity import Entity, fields_of
from starmodel.core.marks import Unique
from starmodel.core.ordering import place_of
from starmodel.core.rules import groups_of, taken

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starmodel.core.changes import Write

__all__ = ["Uniqueness"]

_Fields: TypeAlias = tuple[str, ...]
_Values: TypeAlias = tuple[type[Entity], _Fields, tuple[Any, ...]]


class Uniqueness:
    """Knows who has the values that nobody else may have; *found* returns an entity that is there, or ``None``."""

    def __init__(self, found: Callable[[type[Entity], str], Entity | None]) -> None:
        self._found = found
        self._groups: dict[type[Entity], tuple[_Fields, ...]] = {}
        self._holders: dict[_Values, str] = {}

    def _values(self, kind: type[Entity], entity: Entity | None) -> Sequence[tuple[_Fields, _Values]]:
        """Return the values of *entity* that have to be unique, each group by itself; none where one is ``None``."""
        groups = self._groups.get(kind)
        if groups is None:
            groups = self._groups[kind] = tuple(tuple(names) for _, names in groups_of(fields_of(kind), Unique))
        if not groups or entity is None:  # as nearly always
            return ()
        found = [(fields, tuple([place_of(getattr(entity, name)) for name in fields])) for fields in groups]
        return [
            (fields, (kind, fields, places))
            for fields, places in found
            if all(value is not None for _, value in places)
        ]

    def check(self, writes: Sequence[Write]) -> None:
        """Raise InvalidError when *writes* together would make two alike."""
        claims = [(write.kind, *claim) for write in writes for claim in self._values(write.kind, write.after)]
        if not claims:
            return
        changing = {(write.kind, write.id) for write in writes}
        new: set[_Values] = set()
        for kind, fields, values in claims:
            holder = self._holders.get(values)
            is_held = holder is not None and (kind, holder) not in changing
            if values in new or (is_held and self._found(kind, str(holder)) is not None):
                raise taken(fields)
            new.add(values)

    def free(self, kind: type[Entity], entity: Entity) -> None:
        """Note that *entity* is not there any more, or not as it was."""
        for _, values in self._values(kind, entity):
            if self._holders.get(values) == entity.id:
                del self._holders[values]

    def take(self, kind: type[Entity], entity: Entity) -> None:
        """Note that *entity* is there."""
        for _, values in self._values(kind, entity):
            self._holders[values] = entity.id
