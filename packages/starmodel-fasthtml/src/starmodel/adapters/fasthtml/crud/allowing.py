"""What the reader of a page may do: what would be refused is not offered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from starmodel.app import is_ruled, may_ever

if TYPE_CHECKING:
    from starmodel.app import Application
    from starmodel.core.actors import Actor
    from starmodel.core.entity import Entity

    from .call import PageCall
    from .shape import Shape

__all__ = ["Offered", "allowed", "may", "offered_by"]

Offered = Callable[[Any, "Entity"], tuple[str, ...]]
"""Returns the events that somebody with some rights may do to an entity."""


def may(call: PageCall, shape: Shape, event: str, entity: Entity | None = None) -> bool:
    """Tell whether the reader may do *event*, to *entity* if it is one of an instance."""
    actor, id = call.read.actor, None if entity is None else entity.id
    return actor.trusted or call.runtime.app.policy.decide(actor, event, shape.kind, id, entity).allowed


def allowed(call: PageCall, shape: Shape, shown: Sequence[Entity] | None = None) -> frozenset[str]:
    """Return the events that the reader may do: of the class itself, and of an instance to any of its entities.

    With *shown* to any of these.
    """
    if not is_ruled(shape.kind):
        return frozenset(shape.handlers)
    actor = call.read.actor

    def to_any(event: str) -> bool:
        if shown is None:
            return may_ever(shape.kind, actor, event)
        return any(may(call, shape, event, entity) for entity in shown)

    return frozenset(
        name for name, one in shape.handlers.items() if (may(call, shape, name) if one.event.of_class else to_any(name))
    )


def offered_by(application: Application, shape: Shape) -> Offered | None:
    """Return what tells which events are offered for an entity; ``None`` where the class lets everybody do all."""
    if not is_ruled(shape.kind):
        return None
    names = [name for name, one in shape.handlers.items() if not one.event.of_class and not one.reads_only]

    def offered(actor: Actor, entity: Entity) -> tuple[str, ...]:
        decide, kind, id = application.policy.decide, shape.kind, entity.id
        return tuple([name for name in names if actor.trusted or decide(actor, name, kind, id, entity).allowed])

    return offered
