"""Commits as entries of the bus's stream, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from starmodel.adapters.persistence.redis.records import Entry, commit_from, entry_of
from starmodel.adapters.persistence.redis.shapes import Shape, Shapes
from starmodel.core.changes import Position
from starmodel.core.entity import Entity

if TYPE_CHECKING:
    from starmodel.core.changes import Commit

__all__ = ["KnownShapes", "carried", "entry_fields"]

E = TypeVar("E", bound=Entity)


class KnownShapes(Shapes):
    """The shapes of every class that this process has: a bus is told of none."""

    def of(self, kind: type[E]) -> Shape[E]:
        """Return the shape of *kind*, whatever rules it has: only a store keeps those."""
        shape = self._by_kind.get(kind)
        if shape is None:
            shape = self._by_kind[kind] = Shape(kind)
            self._by_name[shape.name] = shape
        return shape

    def named(self, name: str) -> Shape[Any] | None:
        """Return the shape of the class called *name*: of several the one that was made last."""
        known = self._by_name.get(name)
        if known is None:
            kinds = [kind for kind in _derived(Entity) if kind.__entity_name__ == name]
            known = self.of(kinds[-1]) if kinds else None
        return known


def entry_fields(commit: Commit, shapes: Shapes) -> tuple[Any, ...]:
    """Return the names and values of the entry for *commit*, by turns."""
    for change in commit.changes:
        if change.snapshot is not None:
            shapes.of(type(change.snapshot))
    entry = entry_of(commit, shapes)
    versions = ",".join(str(change.version) for change in commit.changes)
    place = ("position", str(commit.position), "versions", versions)
    return *place, "head", entry.head, "keys", entry.keys, "body", entry.body


def carried(fields: Mapping[bytes, bytes], shapes: Shapes) -> Commit | None:
    """Return the commit in an entry; ``None`` for one that another program, or another version, has put there."""
    try:
        position = Position.parse(fields[b"position"].decode())
        entry = Entry(fields[b"head"], fields[b"keys"], fields[b"body"])
        return None if position is None else commit_from(position, fields[b"versions"], entry, shapes)
    except (KeyError, TypeError, ValueError):
        return None


def _derived(kind: type[Entity]) -> Iterator[type[Entity]]:
    for sub in kind.__subclasses__():
        yield sub
        yield from _derived(sub)
