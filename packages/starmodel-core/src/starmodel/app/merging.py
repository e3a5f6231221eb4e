"""Saving a form that was opened on an older version: other fields merge, the same field is a conflict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starmodel.core.entity import fields_of
from starmodel.core.errors import FieldConflictError, PastNotKeptError
from starmodel.core.visibility import Visibility

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starmodel.core.entity import Entity
    from starmodel.core.ports import StatePersistenceBackend

__all__ = ["merged"]


async def merged(
    store: StatePersistenceBackend,
    entity: Entity,
    version: int,
    base: int,
    args: Mapping[str, Any],
    *,
    shows: bool = True,
) -> Mapping[str, Any]:
    """Return what *args*, made on version *base*, changes of *entity*, which is at *version* now.

    A field that only somebody else changed since keeps their value, although the form still sends its old one.
    FieldConflictError when both changed one, to different values.  A log that does not reach back to *base* counts
    every field as changed by somebody else.  Without *shows* whoever sent them may not read the entity, and is neither
    told its values nor finds them out by trying.
    """
    kind = type(entity)
    infos = fields_of(kind)
    before = await _values_at(store, entity, version, base)
    kept: dict[str, Any] = {}
    conflicts: dict[str, tuple[Any, Any]] = {}
    for name, value in args.items():
        untouched = name not in infos or (before is not None and name not in before)
        if not untouched and shows and infos[name].visibility is not Visibility.SECRET:  # not to be found out by trying
            untouched = getattr(entity, name) == value
        if untouched:
            kept[name] = value
        elif before is None or before[name] is _UNKNOWN or before[name] != value:
            conflicts[name] = _both(shows and infos[name].visibility is Visibility.PUBLIC, getattr(entity, name), value)
    if conflicts:
        behind = args.keys() - kept.keys() - conflicts.keys()
        raise FieldConflictError(f"{kind.__entity_name__} {entity.id}", base, version, conflicts, behind)
    return kept


_UNKNOWN = object()
"""Stands for the former value of a secret field, which no log holds."""


def _both(is_shown: bool, theirs: Any, yours: Any) -> tuple[Any, Any]:  # noqa: FBT001  (private to this module)
    return (theirs, yours) if is_shown else ("***", "***")


async def _values_at(store: StatePersistenceBackend, entity: Entity, version: int, base: int) -> dict[str, Any] | None:
    """Return the values at *base* of the fields changed since, or ``None`` when that cannot be known."""
    if base > version:
        return None
    if base == 0:  # it was not stored yet: whoever saw it saw its defaults
        defaults = {info.name: info.default() for info in fields_of(type(entity)).values() if info.default is not None}
        return {name: value for name, value in defaults.items() if name != "id" and getattr(entity, name) != value}
    key = (type(entity).__entity_name__, entity.id)
    try:
        commits = await store.history(type(entity), entity.id, after_version=base)
    except PastNotKeptError:
        return None
    changes = [change for commit in commits for change in commit.changes if change.key == key]
    if [change.version for change in changes] != list(range(base + 1, version + 1)):
        return None
    before: dict[str, Any] = {}
    for change in reversed(changes):
        before.update(dict.fromkeys(change.hidden, _UNKNOWN))
        before.update(change.before or {})
    return before
