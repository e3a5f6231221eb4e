"""The frames that bring an entity up to date in one page: its views, its signals, or a preview of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starmodel.app import may_read as may_see
from starmodel.core.query import Stored

from .rights import rights_of, rights_on
from .signals import shown_values
from .wire import elements_frame, signals_frame

if TYPE_CHECKING:
    from collections.abc import Hashable

    from starmodel.core.actors import Actor
    from starmodel.core.entity import Entity
    from starmodel.core.typing import Key

    from .audience import Audience
    from .live import Hub
    from .reading import PageRead
    from .tokens import PageToken

__all__ = [
    "Told",
    "entity_frames",
    "fields_told",
    "key_of",
    "may_read",
    "preview_frames",
    "signal_frames",
    "stored_now",
]


def key_of(entity: Entity) -> Key:
    """Return what an entity is known by."""
    return type(entity).__entity_name__, entity.id


async def stored_now(hub: Hub, key: Key) -> Stored[Any] | None:
    """Return an entity as it is stored, or as it begins; ``None`` when there is none."""
    kind = hub.app.catalog.kind(key[0])
    found = await hub.app.persistence.for_class(kind).get(kind, key[1])
    if found is not None:
        return found
    fresh = hub.app.implicit.fresh(kind, key[1])
    return None if fresh is None else Stored(fresh, 0)


def may_read(hub: Hub, actor: Actor, entity: Entity) -> bool:
    """Tell whether *actor* may see *entity* as it is now: asked for every message."""
    return may_see(hub.app, actor, entity)


def entity_frames(hub: Hub, audience: Audience, stored: Stored[Any]) -> list[bytes]:
    """Return the frames for every view and every signal of an entity on the pages of an audience."""
    key = key_of(stored.entity)
    frames = [
        _view_frame(hub, audience.rights, use.view, use.params, stored)
        for use in audience.views.get(key, ())
        if hub.view(use.view) is not None
    ]
    names = audience.signals.get(key)
    if names:
        frames.append(signals_frame(shown_values(stored.entity, names)))
    return frames


@dataclass(frozen=True, slots=True)
class Told(Stored[Any]):
    """A stored entity together with the *fields* that its newest change touched."""

    fields: frozenset[str]


def fields_told(stored: Stored[Any]) -> frozenset[str] | None:
    """Return the fields that a change touched, ``None`` when all of the entity is to be shown."""
    return stored.fields if isinstance(stored, Told) else None


def _view_frame(hub: Hub, rights: Hashable, name: str, params: str, stored: Stored[Any]) -> bytes:
    """Return the frame that patches one view; encoded once for all tabs with the same rights."""
    view, entity, fields = hub.view(name), stored.entity, fields_told(stored)
    rights = rights_on(type(entity), rights)
    key = (view, type(entity).__entity_name__, entity.id, stored.version, params, rights, fields)

    def make() -> bytes:
        cells = None if fields is None else view.cells(stored, params, fields)
        return elements_frame(view.html(stored, params, rights, hub.fragments) if cells is None else cells)

    return hub.frame(key, make)


def preview_frames(hub: Hub, deps: PageToken | PageRead, snapshot: Entity, actor: Actor) -> list[bytes]:
    """Return the frames that show *actor* a snapshot that is not stored; nobody else is sent them."""
    if not may_read(hub, actor, snapshot):
        return []
    rights = rights_of([type(snapshot)], actor)
    uses = deps.views.get(key_of(snapshot), ())
    known = [(view, use.params) for use in uses if (view := hub.view(use.view)) is not None]
    return [elements_frame(view.previewed(snapshot, params, rights)) for view, params in known]


def signal_frames(read: PageRead) -> list[bytes]:
    """Return every signal of a page that was just made: the browser may have other values by now."""
    found = ((read.stored_under(key), names) for key, names in read.shown_signals.items())
    return [signals_frame(shown_values(stored.entity, names)) for stored, names in found if stored is not None]
