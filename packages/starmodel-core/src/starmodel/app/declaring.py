"""What classes and events say themselves about who may, enforced for every application and every door."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from starmodel.core.actors import ALLOWED, Decision
from starmodel.core.errors import ForbiddenError
from starmodel.core.options import READ

from .policies import VisitorPolicy

if TYPE_CHECKING:
    from starmodel.core.actors import Actor
    from starmodel.core.declared import Declared
    from starmodel.core.entity import Entity
    from starmodel.core.query import Query
    from starmodel.core.who import Where

    from .application import Application

__all__ = ["DeclaredPolicy", "is_ruled", "limits", "may_ever", "narrowed", "refuse_unlisted"]

_SIGN_IN = "sign in first"


class DeclaredPolicy(VisitorPolicy):
    """Allows what :mod:`starmodel.core.who` allows in a class, and hides what it lets nobody read; then as its base.

    With *explain* a refusal says which policy it was, who asked, and what would be needed: for developers.
    """

    def __init__(self, *, explain: bool = False) -> None:
        self.explain = explain

    def decide(
        self, actor: Actor, action: str, kind: type[Entity], id: str | None, entity: Entity | None, /
    ) -> Decision:
        """Decide by the id, then by what the class declares."""
        said = kind.__entity_policy__
        decision = VisitorPolicy.decide(self, actor, action, kind, id, entity)
        if said is None or not decision.allowed or actor.trusted:
            return decision
        if said.allows(actor, action, kind, id, entity):
            return ALLOWED
        why = self._why(said, actor, action, kind)
        if said.is_of_class(action, id):
            return Decision(allowed=False, why=why)
        sees = action != READ and entity is not None and said.allows(actor, READ, kind, id, entity)
        return Decision(allowed=False, why=why, hidden=not sees)

    def _why(self, said: Declared, actor: Actor, action: str, kind: type[Entity]) -> str:
        if not self.explain:
            return "" if actor.is_signed_in else _SIGN_IN
        asked = f"asked was {actor.id!r}" if actor.is_signed_in else "asked was a visitor who has not signed in"
        if actor.roles:
            asked += f" with the role {', '.join(sorted(actor.roles))}"
        who = said.who(action)
        if who is None:
            return (
                f"{kind.__name__} has policies and none for {action!r}, so nobody may; {asked}; give it one: "
                f'model_config = {{"policy": {{"{action}": ...}}}}, or "*" for all that is not named'
            )
        return f"the policy is {who!r}: {who.words}; {asked}"


def limits(kind: type[Entity], actor: Actor, /) -> Where | None:
    """Return the condition of what the class lets *actor* read: ``{}`` for everything, ``None`` for nothing."""
    said = kind.__entity_policy__
    if said is None or actor.trusted:
        return {}
    who = said.who(READ)
    return None if who is None else who.where(actor, kind)


def narrowed(kind: type[Entity], query: Query, actor: Actor, /) -> Query | None:
    """Return *query* for only that which the class lets *actor* read; ``None`` when that is nothing."""
    where = limits(kind, actor)
    if where is None or not where:
        return None if where is None else query
    return replace(query, where={"and": [query.where, where]} if query.where else where)


def is_ruled(kind: type[Entity], /) -> bool:
    """Tell whether the class says of anything who may: who it is shown to then matters to what is shown."""
    return kind.__entity_policy__ is not None


def may_ever(kind: type[Entity], actor: Actor, action: str, /) -> bool:
    """Tell whether the class lets *actor* do *action* to any of its entities; for ``create`` whether to make one."""
    said = kind.__entity_policy__
    return said is None or actor.trusted or said.may_ever(actor, action, kind)


def refuse_unlisted(application: Application, kind: type[Entity], actor: Actor, /) -> None:
    """Raise ForbiddenError when the class lets *actor* read none of its entities, whichever there are."""
    if not may_ever(kind, actor, READ):
        why = application.policy.decide(actor, READ, kind, None, None).why
        raise ForbiddenError(f"{kind.__entity_name__}.{READ}", why)
