"""Who may do something: small values, put together by ``|`` and ``&``, that entities and events give as ``policy=``.

::

    class Note(Entity):
        text: str = ""
        made_by: Annotated[str, Owner()] = ""
        is_published: bool = False
        model_config = {"policy": {"read": owner | when(is_published=True), "*": owner | roles("editor")}}

Each answers in two ways that mean the same: about a snapshot, and as a condition of a query, so that a store finds only
what may be seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from .errors import DefinitionError

if TYPE_CHECKING:
    from .actors import Actor
    from .entity import Entity

__all__ = ["Where", "Who", "anyone", "nobody", "roles", "said_wrongly", "signed_in"]

Where: TypeAlias = Mapping[str, Any]
"""A condition of a query; an empty one is true of everything."""


class Who:
    """Some of all actors, or some for each entity.  It never changes, and is made of what this module holds."""

    __slots__ = ()

    def holds(self, actor: Actor, entity: Entity) -> bool:
        """Tell whether *actor* is one of them for *entity* as it is."""
        raise NotImplementedError

    def holds_without(self, actor: Actor, *, making: bool) -> bool:
        """Tell whether *actor* is one of them where there is no entity to look at.

        *making* one of their own they will own it.  What depends on anything else of an entity is not true of none.
        """
        raise NotImplementedError

    def where(self, actor: Actor, kind: type[Entity]) -> Where | None:
        """Return the condition of those entities of *kind* that *actor* is one of them for; ``None`` for none."""
        raise NotImplementedError

    def refuse_unfit(self, kind: type[Entity]) -> None:
        """Raise DefinitionError when entities of *kind* do not have what is asked for."""

    @property
    def tells_apart(self) -> bool:
        """False when everybody is one of them, whoever it is."""
        return True

    @property
    def words(self) -> str:
        """Who that is, in words."""
        raise NotImplementedError

    def __or__(self, other: Who) -> Who:
        return _Any(*_parts(_Any, self, other))

    def __and__(self, other: Who) -> Who:
        return _Every(*_parts(_Every, self, other))

    def __ror__(self, other: object) -> Who:
        return _Any(*_parts(_Any, other, self))

    def __rand__(self, other: object) -> Who:
        return _Every(*_parts(_Every, other, self))


def said_wrongly(given: object) -> str:
    """Return what is wrong with something that was *given* where it is to be said who may."""
    text = f"{given!r} does not say who may; put together anyone, signed_in, owner, roles('...'), when(...) by | and &"
    if given != "":
        return text
    return f"{text}; a field called owner hides the policy of that name in its class: call the field made_by"


def _parts(joint: type[_Several], *some: object) -> list[Who]:
    found: list[Who] = []
    for one in some:
        if not isinstance(one, Who):
            raise DefinitionError(said_wrongly(one))
        found += one.parts if isinstance(one, joint) else [one]
    return found


class _Several(Who):
    __slots__ = ("parts",)
    sign, word = "", ""

    def __init__(self, *parts: Who) -> None:
        self.parts = parts

    def refuse_unfit(self, kind: type[Entity]) -> None:
        for part in self.parts:
            part.refuse_unfit(kind)

    @property
    def words(self) -> str:
        return self.word.join(f"({part.words})" if isinstance(part, _Several) else part.words for part in self.parts)

    def __repr__(self) -> str:
        return self.sign.join(f"({part!r})" if isinstance(part, _Several) else repr(part) for part in self.parts)


class _Any(_Several):
    __slots__ = ()
    sign, word = " | ", " or "

    def holds(self, actor: Actor, entity: Entity) -> bool:
        return any(part.holds(actor, entity) for part in self.parts)

    def holds_without(self, actor: Actor, *, making: bool) -> bool:
        return any(part.holds_without(actor, making=making) for part in self.parts)

    def where(self, actor: Actor, kind: type[Entity]) -> Where | None:
        found = [one for part in self.parts if (one := part.where(actor, kind)) is not None]
        if not found or {} in found:
            return {} if found else None
        return found[0] if len(found) == 1 else {"or": found}

    @property
    def tells_apart(self) -> bool:
        return all(part.tells_apart for part in self.parts)


class _Every(_Several):
    __slots__ = ()
    sign, word = " & ", " and "

    def holds(self, actor: Actor, entity: Entity) -> bool:
        return all(part.holds(actor, entity) for part in self.parts)

    def holds_without(self, actor: Actor, *, making: bool) -> bool:
        return all(part.holds_without(actor, making=making) for part in self.parts)

    def where(self, actor: Actor, kind: type[Entity]) -> Where | None:
        found = [part.where(actor, kind) for part in self.parts]
        wanted = [one for one in found if one]
        if None in found:
            return None
        return wanted[0] if len(wanted) == 1 else {"and": wanted} if wanted else {}

    @property
    def tells_apart(self) -> bool:
        return any(part.tells_apart for part in self.parts)


class _OfActors(Who):
    """Some of all actors, for every entity the same."""

    __slots__ = ()

    def fits(self, actor: Actor) -> bool:
        raise NotImplementedError

    def holds(self, actor: Actor, _entity: Entity) -> bool:
        return self.fits(actor)

    def holds_without(self, actor: Actor, *, making: bool) -> bool:
        del making
        return self.fits(actor)

    def where(self, actor: Actor, _kind: type[Entity]) -> Where | None:
        return {} if self.fits(actor) else None


class _Anyone(_OfActors):
    __slots__ = ()
    words = "anyone"
    tells_apart = False

    def fits(self, _actor: Actor) -> bool:
        return True

    def __repr__(self) -> str:
        return "anyone"


class _Nobody(_OfActors):
    __slots__ = ()
    words = "nobody but the program itself"

    def fits(self, _actor: Actor) -> bool:
        return False

    def __repr__(self) -> str:
        return "nobody"


class _SignedIn(_OfActors):
    __slots__ = ()
    words = "whoever has signed in"

    def fits(self, actor: Actor) -> bool:
        return actor.is_signed_in

    def __repr__(self) -> str:
        return "signed_in"


class _Roles(_OfActors):
    __slots__ = ("names",)

    def __init__(self, names: frozenset[str]) -> None:
        self.names = names

    def fits(self, actor: Actor) -> bool:
        return not self.names.isdisjoint(actor.roles)

    @property
    def words(self) -> str:
        return f"whoever has the role {' or '.join(sorted(self.names))}"

    def __repr__(self) -> str:
        return f"roles({', '.join(map(repr, sorted(self.names)))})"


anyone: Who = _Anyone()
"""Everybody, signed in or not."""

nobody: Who = _Nobody()
"""Nobody but the program itself, which is not asked."""

signed_in: Who = _SignedIn()
"""Whoever is known by more than their browser."""


def roles(*names: str) -> Who:
    """Return whoever has one of these roles."""
    if not names or not all(isinstance(name, str) and name.strip() for name in names):
        raise DefinitionError(
            f"roles({', '.join(map(repr, names))}) names no role; give words, such as roles('editor')"
        )
    return _Roles(frozenset(names))
