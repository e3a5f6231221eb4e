"""Which indexes a class has: what its marks ask for, and what an entity stands in them as."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, Literal, get_args, get_origin
from uuid import UUID

from starmodel.core.annotations import members_of
from starmodel.core.entity import Entity, fields_of
from starmodel.core.errors import DefinitionError, InvalidError, Problem
from starmodel.core.marks import Indexed, Unique
from starmodel.core.rules import groups_of

from .places import END, LONGEST, NOTHING, value_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Index", "indexes_of", "sort_of"]

_SORT_OF: Final[dict[type[Any], str]] = {
    bytes: "bytes",
    datetime: "datetime",  # which is a date, too: it comes first
    date: "date",
    time: "time",
    timedelta: "timedelta",
    bool: "number",
    int: "number",
    float: "number",
    Decimal: "number",
    str: "text",
    UUID: "uuid",
}


@dataclass(frozen=True, slots=True)
class Index:
    """The values of some fields of a class in their order, one member for each entity; see :mod:`.places`.

    *label* says which fields, of which sort, and whether no two may be alike: what is another index has another one.
    """

    label: str
    fields: tuple[str, ...]
    is_unique: bool

    def member(self, entity: Entity) -> tuple[bytes, bool]:
        """Return what *entity* stands in the index as, and whether nobody else may have the same values.

        InvalidError for a value that is too long.
        """
        values = [value_bytes(getattr(entity, name)) for name in self.fields]
        for name, value in zip(self.fields, values, strict=True):
            if len(value) > LONGEST:
                text = f"is too long to be found or compared by: at most {LONGEST} bytes"
                raise InvalidError([Problem((name,), text, "too_long")])
        return END.join([*values, entity.id.encode()]), self.is_unique and NOTHING not in values


def indexes_of(kind: type[Entity]) -> tuple[Index, ...]:
    """Return the indexes that the marks of *kind* ask for; DefinitionError for what has no order."""
    infos = fields_of(kind)
    found: dict[tuple[str, ...], Index] = {}
    for mark in (Unique, Indexed):
        for _, names in groups_of(infos, mark):
            fields = tuple(names)
            if fields not in found:  # what is unique is found by as well
                label = ",".join(f"{name}={_sort_of(kind, name, mark)}" for name in fields)
                found[fields] = Index(f"{label}!" if mark is Unique else label, fields, mark is Unique)
    return tuple(found.values())


def _sort_of(kind: type[Entity], name: str, mark: type[Any]) -> str:
    sort = sort_of(fields_of(kind)[name].annotation)
    if not sort:
        raise DefinitionError(
            f"{kind.__name__}.{name} is {mark.__name__}, and the store 'redis' keeps an index of text, numbers, dates, "
            f"times, enums and the like, of one of them for a field; keep {kind.__name__} in the store 'sql', or take "
            "the mark away"
        )
    return sort


def sort_of(annotation: Any) -> str:
    """Return which sort of values *annotation* allows; empty for several, and for what has no place in an index."""
    sorts = {_sort(one) for one in _plain(annotation)}
    return sorts.pop() if len(sorts) == 1 else ""


def _plain(annotation: Any) -> Iterator[type[Any]]:
    """Yield the types of the values that *annotation* allows, but ``None``."""
    for member in members_of(annotation):
        if get_origin(member) is Literal:
            yield from (type(value) for value in get_args(member) if value is not None)
        elif isinstance(member, type) and issubclass(member, Enum):
            yield from {type(one.value) if isinstance(one.value, str | int | float) else str for one in member}
        elif member is not NoneType:
            yield member if isinstance(member, type) else object


def _sort(kind: type[Any]) -> str:
    return next((sort for known, sort in _SORT_OF.items() if issubclass(kind, known)), "")
