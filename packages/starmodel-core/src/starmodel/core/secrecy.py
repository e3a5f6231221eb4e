"""What must not be written down: secret fields, and every value that has one somewhere inside."""

from __future__ import annotations

import dataclasses
from typing import Any, get_args

from .annotations import field_hints
from .entity import Entity, fields_of
from .visibility import Visibility, visibility_of

__all__ = ["holds_secrets", "secret_fields"]

_KNOWN: dict[type[Entity], frozenset[str]] = {}


def secret_fields(kind: type[Entity]) -> frozenset[str]:
    """Return the fields of *kind* whose values no log may hold: the secret ones, and those that hold such a value."""
    known = _KNOWN.get(kind)
    if known is None:
        found = (info.name for info in fields_of(kind).values() if holds_secrets(info.annotation))
        known = _KNOWN[kind] = frozenset(found)
    return known


def holds_secrets(annotation: Any) -> bool:
    """Tell whether a value of this *annotation* is secret, or an entity somewhere inside it has a secret field."""
    return _holds(annotation, set())


def _holds(annotation: Any, seen: set[Any]) -> bool:
    if visibility_of(annotation) is Visibility.SECRET:
        return True
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
        if annotation in seen:
            return False
        seen.add(annotation)
        names = [field.name for field in dataclasses.fields(annotation)]
        return any(_holds(hint, seen) for hint in field_hints(annotation, names).values())
    return any(_holds(part, seen) for part in get_args(annotation))
