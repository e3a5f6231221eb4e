"""The site's own entities: kept with those of the application, changed by commands like them, without pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starmodel.core.ports import Durability

from .batches import Batch
from .saved import SavedView

if TYPE_CHECKING:
    from starmodel.app import Application

__all__ = ["OWN_ENTITIES", "add_own_entities"]

OWN_ENTITIES = (SavedView, Batch)


def add_own_entities(application: Application) -> None:
    """Add them to an application with pages, in the most lasting of the stores that it uses anyway."""
    kinds = [kind for kind in application.catalog if kind not in OWN_ENTITIES]
    if not any(kind.__entity_config__.get("pages", True) for kind in kinds):
        return
    lasting = list(Durability)
    store = max(kinds, key=lambda kind: lasting.index(application.persistence.for_class(kind).durability))
    for own in OWN_ENTITIES:
        if own not in application.catalog:
            application.persistence.assign(own, application.persistence.name_for(store))
            application.add(own)
