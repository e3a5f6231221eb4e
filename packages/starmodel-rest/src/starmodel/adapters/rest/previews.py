"""What a command would change, as JSON may tell it: public fields of what the one who asks may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starmodel.app import may_see
from starmodel.app.doors import shown
from starmodel.core.entity import fields_of
from starmodel.core.visibility import Visibility

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starmodel.app import Application, Preview
    from starmodel.core.actors import Actor
    from starmodel.core.changes import Change

__all__ = ["preview_of", "public_values"]


def preview_of(application: Application, preview: Preview, actor: Actor) -> dict[str, Any]:
    """Return *preview* as JSON: ``{"dry_run": true, "changes": [...], "returned": ...}``.

    A change of what *actor* may not read is left out.
    """
    changes = [_told(application, change) for change in preview.changes if may_see(application, actor, change)]
    return {"dry_run": True, "changes": changes, "returned": shown(preview.returned, application.codec)}


def _told(application: Application, change: Change) -> dict[str, Any]:
    return {
        "entity": change.entity,
        "id": change.id,
        "before": public_values(application, change.entity, change.before),
        "after": public_values(application, change.entity, change.after),
    }


def public_values(application: Application, name: str, values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return those of *values* that are public fields of the class called *name*, as JSON holds them."""
    if values is None:
        return None
    infos = fields_of(application.catalog.kind(name))
    public = {field: value for field, value in values.items() if infos[field].visibility is Visibility.PUBLIC}
    return {field: shown([value], application.codec)[0] for field, value in public.items()}
