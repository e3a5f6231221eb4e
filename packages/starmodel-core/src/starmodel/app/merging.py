"""Saving a form that was opened on an older version: other fields merge, the same field is a conflict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starmodel.core.entity import fields_of
from starmodel.core.errors import FieldConflictError
from starmodel.core.visibility import Visibility

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starmodel.core.entity import Entity
    from starmodel.core.ports import StatePersistenceBackend

__all__ = ["refuse_double_edits"]


async def refuse_double_edits(
    store: StatePersistenceBackend, entity: Entity, version: int, base: int, args: Mapping[str, Any]
) -> None:
    """Raise FieldConflictError when *args* sets a field that somebody else changed to another value since *base*.

    A log that does not reach back to *base* counts every field as changed.
    """
    kind = type(entity)
    changed = await _changed_since(store, entity, version, base)
    infos = fields_of(kind)
    conflicts = {
        name: _both(infos[name].visibility, getattr(entity, name), value)
        for name, value in args.items()
        if name in infos and (changed is None or name in changed) and getattr(entity, name) != value
    }
    if conflicts:
        raise FieldConflictError(f"{kind.__entity_name__} {entity.id}", base, version, conflicts)


def _both(visibility: Visibility, theirs: Any, yours: Any) -> tuple[Any, Any]:
    return (theirs, yours) if visibility is Visibility.PUBLIC else ("***", "***")


async def _changed_since(store: StatePersistenceBackend, entity: Entity, version: int, base: int) -> set[str] | None:
    """Return the fields changed after version *base*, or ``None`` when that cannot be known."""
    if base > version:
        return None
    key = (type(entity).__entity_name__, entity.id)
    commits = await store.history(type(entity), entity.id, after_version=base)
    changes = [change for commit in commits for change in commit.changes if change.key == key]
    if {change.version for change in changes} != set(range(base + 1, version + 1)):
        return None
    return {name for change in changes for name in change.fields}
