"""Who may do something by what the entity holds: whose it is, whom it lists, and how it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .actors import name_as_owner
from .conditions import holds_several
from .entity import fields_of
from .errors import DefinitionError, QueryError, hint
from .owning import owner_field
from .query import Query, matches
from .relations import steps_of
from .who import Who

if TYPE_CHECKING:
    from .actors import Actor
    from .entity import Entity
    from .who import Where

__all__ = ["listed", "owner", "when"]


class _Owner(Who):
    __slots__ = ()
    words = "its owner"

    def holds(self, actor: Actor, entity: Entity) -> bool:
        field, name = owner_field(type(entity)), name_as_owner(actor.id)
        return field is not None and name != "" and getattr(entity, field) == name

    def holds_without(self, _actor: Actor, *, making: bool) -> bool:
        return making

    def where(self, actor: Actor, kind: type[Entity]) -> Where | None:
        field, name = owner_field(kind), name_as_owner(actor.id)
        return {field: name} if field is not None and name else None

    def refuse_unfit(self, kind: type[Entity]) -> None:
        if owner_field(kind) is None:
            raise DefinitionError(
                f"a policy of {kind.__name__} asks for the owner, and no field says who that is; add one, such as "
                'made_by: Annotated[str, Owner()] = ""'
            )

    def __repr__(self) -> str:
        return "owner"


class _Listed(Who):
    __slots__ = ("field",)

    def __init__(self, field: str) -> None:
        self.field = field

    def holds(self, actor: Actor, entity: Entity) -> bool:
        name = name_as_owner(actor.id)
        return name != "" and name in (getattr(entity, self.field) or ())

    def holds_without(self, _actor: Actor, *, making: bool) -> bool:
        del making
        return False

    def where(self, actor: Actor, _kind: type[Entity]) -> Where | None:
        name = name_as_owner(actor.id)
        return {self.field: {"contains": name}} if name else None

    def refuse_unfit(self, kind: type[Entity]) -> None:
        known = fields_of(kind)
        if self.field not in known:
            raise DefinitionError(
                f"listed({self.field!r}): {kind.__name__} has no such field; {hint(self.field, known)}"
            )
        if not holds_several(known[self.field].annotation):
            raise DefinitionError(f"{self!r}: it holds one value; give a list[str] of the ids of actors")

    @property
    def words(self) -> str:
        return f"whoever is in {self.field}"

    def __repr__(self) -> str:
        return f"listed({self.field!r})"


class _When(Who):
    __slots__ = ("_fitted", "condition")

    def __init__(self, condition: Where) -> None:
        self.condition = condition
        self._fitted: dict[type[Entity], Where] = {}

    def holds(self, _actor: Actor, entity: Entity) -> bool:
        return matches(self._fitted.get(type(entity)) or self._fit(type(entity)), entity)

    def _fit(self, kind: type[Entity]) -> Where:
        """Return the condition with every value as the fields of *kind* hold it."""
        fitted = self._fitted[kind] = Query(where=self.condition).checked(kind).where
        return fitted

    def holds_without(self, _actor: Actor, *, making: bool) -> bool:
        del making
        return False

    def where(self, _actor: Actor, kind: type[Entity]) -> Where | None:
        return self._fitted.get(kind) or self._fit(kind)

    def refuse_unfit(self, kind: type[Entity]) -> None:
        if steps_of(self.condition):
            raise DefinitionError(
                f"{self!r} follows a reference, and a policy is decided by the entity alone; keep what it needs in a "
                f"field of {kind.__name__}"
            )
        try:
            self._fit(kind)
        except QueryError as error:
            raise DefinitionError(f"{self!r} does not fit {kind.__name__}: {error}") from error

    @property
    def words(self) -> str:
        return f"anyone while {dict(self.condition)!r}"

    def __repr__(self) -> str:
        return f"when({dict(self.condition)!r})"


owner: Who = _Owner()
"""Whoever the field marked with :class:`~starmodel.core.marks.Owner` names; for ``create`` whoever asks.

A visitor who has not signed in owns what they make while their session lasts; ``owner & signed_in`` wants more.
"""


def listed(field: str) -> Who:
    """Return whoever is in *field*, a list of ids of actors."""
    return _Listed(field)


def when(condition: Where | None = None, /, **fields: Any) -> Who:
    """Return everybody, for entities that meet a condition: ``when(is_public=True)``, ``when({"size": {"lt": 5}})``."""
    given = {**(condition or {}), **fields}
    if not given:
        raise DefinitionError("when() holds for everything; say anyone, or a condition such as when(is_public=True)")
    return _When(given)
