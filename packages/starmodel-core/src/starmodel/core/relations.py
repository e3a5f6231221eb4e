"""Dotted names of conditions: ``author_id.name`` is the name of the entity whose id the field ``author_id`` holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, TypeAlias, get_args, get_origin

from .entity import Entity, fields_of
from .errors import QueryError, hint
from .marks import Reference

__all__ = ["Finder", "Steps", "class_of", "followed", "references_in", "steps_of", "target_of"]

Steps: TypeAlias = dict[str, "Steps"]
"""The references a condition follows: each by its field, with those that it follows from there."""

Finder: TypeAlias = Callable[[type[Entity], str], Entity | None]
"""Returns the entity of a class and an id, or ``None`` when there is none."""


def target_of(kind: type[Entity], name: str) -> type[Entity] | None:
    """Return the class that the field *name* of *kind* refers to; ``None`` when it is no reference.

    QueryError when no class of that name is known yet.
    """
    info = fields_of(kind).get(name)
    marks = () if info is None else references_in(info.annotation)
    if not marks:
        return None
    return class_of(kind, marks[-1])


def class_of(kind: type[Entity], mark: Reference) -> type[Entity]:
    """Return the class that *mark*, in the class *kind*, refers to; QueryError when none of that name is known yet."""
    return mark.to if isinstance(mark.to, type) else _named(kind, mark.to)


def steps_of(where: Mapping[str, Any]) -> Steps:
    """Return the references that *where* follows: ``{"owner_id": {}}`` for ``{"owner_id.name": "Ada"}``."""
    steps: Steps = {}
    for key, test in where.items():
        if key in ("and", "or", "not"):
            for part in test if isinstance(test, list | tuple) else [test]:
                _merge(steps, steps_of(part))
            continue
        here = steps
        for name in key.split(".")[:-1]:
            here = here.setdefault(name, {})
    return steps


def followed(kind: type[Entity], steps: Steps) -> set[type[Entity]]:
    """Return the classes that *steps* lead to from *kind*: a change of one of theirs may change what is found."""
    found: set[type[Entity]] = set()
    for name, further in steps.items():
        target = target_of(kind, name)
        if target is not None:
            found |= {target, *followed(target, further)}
    return found


def _merge(steps: Steps, more: Steps) -> None:
    for name, further in more.items():
        _merge(steps.setdefault(name, {}), further)


def references_in(annotation: Any) -> tuple[Reference, ...]:
    """Return the references of *annotation*, at its outside and inside ``| None``."""
    if get_origin(annotation) is Annotated:
        inner, *marks = get_args(annotation)
        return (*references_in(inner), *(mark for mark in marks if isinstance(mark, Reference)))
    return tuple(mark for member in get_args(annotation) for mark in _direct(member))


def _direct(member: Any) -> tuple[Reference, ...]:
    return references_in(member) if get_origin(member) is Annotated else ()


def _named(kind: type[Entity], name: str) -> type[Entity]:
    """Return the class called *name*: of the same module if there is one, else the one that was made last."""
    known = [other for other in _derived(Entity) if name in {other.__name__, other.__entity_name__}]
    if not known:
        names = sorted({other.__entity_name__ for other in _derived(Entity)})
        raise QueryError(f"{kind.__name__} refers to {name!r}, which is not known; {hint(name, names)}")
    return next((other for other in reversed(known) if other.__module__ == kind.__module__), known[-1])


def _derived(kind: type[Entity]) -> Iterator[type[Entity]]:
    for sub in kind.__subclasses__():
        yield sub
        yield from _derived(sub)
