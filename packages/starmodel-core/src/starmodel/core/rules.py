"""Rules that marks of fields stand for: read and refused in one place, for every store that keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .annotations import marks_in
from .errors import InvalidError, Problem
from .marks import Indexed, Unique

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .entity import FieldInfo

__all__ = ["groups_of", "missing", "taken"]


def groups_of(infos: Mapping[str, FieldInfo], wanted: type[Indexed | Unique], /) -> list[tuple[str, list[str]]]:
    """Return the fields that are marked as *wanted*: those of one group together, the others each alone, by name."""
    groups: dict[str, list[str]] = {}
    for name, info in infos.items():
        for mark in marks_in(info.annotation):
            if isinstance(mark, wanted):
                groups.setdefault(mark.group or name, []).append(name)
    return list(groups.items())


def taken(fields: Sequence[str]) -> InvalidError:
    """Return the refusal of what is ``Unique`` and there already, in these *fields*."""
    text = "is taken already; choose another" if len(fields) == 1 else "are together taken already; choose others"
    return InvalidError([Problem((field,), text, "unique") for field in fields])


def missing(fields: Sequence[str]) -> InvalidError:
    """Return the refusal of a reference, in these *fields*, to what is not there or is hidden from who sent it."""
    text = "names nothing that is there; choose one that is"
    return InvalidError([Problem((field,), text, "reference") for field in fields])
