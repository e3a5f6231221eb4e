"""What tells readers apart: a piece of page is shared only by those who have the same rights on what it shows."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from starmodel.app import is_ruled
from starmodel.core.actors import Actor

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starmodel.core.entity import Entity

__all__ = ["rights_of", "rights_on"]


def rights_of(kinds: Iterable[type[Entity]], actor: Actor) -> Hashable:
    """Return the rights of *actor* on entities of these classes: the roles, and who it is where a class asks for that.

    Equal rights show the same.
    """
    return actor if any(map(is_ruled, kinds)) else actor.roles


def rights_on(kind: type[Entity], rights: Hashable) -> Hashable:
    """Return what counts of *rights* for entities of one class."""
    return rights.roles if isinstance(rights, Actor) and not is_ruled(kind) else rights
