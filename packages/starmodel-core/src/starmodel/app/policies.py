"""The rule that is always on: what belongs to one visitor is nobody else's to see or to change."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from starmodel.core.actors import ALLOWED, Actor, Decision

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starmodel.core.entity import Entity
    from starmodel.core.ports import Policy

__all__ = ["VISITOR_PREFIX", "AllOf", "VisitorPolicy", "is_private_id"]

logger = logging.getLogger("starmodel.policies")

VISITOR_PREFIX = "visitor-"
"""The id of an entity that every visitor has one of begins with this; the rest is the visitor's own."""

_FAILED = Decision(allowed=False, why="it could not be decided who may; try again later")
_HIDDEN = Decision(allowed=False, why="it belongs to another visitor", hidden=True)


def is_private_id(id: str | None) -> bool:
    """Tell whether an entity with this id belongs to one visitor."""
    return id is not None and id.startswith(VISITOR_PREFIX)


class VisitorPolicy:
    """Gives each visitor their own ``visitor-…`` entities, hides everybody else's, and allows the rest."""

    def decide(
        self, actor: Actor, _action: str, _kind: type[Entity], id: str | None, _entity: Entity | None, /
    ) -> Decision:
        """Decide by the id alone."""
        if not is_private_id(id) or actor.trusted or id == actor.visitor:
            return ALLOWED
        return _HIDDEN


class AllOf:
    """Asks several policies; one refusal is enough, and a policy that fails refuses."""

    def __init__(self, policies: Sequence[Policy]) -> None:
        self._policies = tuple(policies)

    def decide(
        self, actor: Actor, action: str, kind: type[Entity], id: str | None, entity: Entity | None, /
    ) -> Decision:
        """Return the first refusal, or that it is allowed."""
        for policy in self._policies:
            try:
                decision = policy.decide(actor, action, kind, id, entity)
            except Exception:
                logger.exception("%r could not decide about %s.%s", policy, kind.__entity_name__, action)
                return _FAILED
            if not decision.allowed:
                return decision
        return ALLOWED
