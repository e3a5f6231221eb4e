"""What somebody refers to by its id, they may see: nobody finds out by a reference what is there, or ties to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starmodel.core.entity import valid_id
from starmodel.core.errors import QueryError
from starmodel.core.options import READ
from starmodel.core.relations import class_of
from starmodel.core.rules import missing

from .declaring import DeclaredPolicy, is_ruled

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starmodel.core.actors import Actor
    from starmodel.core.entity import Entity
    from starmodel.core.parameters import Parameter
    from starmodel.core.ports import Policy

    from .attempts import Run
    from .catalog import Catalog
    from .implicit import Implicit
    from .persistence import PersistenceManager

__all__ = ["Links"]


class Links:
    """Looks at the arguments of a command that are marked with :class:`~starmodel.core.marks.Reference`."""

    def __init__(self, catalog: Catalog, persistence: PersistenceManager, policy: Policy, implicit: Implicit) -> None:
        self._catalog, self._persistence, self._policy, self._implicit = catalog, persistence, policy, implicit

    async def check(self, run: Run, entity: Entity | None) -> None:
        """Refuse ids that the sender names and that they may not read, as if there was nothing of that id.

        What a form shows of *entity* and sends back as it is, is not looked at.
        """
        if run.actor.trusted:
            return
        wrong = []
        for parameter, mark in run.handler.links:
            if parameter.name not in run.command.args:
                continue
            known = self._shown(run, entity, parameter)
            new = [id for id in _ids(run.args.get(parameter.name)) if id not in known]
            if new and not await self._are_open(_class_of(run, mark), new, run.actor):
                wrong.append(parameter.name)
        if wrong:
            raise missing(wrong)

    def _shown(self, run: Run, entity: Entity | None, parameter: Parameter) -> set[Any]:
        """Return the ids that are in the field of this name, where the sender sees them there."""
        if entity is None or parameter.secret or not run.handler.event.takes_fields:
            return set()
        seen = self._policy.decide(run.actor, READ, run.handler.kind, entity.id, entity).allowed
        return set(_ids(getattr(entity, parameter.name, None))) if seen else set()

    async def _are_open(self, kind: type[Entity] | None, ids: Iterable[str], actor: Actor) -> bool:
        if kind is None or kind not in self._catalog:
            return True  # nobody reads these here; the store knows whether there is one
        return all([await self._is_open(kind, id, actor) for id in ids])

    async def _is_open(self, kind: type[Entity], id: str, actor: Actor) -> bool:
        if not valid_id(id):
            return False
        if isinstance(self._policy, DeclaredPolicy) and not is_ruled(kind):  # then the id alone decides
            return self._policy.decide(actor, READ, kind, id, None).allowed
        stored = await self._persistence.for_class(kind).get(kind, id)
        entity = self._implicit.fresh(kind, id) if stored is None else stored.entity
        return entity is not None and self._policy.decide(actor, READ, kind, id, entity).allowed


def _class_of(run: Run, mark: Any) -> type[Entity] | None:
    try:
        return class_of(run.handler.kind, mark)
    except QueryError:  # no class of that name is known
        return None


def _ids(value: Any) -> list[str]:
    several = value if isinstance(value, list | tuple | set | frozenset) else [value]
    return [id for id in several if isinstance(id, str) and id]
