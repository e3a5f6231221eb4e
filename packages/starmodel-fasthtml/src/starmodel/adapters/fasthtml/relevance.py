"""Whether a change concerns a list: it does when it changes which entities are in it, or their order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from starmodel.core.query import Query, matches

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starmodel.core.changes import Change
    from starmodel.core.entity import Entity

__all__ = ["ANY_CHANGE", "concerns"]

ANY_CHANGE = Query(order=("*",))
"""Stands for a list whose conditions are not known here: every change of its class concerns it."""


class _AsBefore:
    """Reads an entity as it was before a change."""

    def __init__(self, entity: Entity, before: Mapping[str, Any]) -> None:
        self._entity, self._before = entity, before

    def __getattr__(self, name: str) -> Any:
        return self._before[name] if name in self._before else getattr(self._entity, name)


class _Values:
    """Reads the values a deleted entity had."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __getattr__(self, name: str) -> Any:
        return self._values.get(name)


def concerns(change: Change, query: Query) -> bool:
    """Tell whether *change* may alter the answer to *query*; in doubt it does."""
    if query.order == ANY_CHANGE.order:
        return True
    if change.after is None:
        return _was_in(change, query)
    entity = change.snapshot
    if entity is None:
        return True
    is_in = matches(query.where, entity)
    if change.before is None:
        return is_in
    was_in = matches(query.where, cast("Entity", _AsBefore(entity, change.before)))
    placed_by = {name.removeprefix("-") for name in query.order}
    return bool(change.hidden) or is_in != was_in or (is_in and not placed_by.isdisjoint(change.fields))


def _was_in(change: Change, query: Query) -> bool:
    """Tell whether a deleted entity may have been in the list."""
    if change.before is None or not _named(query.where) <= change.before.keys():
        return True  # nothing is known of it, or not all: a secret, or a field that another version has not
    return matches(query.where, cast("Entity", _Values(change.before)))


def _named(where: Mapping[str, Any]) -> set[str]:
    """Return the fields that a condition names."""
    names: set[str] = set()
    for key, test in where.items():
        if key in ("and", "or"):
            names.update(*map(_named, test))
        elif key == "not":
            names |= _named(test)
        else:
            names.add(key)
    return names
