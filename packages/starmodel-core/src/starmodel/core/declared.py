"""What the policies of one class say, compiled when the class is made: for every action who may, or nobody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .errors import DefinitionError, hint
from .options import READ
from .who import Who, said_wrongly

if TYPE_CHECKING:
    from .entity import Entity
    from .events import ClassEvent, Event

__all__ = ["OTHERWISE", "Declared", "checked_policy", "declared"]

OTHERWISE = "*"
"""Stands for every action that nothing else is said about."""

_TAKEN_BACK = ("undo", "redo")


def checked_policy(value: Any) -> Mapping[str, Who]:
    """Return who may, by action; ValueError says what is wrong with *value*."""
    if isinstance(value, Who):
        return {OTHERWISE: value}
    if isinstance(value, str):
        raise ValueError(f"{said_wrongly(value)}")  # noqa: TRY004  (becomes a DefinitionError, which is a TypeError)
    if not isinstance(value, Mapping) or not value:
        raise ValueError('give who may, such as owner | roles("editor"), or a dict: {"read": anyone, "*": owner}')
    for action, who in value.items():
        if not isinstance(who, Who):
            raise ValueError(  # noqa: TRY004  (becomes a DefinitionError, which is a TypeError)
                f"for {action!r} {said_wrongly(who)}"
            )
    return dict(value)


def declared(
    owner: str,
    policy: Mapping[str, Who] | None,
    events: Mapping[str, Event[Any, Any] | ClassEvent[Any, Any]],
    services: tuple[str, ...] = _TAKEN_BACK,
) -> Declared | None:
    """Return what the class *owner* and its *events* say; ``None`` when they say nothing, and everybody may all."""
    by_action = {name: one.options.policy for name, one in events.items() if isinstance(one.options.policy, Who)}
    if policy is None and not by_action:
        return None
    known = [READ, OTHERWISE, *events, *services]
    for action in policy or ():
        if action not in known:
            raise DefinitionError(
                f"{owner}.model_config['policy'] speaks of {action!r}, which is no event of it; {hint(action, known)}"
            )
    return Declared({**(policy or {}), **by_action}, frozenset(name for name, one in events.items() if one.of_class))


class Declared:
    """Who may do what to the entities of one class.  An action that nothing is said about is nobody's."""

    __slots__ = ("_by_action", "_of_class")

    def __init__(self, by_action: Mapping[str, Who], of_class: frozenset[str]) -> None:
        self._by_action, self._of_class = by_action, of_class

    def who(self, action: str) -> Who | None:
        """Return who may do *action*; ``None`` where nothing is said, so that nobody may."""
        said = self._by_action.get(action)
        if said is None and action in _TAKEN_BACK and OTHERWISE not in self._by_action:
            said = self._by_action.get("update")  # to take back is to change
        return said or self._by_action.get(OTHERWISE)

    def allows(self, actor: Any, action: str, kind: type[Entity], id: str | None, entity: Entity | None) -> bool:
        """Tell whether *actor* may do *action*, to *entity* if that is one of an instance.

        To read without an *id* is to read any of them.
        """
        who = self.who(action)
        if who is None:
            return False
        if id is None and (action == READ or action in _TAKEN_BACK):  # each of them is asked about by itself
            return who.where(actor, kind) is not None
        if entity is None or action in self._of_class:
            return self.is_of_class(action, id) and who.holds_without(actor, making=action == "create")
        return who.holds(actor, entity)

    def is_of_class(self, action: str, id: str | None) -> bool:
        """Tell whether *action* is one of the class itself, whatever *id* is chosen for what it makes."""
        return id is None or action in self._of_class

    def may_ever(self, actor: Any, action: str, kind: type[Entity]) -> bool:
        """Tell whether there may be an entity that *actor* may do *action* to."""
        who = self.who(action)
        return who is not None and who.where(actor, kind) is not None

    def refuse_unfit(self, kind: type[Entity]) -> None:
        """Raise DefinitionError when entities of *kind* do not have what a policy asks for."""
        for who in self._by_action.values():
            who.refuse_unfit(kind)
