"""The rules that are always on: what belongs to one visitor is nobody else's, and what classes say themselves holds."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Literal

from starmodel.core.actors import ALLOWED, MARK, VISITOR, Actor, Decision, mark_of
from starmodel.core.errors import ConfigurationError, DefinitionError, hint
from starmodel.core.events import events_of
from starmodel.core.options import PROTECTIONS, READ
from starmodel.core.who import Who

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starmodel.core.entity import Entity
    from starmodel.core.ports import Policy
    from starmodel.core.who import Where

__all__ = [
    "VISITOR_PREFIX",
    "AllOf",
    "VisitorPolicy",
    "belongs_to_one",
    "enforced_by",
    "is_private_id",
    "is_seen_id",
    "owned_id",
    "owner_mark",
    "refuse_unprotected",
    "shown_ids",
]

logger = logging.getLogger("starmodel.policies")

VISITOR_PREFIX = VISITOR
"""The id of an entity that every visitor has one of begins with this; the rest is the visitor's own."""

_OWN, _SHARED, _SEEN = "own-", "shared-", "seen-"
_RESERVED = (VISITOR_PREFIX, _OWN, _SHARED, _SEEN)

_FAILED = Decision(allowed=False, why="it could not be decided who may; try again later")
_HIDDEN = Decision(allowed=False, why="it belongs to another visitor", hidden=True)
_NOT_YOURS = Decision(allowed=False, why="it is shared to be read; only whoever shares it may change it")
_ONLY_SEEN = Decision(allowed=False, why="the program itself keeps it")


def is_private_id(id: str | None) -> bool:
    """Tell whether an entity with this id is the one that a visitor has of its class."""
    return id is not None and id.startswith(VISITOR_PREFIX)


owner_mark = mark_of
"""Returns what stands for an actor in the ids of what is theirs: it does not tell who they are."""


def owned_id(actor_id: str, rest: str, rights: Literal["own", "shared", "seen"] = "own") -> str:
    """Return the id of something that belongs to an actor, who may have any number of them.

    What is ``own`` only they may see and change; what is ``shared`` everybody may read; what is ``seen`` only the
    program changes, and only they may read it.  *rest* is up to 31 characters that an id may have.
    """
    return f"{rights}-{owner_mark(actor_id)}-{rest}"


def _owned_by(id: str) -> tuple[str, str]:
    """Return what an owner may do and the mark of who it is; blanks for an id that belongs to nobody."""
    rights, _, rest = id.partition("-")
    mark, dash, _ = rest.partition("-")
    whole = bool(dash) and len(mark) == MARK and all(digit in "0123456789abcdef" for digit in mark)
    return (f"{rights}-", mark) if whole and f"{rights}-" in (_OWN, _SHARED, _SEEN) else ("", "")


def is_seen_id(id: str) -> bool:
    """Tell whether only the program changes an entity with this id; a class whose every id is such checks it so."""
    return _owned_by(id)[0] == _SEEN


def belongs_to_one(id: str) -> bool:
    """Tell whether only one visitor or actor may read an entity with this id."""
    return id.startswith(_RESERVED) and (is_private_id(id) or _owned_by(id)[0] in (_OWN, _SEEN))


def shown_ids(actor: Actor) -> Where:
    """Return the condition of what :class:`VisitorPolicy` lets *actor* read."""
    if actor.trusted:
        return {}
    mark = owner_mark(actor.id)
    own: list[Where] = [{"id": {"startswith": f"{_OWN}{mark}-"}}, {"id": {"startswith": f"{_SEEN}{mark}-"}}]
    if actor.visitor is not None:
        own.append({"id": actor.visitor})
    others = [{"id": {"startswith": prefix}} for prefix in (VISITOR_PREFIX, _OWN, _SEEN)]
    return {"or": [{"not": {"or": others}}, *own]}


class VisitorPolicy:
    """Gives each visitor their own ``visitor-…`` entities, and each actor theirs; hides the others', allows the rest.

    See :func:`owned_id` for what belongs to an actor.
    """

    def decide(
        self, actor: Actor, action: str, _kind: type[Entity], id: str | None, _entity: Entity | None, /
    ) -> Decision:
        """Decide by the id alone."""
        if id is None or not id.startswith(_RESERVED) or actor.trusted or id == actor.visitor:
            return ALLOWED
        if is_private_id(id):
            return _HIDDEN
        rights, mark = _owned_by(id)
        may_read = action == READ
        if not mark or (rights == _SHARED and may_read):
            return ALLOWED
        if mark == owner_mark(actor.id):
            return ALLOWED if rights != _SEEN or may_read else _ONLY_SEEN
        return _HIDDEN if rights != _SHARED else _NOT_YOURS


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


def enforced_by(policies: Sequence[Policy]) -> frozenset[str]:
    """Return the options of events that *policies* say they enforce; ConfigurationError for what is no such option."""
    found: set[str] = set()
    for policy in policies:
        said = getattr(policy, "enforces", ())
        for name in (said,) if isinstance(said, str) else said:
            if name not in PROTECTIONS:
                raise ConfigurationError(f"{policy!r} enforces {name!r}; {hint(str(name), PROTECTIONS)}")
            found.add(name)
    return frozenset(found)


def refuse_unprotected(kind: type[Entity], enforced: frozenset[str]) -> None:
    """DefinitionError when an event of *kind* asks for a protection that is not *enforced*: it would only look safe."""
    for name, event in events_of(kind).items():
        for option in PROTECTIONS:
            asked = getattr(event.options, option)
            if asked is not None and option not in enforced and not isinstance(asked, Who):
                raise DefinitionError(
                    f"{kind.__entity_name__}.{name} says {option}={asked!r}, and nothing here enforces it: give "
                    f"create_app(policies=[...]) a policy with enforces = ({option!r},) that reads it by "
                    f"events_of(kind)[action].options.{option}, or take {option}= away"
                )
