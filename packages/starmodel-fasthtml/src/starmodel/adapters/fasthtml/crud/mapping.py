"""Which column of a file goes into which field, and a record of the file as the arguments of an event."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starmodel.app.bodies import refuse_impossible
from starmodel.core.annotations import marks_of
from starmodel.core.errors import InvalidError, Problem
from starmodel.core.marks import Unique

from .cells import text_or_none, unguarded
from .words import later
from .writing import is_json

if TYPE_CHECKING:
    from .fields import FieldShape
    from .shape import Shape
    from .tables import Line

__all__ = ["Mapped", "fields_for", "guessed", "keys_for", "missing", "unique_fields"]

_WORD = re.compile(r"[\W_]+")
_NOT_ONE_VALUE = ("list", "group")
_CELLS = later("has {count} cells, and the first line has {wanted}")


def fields_for(shape: Shape) -> dict[str, FieldShape]:
    """Return the fields that a file may fill: those that are given when one is made, but nothing secret and no file."""
    return {one.name: one for one in shape.parameters("create") if not one.secret and one.accept is None}


def missing(shape: Shape, fields: Sequence[str]) -> list[FieldShape]:
    """Return the fields that every new entity needs, and *fields* do not have."""
    return [one for one in fields_for(shape).values() if one.required and one.name not in fields]


def unique_fields(shape: Shape) -> list[str]:
    """Return the fields by each of which an entity is known."""
    return [
        name
        for name, one in fields_for(shape).items()
        if any(isinstance(mark, Unique) and mark.group is None for mark in marks_of(one.annotation))
    ]


def keys_for(shape: Shape, fields: Sequence[str]) -> list[str]:
    """Return those of *fields* by which what there is already can be known, the surest first."""
    return [name for name in ("id", *unique_fields(shape)) if name in fields]


def guessed(shape: Shape, header: Sequence[str]) -> list[str]:
    """Return the field for each column, by its name or what it is called; ``""`` for one that is left out."""
    known = {"id": "id"}
    for name, one in fields_for(shape).items():
        known.setdefault(_plain(one.label), name)
        known[_plain(name)] = name
    found: list[str] = []
    for column in header:
        name = known.get(_plain(unguarded(column)), "")
        found.append(name if name not in found else "")
    return found


def _plain(text: str) -> str:
    return _WORD.sub("", text).casefold()


@dataclass(frozen=True, slots=True)
class Mapped:
    """The *fields* of the columns, ``""`` for one that is left out, and the columns' own names in *header*."""

    shape: Shape
    header: Sequence[str]
    fields: Sequence[str]

    def column_of(self, problem: Problem) -> str:
        """Return the column that a problem is in, ``""`` for one with the whole record."""
        name = str(problem.loc[0]) if problem.loc else ""
        if not name or name not in self.fields:  # "" is every column that is left out
            return name
        return self.header[self.fields.index(name)] if self.fields.index(name) < len(self.header) else name

    def values(self, line: Line) -> tuple[dict[str, Any], list[Problem]]:
        """Return a record as arguments, its id among them, and what is wrong with the cells that cannot be read.

        InvalidError for a record that has too many cells, or too few.
        """
        if line.problem:
            raise InvalidError([Problem((), line.problem, "csv")])
        if len(line.cells) != len(self.header):
            counts = {"count": len(line.cells), "wanted": len(self.header)}
            raise InvalidError([Problem((), _CELLS.format(**counts), "csv", _CELLS, counts)])
        known: Mapping[str, FieldShape] = fields_for(self.shape)
        values: dict[str, Any] = {}
        problems: list[Problem] = []
        for name, cell in zip(self.fields, line.cells, strict=True):
            if not name:
                continue
            try:
                values[name] = _value(cell, known.get(name))
            except (ValueError, RecursionError) as error:
                problems.append(Problem((name,), f"is not JSON: {error}", "json", "is not JSON"))
        refuse_impossible(values)
        return values, problems


def _value(cell: str, field: FieldShape | None) -> Any:
    """Return a cell as a form would send it; of what has parts, JSON as an export writes it, or parts with commas."""
    if field is not None and field.has_none:
        return text_or_none(cell)
    cell = unguarded(cell)
    text = cell.strip()
    if field is None:
        return text
    if field.kind is bool:
        return text.lower()
    if field.many or field.widget in _NOT_ONE_VALUE or is_json(field, None):
        if text.startswith(("[", "{", "null")):
            return json.loads(text)
        return (
            [_chosen(field, part.strip()) for part in text.split(",") if part.strip()] if field.many else text or None
        )
    return cell if field.kind is str else _chosen(field, text)


def _chosen(field: FieldShape, text: str) -> str:
    """Return the value of the one choice that *text* is the value or the label of, whatever its case; else the text."""
    plain = text.casefold()
    found = [one.value for one in field.choices if plain in (one.value.casefold(), one.label.casefold())]
    return found[0] if len(found) == 1 else text
