"""One attempt at a command: its event is run on what is stored now, and nothing is stored yet."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from starmodel.core.errors import ForbiddenError, NotFoundError, ReadOnlyError, StaleError
from starmodel.core.snapshot import Snapshot, is_draft
from starmodel.core.unit import running_unit

from .intake import answer_of
from .links import Links
from .merging import merged
from .running import run_body
from .uow import UnitOfWork

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starmodel.core.actors import Actor
    from starmodel.core.changes import Changeset
    from starmodel.core.commands import Command
    from starmodel.core.entity import Entity
    from starmodel.core.ports import Clock, Codec, Policy
    from starmodel.core.query import Stored

    from .catalog import Catalog, Handler
    from .implicit import Implicit
    from .lanes import Turn
    from .persistence import PersistenceManager
    from .running import OnStep

__all__ = ["Attempts", "Run"]

logger = logging.getLogger("starmodel.policies")


@dataclass(slots=True)
class Run:
    """One command on its way: what each attempt to run it needs."""

    handler: Handler
    command: Command
    stored_form: Command
    args: Mapping[str, Any]
    actor: Actor
    fingerprint: str
    on_step: OnStep | None
    only_at: int | None
    turn: Turn | None = None
    """Its place in the line of those who want the same entity, where there is one."""
    kept: set[str] = field(default_factory=set[str])
    """The keys of files that wait no longer, to be stored by it."""

    def ahead(self) -> Stored[Any] | None:
        """Return what the command before has made of the entity and is still being stored, where this may begin on it.

        What was made on a version of its own is compared with what is stored.
        """
        if self.turn is None or self.command.base_version is not None or self.only_at is not None:
            return None
        return self.turn.ahead()

    def with_stored_command(self, changeset: Changeset) -> Changeset:
        """Return *changeset* with the command as it may be kept: without secret arguments."""
        return changeset if self.stored_form is self.command else replace(changeset, command=self.stored_form)


class Attempts:
    """Runs events, each time with a unit of work of its own."""

    def __init__(
        self,
        catalog: Catalog,
        persistence: PersistenceManager,
        codec: Codec,
        *,
        policy: Policy,
        implicit: Implicit,
        clock: Clock,
    ) -> None:
        self._catalog, self._persistence, self._codec = catalog, persistence, codec
        self._policy, self._implicit, self._clock = policy, implicit, clock
        self._links = Links(catalog, persistence, policy, implicit)

    async def outcome(self, run: Run) -> tuple[UnitOfWork, Any]:
        """Run the event once; return its unit of work and what its body returned."""
        unit = UnitOfWork(
            self._persistence,
            run.command,
            kind_of=self._catalog.kind,
            allow=partial(self.decide, run.actor),
            chosen_id=run.command.entity_id if run.handler.event.of_class else None,
            fresh=self._implicit.fresh,
        )
        token = running_unit.set(unit)
        try:
            return unit, await self._execute(run, unit)
        finally:
            running_unit.reset(token)

    def changeset(self, run: Run, unit: UnitOfWork, returned: Any) -> Changeset:
        """Return what the event has changed; ReadOnlyError when it may not."""
        answer = answer_of(returned, self._codec)
        changeset = unit.changeset(run.fingerprint, answer, run.command.at or self._clock.now())
        if run.handler.reads_only and (changeset.writes or changeset.recorded):
            raise ReadOnlyError(str(run.handler))
        return changeset

    async def _execute(self, run: Run, unit: UnitOfWork) -> Any:
        handler = run.handler
        if handler.event.of_class:
            unit.allow(handler.event.name, handler.kind, run.command.entity_id, None)
            if handler.links:
                await self._links.check(run, None)
            args = await self._with_references(handler, run.args, unit) if handler.references else run.args
            returned = await run_body(handler.event, handler.kind, args, run.on_step, unit.take_step)
            unit.adopt(returned)
            return returned
        draft, args = await self._target(run, unit)
        if handler.links:
            await self._links.check(run, draft)
        if handler.references:
            args = await self._with_references(handler, args, unit)
        returned = await run_body(handler.event, draft, args, run.on_step, unit.take_step)
        if isinstance(returned, Snapshot) and not is_draft(returned) and type(returned) is not handler.kind:
            unit.adopt(returned)
            unit.conclude(draft, None)
        else:
            unit.conclude(draft, returned)
        return None if isinstance(returned, Snapshot) else returned

    async def _target(self, run: Run, unit: UnitOfWork) -> tuple[Entity, Mapping[str, Any]]:
        """Return the draft the event works on, loaded and allowed, and the arguments, merged with what came between."""
        kind, id = run.handler.kind, str(run.command.entity_id)
        store = self._persistence.for_class(kind)
        stored = run.ahead() or await store.get(kind, id)
        entity = self._implicit.fresh(kind, id) if stored is None else stored.entity
        unit.allow(run.handler.event.name, kind, id, entity)
        if entity is None:
            raise NotFoundError(kind.__entity_name__, id)
        base = run.command.base_version
        version = 0 if stored is None else stored.version
        if run.only_at is not None and run.only_at != version:
            raise StaleError(f"{kind.__entity_name__} {id}", run.only_at, version)
        args = run.args
        if base is not None and base != version and run.handler.event.takes_fields:
            fields = {p.name for p in run.handler.parameters if p.optional}  # others must be given to the event
            sent = {name: value for name, value in args.items() if name in fields}
            shows = run.actor.trusted or self._policy.decide(run.actor, "read", kind, id, entity).allowed
            kept = await merged(store, entity, version, base, sent, shows=shows)
            args = {**{name: value for name, value in args.items() if name not in fields}, **kept}
        return (unit.begun(entity, implicit=True) if stored is None else unit.opened(stored)), args

    def decide(self, actor: Actor, action: str, kind: type[Entity], id: str | None, entity: Entity | None) -> None:
        """Ask the policy; NotFoundError for what is hidden from *actor*, ForbiddenError for what else they may not."""
        if actor.trusted:
            return
        decision = self._policy.decide(actor, action, kind, id, entity)
        if decision.allowed:
            return
        if decision.hidden:
            logger.info("%s.%s is answered as not found: %s", kind.__entity_name__, action, decision.why or "hidden")
            raise NotFoundError(kind.__entity_name__, str(id))
        raise ForbiddenError(f"{kind.__entity_name__}.{action}", decision.why)

    async def _with_references(self, handler: Handler, given: Mapping[str, Any], unit: UnitOfWork) -> Mapping[str, Any]:
        """Return the arguments with every named entity loaded through the same gate as the target."""
        args = dict(given)
        for parameter in handler.references:
            value, kind = args.get(parameter.name), cast("type[Entity]", parameter.reference)
            if isinstance(value, list):
                args[parameter.name] = [await _readable(unit, kind, id) for id in value]
            elif value is not None:
                args[parameter.name] = await _readable(unit, kind, value)
        return args


async def _readable(unit: UnitOfWork, kind: type[Entity], id: str) -> Entity:
    entity = await unit.get(kind, id)
    unit.allow("read", kind, id, entity)
    return entity
