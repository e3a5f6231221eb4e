"""What must not be written down or shown: secret fields, and every value that has one somewhere inside."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, get_args, is_typeddict

from .annotations import field_hints
from .entity import Entity, fields_of
from .errors import DefinitionError
from .visibility import Visibility, visibility_of

__all__ = ["holds_secrets", "refuse_hidden_parts", "refuse_leaving", "secret_fields"]

_KNOWN: dict[type[Entity], frozenset[str]] = {}


def secret_fields(kind: type[Entity]) -> frozenset[str]:
    """Return the fields of *kind* whose values no log may hold: the secret ones, and those that hold such a value."""
    known = _KNOWN.get(kind)
    if known is None:
        found = (info.name for info in fields_of(kind).values() if holds_secrets(info.annotation))
        known = _KNOWN[kind] = frozenset(found)
    return known


def holds_secrets(annotation: Any) -> bool:
    """Tell whether a value of this *annotation* is secret, or has a secret part somewhere inside."""
    return _holds(annotation, set())


def _holds(annotation: Any, seen: set[Any]) -> bool:
    if visibility_of(annotation) is Visibility.SECRET:
        return True
    if isinstance(annotation, type) and annotation not in seen:
        seen.add(annotation)
        if any(_holds(inner, seen) for _, inner in _members(annotation)):
            return True
    return any(_holds(part, seen) for part in get_args(annotation))


def refuse_hidden_parts(kind: type[Entity]) -> None:
    """Raise DefinitionError for a public field of *kind* with a private or secret part inside of its value.

    A value goes out and comes in as a whole; of entities alone there is a public side.
    """
    for info in fields_of(kind).values():
        part = next(_hidden(info.annotation, set()), None) if info.visibility is Visibility.PUBLIC else None
        if part is not None:
            raise DefinitionError(
                f"{kind.__name__}.{info.name} is public and has the part {part}, which is not; a value is shown as a "
                f"whole: write {info.name}: Private[...], or give the part a field of its own"
            )


def refuse_leaving(kind: type[Entity]) -> None:
    """Raise DefinitionError for a field that browsers cannot keep: one that may not leave the server."""
    for info in fields_of(kind).values():
        part = info.name if info.visibility is not Visibility.PUBLIC else None
        part = part or next(_hidden(info.annotation, set(), into_entities=True), None)
        if part is not None:
            raise DefinitionError(
                f"{kind.__name__}.{info.name} cannot be kept in a browser: {part} is private or secret, and may not "
                "leave the server; leave it out, make it public, or keep the class in a store of the server"
            )


def _hidden(annotation: Any, seen: set[Any], *, into_entities: bool = False) -> Iterator[str]:
    """Yield the names of what is not public somewhere inside of a value; an entity sees to its own fields."""
    for part in get_args(annotation):
        if visibility_of(part) is not Visibility.PUBLIC:
            yield str(part)
        yield from _hidden(part, seen, into_entities=into_entities)
    is_own = isinstance(annotation, type) and issubclass(annotation, Entity) and not into_entities
    if isinstance(annotation, type) and annotation not in seen and not is_own:
        seen.add(annotation)
        for name, inner in _members(annotation):
            if visibility_of(inner) is not Visibility.PUBLIC:
                yield f"{annotation.__name__}.{name}"
            yield from _hidden(inner, seen, into_entities=into_entities)


def _members(kind: type) -> Iterator[tuple[str, Any]]:
    """Yield name and annotation of what a value is made of: a dataclass, a named tuple or dict, a pydantic model."""
    if dataclasses.is_dataclass(kind):
        yield from field_hints(kind, [field.name for field in dataclasses.fields(kind)]).items()
    elif is_typeddict(kind) or (issubclass(kind, tuple) and hasattr(kind, "_fields")):
        yield from field_hints(kind, kind.__annotations__).items()
    elif isinstance(infos := getattr(kind, "model_fields", None), dict):
        yield from ((name, info.rebuild_annotation()) for name, info in infos.items())
