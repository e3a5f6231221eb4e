"""Entities that are there without anybody having created them: each visitor's own, and shared ones a page names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starmodel.core.entity import Entity, fields_of
from starmodel.core.errors import DefinitionError

from .policies import is_private_id

if TYPE_CHECKING:
    from starmodel.core.typing import Key

__all__ = ["Implicit"]


class Implicit:
    """Knows which ids begin as a fresh entity with every default, stored by the first event that changes it."""

    def __init__(self) -> None:
        self._per_visitor: set[str] = set()
        self._shared: set[Key] = set()

    def per_visitor(self, kind: type[Entity]) -> None:
        """Let every visitor have one *kind* of their own; DefinitionError when it cannot be made from defaults."""
        _must_have_defaults(kind)
        self._per_visitor.add(kind.__entity_name__)

    def shared(self, kind: type[Entity], id: str) -> None:
        """Let there be one *kind* of this id for everybody."""
        _must_have_defaults(kind)
        self._shared.add((kind.__entity_name__, id))

    def fresh(self, kind: type[Entity], id: str) -> Entity | None:
        """Return the entity an id begins as, or ``None`` when there is none unless it was created."""
        name = kind.__entity_name__
        if (name, id) in self._shared or (is_private_id(id) and name in self._per_visitor):
            return kind(id=id)
        return None


def _must_have_defaults(kind: type[Entity]) -> None:
    missing = [info.name for info in fields_of(kind).values() if info.default is None]
    if missing:
        raise DefinitionError(
            f"a page asks for a {kind.__name__} that nobody created; give {', '.join(missing)} a default, "
            "or load one by its id"
        )
