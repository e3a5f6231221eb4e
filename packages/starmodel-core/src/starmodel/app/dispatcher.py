"""The one road: a Command is bound, authorised, run on fresh state, stored whole, and then told to everybody."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, cast
from weakref import WeakValueDictionary

from starmodel.core.actors import SYSTEM, Actor
from starmodel.core.answers import answer_from
from starmodel.core.commands import Command
from starmodel.core.entity import ID_RULE, Entity, valid_id
from starmodel.core.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    Problem,
    ReadOnlyError,
    StaleError,
    StarModelError,
)
from starmodel.core.snapshot import Snapshot, is_draft
from starmodel.core.unit import running_unit

from .files import Claims, Files
from .intake import answer_of, fingerprint_of, read_args, stamped
from .merging import merged
from .moves import Moves
from .previewing import Preview, previewed
from .running import OnStep, run_body
from .uow import UnitOfWork

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starmodel.core.changes import Changeset, Commit
    from starmodel.core.ports import Clock, Codec, EventBus, IdSource, Policy, StatePersistenceBackend
    from starmodel.core.typing import Key

    from .catalog import Catalog, Handler
    from .implicit import Implicit
    from .persistence import PersistenceManager

__all__ = ["Dispatcher", "Guard", "Result"]

logger = logging.getLogger("starmodel.dispatcher")

Guard: TypeAlias = Callable[[Actor, Command], Awaitable[None]]
"""Looks at a command before anything is read; raises ForbiddenError to refuse it."""

RERUNS = 20
"""How often an event is run again on fresh state after a conflict, before it is refused.

Of several processes that want one entity, each runs one event at a time and the others conflict with it: of three, a
third succeeds each time.
"""
_LONGEST_PAUSE = 0.06


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a command.

    *commit* is its record, ``None`` for a reading event.  *returned* is what the event body returned; a *replayed*
    command, one that had taken effect before, has the first answer there, as JSON holds it.
    """

    command: Command
    commit: Commit | None
    returned: Any = None

    @property
    def replayed(self) -> bool:
        """True when the command had taken effect before."""
        return self.commit is not None and self.commit.replayed

    @property
    def entity(self) -> Entity | None:
        """The entity the command was for, as it is now; ``None`` when it was deleted, or nothing was stored.

        For an event of the class: the first entity it made or changed.
        """
        for change in self.commit.changes if self.commit else ():
            if self.command.entity_id in (None, change.id):
                return change.snapshot
        return None


class Dispatcher:
    """Runs commands.  One per application; it keeps nothing between two commands but locks on contended entities."""

    def __init__(
        self,
        catalog: Catalog,
        persistence: PersistenceManager,
        codec: Codec,
        *,
        bus: EventBus,
        policy: Policy,
        implicit: Implicit,
        clock: Clock,
        ids: IdSource,
        files: Files,
        guards: Sequence[Guard] = (),
    ) -> None:
        self._guards = list(guards)
        self.catalog, self._persistence, self._codec = catalog, persistence, codec
        self._bus, self._policy, self._implicit = bus, policy, implicit
        self._clock, self._ids, self._files = clock, ids, files
        self.moves = Moves()
        self._lanes: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()
        self._commits: set[asyncio.Task[Commit]] = set()

    def add_guard(self, guard: Guard) -> None:
        """Ask *guard* about every command of an actor that is not trusted."""
        self._guards.append(guard)

    async def dispatch(
        self,
        command: Command,
        /,
        *,
        actor: Actor = SYSTEM,
        text: bool = False,
        on_step: OnStep | None = None,
        only_at: int | None = None,
    ) -> Result:
        """Run *command* for *actor* and return what became of it.

        *text* says that the arguments came as text from a form.  *on_step* is called with everything a generator
        event yields and the snapshot at that moment.  *only_at* is the one version of the entity that may be changed:
        StaleError when it is at another.  Raises the StarModelError that says why it was refused, or whatever the
        event body raised; then nothing was stored and nothing is published.
        """
        handler = self.catalog.handler(command.entity, command.event)
        may_be_repeated = bool(command.id) and not handler.reads_only  # an id that is made here was never used before
        command, stored_form, claims = await self._admitted(handler, command, actor)
        args, stored_form = read_args(command, stored_form, handler, self._codec, text=text)
        fingerprint = fingerprint_of(stored_form)
        store = self._persistence.for_class(handler.kind)
        if may_be_repeated:
            earlier = await store.receipt(command.id, fingerprint)
            if earlier is not None:
                await self._allow_again(handler, command, actor, earlier)
                return Result(stored_form, earlier, answer_from(earlier.answer))
        if args is None or claims.problems:
            args = claims.bound(handler, command.args, text=text)  # raises: it was not done before
        run = _Run(handler, command, stored_form, args, actor, fingerprint, on_step, only_at)
        try:
            return await self._until_stored(run)
        except StarModelError:  # refused for what the same command, sent twice, has done itself meanwhile?
            earlier = None if handler.reads_only else await store.receipt(command.id, fingerprint)
            if earlier is None:
                raise
            return Result(stored_form, earlier, answer_from(earlier.answer))

    async def preview(
        self, command: Command, /, *, actor: Actor = SYSTEM, text: bool = False, only_at: int | None = None
    ) -> Preview:
        """Run *command* as :meth:`dispatch` does and return what it would change; nothing is stored or published.

        The event body is run: what it does outside the stores, it does.  What only a commit finds out, such as a value
        that must be unique and is taken, is not found out.
        """
        handler = self.catalog.handler(command.entity, command.event)
        command, stored_form, claims = await self._admitted(handler, command, actor)
        args = claims.bound(handler, command.args, text=text)
        run = _Run(handler, command, stored_form, args, actor, fingerprint_of(stored_form), None, only_at)
        unit, returned = await self._outcome(run)
        changeset = self._changeset(run, unit, returned)
        unit.store_of(handler.kind, changeset)
        return previewed(run.with_stored_command(changeset), returned)

    async def allow(self, handler: Handler, id: str | None, actor: Actor) -> None:
        """Refuse *actor* what a command would be refused for before its arguments are looked at.

        NotFoundError when there is no such entity, ForbiddenError when they may not do this to it.
        """
        kind, name = handler.kind, handler.event.name
        if handler.event.of_class:
            self._decide(actor, name, kind, None, None)
            return
        if not valid_id(id):
            raise NotFoundError(kind.__entity_name__, str(id)[:80])
        stored = await self._persistence.for_class(kind).get(kind, str(id))
        entity = self._implicit.fresh(kind, str(id)) if stored is None else stored.entity
        self._decide(actor, name, kind, id, entity)
        if entity is None:
            raise NotFoundError(kind.__entity_name__, str(id))

    async def _admitted(self, handler: Handler, command: Command, actor: Actor) -> tuple[Command, Command, Claims]:
        """Return *command* complete, the form of it that may be stored, and what is wrong with the files it names.

        Raise when a guard turns it away.
        """
        _check_target(handler, command)
        command, claims = self._files.claim(handler, command, actor)
        command, stored_form = stamped(command, handler, actor, self._codec, self._clock, self._ids)
        if self._guards and not actor.trusted:
            for guard in self._guards:
                await guard(actor, stored_form)
        return command, stored_form, claims

    async def finish(self) -> None:
        """Wait for the commits that go on without their callers."""
        while self._commits:
            await asyncio.wait(self._commits)

    async def _allow_again(self, handler: Handler, command: Command, actor: Actor, earlier: Commit) -> None:
        """Let only those have the first answer who sent the command, or who may do the same."""
        if actor.trusted or earlier.command.actor == actor.id:
            return
        id = command.entity_id
        stored = None
        if id is not None and not handler.event.of_class:
            stored = await self._persistence.for_class(handler.kind).get(handler.kind, id)
        self._decide(actor, handler.event.name, handler.kind, id, None if stored is None else stored.entity)

    async def _until_stored(self, run: _Run) -> Result:
        """Run the event; after a conflict again on fresh state, one at a time within this process.

        Who comes while others of this process are in such a line joins it: out of turn it would make them conflict.
        """
        key = (run.command.entity, run.command.entity_id or "")
        if not self._has_line(run, key):
            try:
                return await self._once(run)
            except ConflictError as conflict:
                if not _may_rerun(conflict):
                    raise
        lane = self._lanes.setdefault(key, asyncio.Lock())
        async with lane:
            for attempt in range(1, RERUNS + 1):
                try:
                    return await self._once(run)
                except ConflictError as conflict:
                    if attempt == RERUNS or not _may_rerun(conflict):
                        raise
                    pause = min(_LONGEST_PAUSE, 0.002 * 2**attempt)
                    await asyncio.sleep(random.uniform(0, pause))  # noqa: S311  (jitter, not a secret)
        raise AssertionError("unreachable")

    def _has_line(self, run: _Run, key: Key) -> bool:
        """Tell whether *run* has to wait for others; never within an event, which may be what they wait for."""
        lane = self._lanes.get(key)
        return lane is not None and lane.locked() and not run.handler.reads_only and running_unit.get() is None

    async def _once(self, run: _Run) -> Result:
        unit, returned = await self._outcome(run)
        changeset = self._changeset(run, unit, returned)
        if run.handler.reads_only:
            return Result(run.stored_form, None, returned)
        store = unit.store_of(run.handler.kind, changeset)
        await self._files.keep(changeset)
        commit = await (self._commit if store.instant else self._commit_whole)(
            store, run.with_stored_command(changeset)
        )
        return Result(run.stored_form, commit, answer_from(commit.answer) if commit.replayed else returned)

    async def _outcome(self, run: _Run) -> tuple[UnitOfWork, Any]:
        """Run the event once; return its unit of work and what its body returned."""
        unit = UnitOfWork(
            self._persistence,
            run.command,
            kind_of=self.catalog.kind,
            allow=partial(self._decide, run.actor),
            chosen_id=run.command.entity_id if run.handler.event.of_class else None,
            fresh=self._implicit.fresh,
        )
        token = running_unit.set(unit)
        try:
            return unit, await self._execute(run, unit)
        finally:
            running_unit.reset(token)

    def _changeset(self, run: _Run, unit: UnitOfWork, returned: Any) -> Changeset:
        """Return what the event has changed; ReadOnlyError when it may not."""
        answer = answer_of(returned, self._codec)
        changeset = unit.changeset(run.fingerprint, answer, run.command.at or self._clock.now())
        if run.handler.reads_only and (changeset.writes or changeset.recorded):
            raise ReadOnlyError(str(run.handler))
        return changeset

    async def _execute(self, run: _Run, unit: UnitOfWork) -> Any:
        handler = run.handler
        if handler.event.of_class:
            unit.allow(handler.event.name, handler.kind, run.command.entity_id, None)
            args = await self._with_references(handler, run.args, unit) if handler.references else run.args
            returned = await run_body(handler.event, handler.kind, args, run.on_step)
            unit.adopt(returned)
            return returned
        draft, args = await self._target(run, unit)
        if handler.references:
            args = await self._with_references(handler, args, unit)
        returned = await run_body(handler.event, draft, args, run.on_step)
        if isinstance(returned, Snapshot) and not is_draft(returned) and type(returned) is not handler.kind:
            unit.adopt(returned)
            unit.conclude(draft, None)
        else:
            unit.conclude(draft, returned)
        return None if isinstance(returned, Snapshot) else returned

    async def _target(self, run: _Run, unit: UnitOfWork) -> tuple[Entity, Mapping[str, Any]]:
        """Return the draft the event works on, loaded and allowed, and the arguments, merged with what came between."""
        kind, id = run.handler.kind, str(run.command.entity_id)
        store = self._persistence.for_class(kind)
        stored = await store.get(kind, id)
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

    def _decide(self, actor: Actor, action: str, kind: type[Entity], id: str | None, entity: Entity | None) -> None:
        if actor.trusted:
            return
        decision = self._policy.decide(actor, action, kind, id, entity)
        if decision.allowed:
            return
        if decision.hidden:
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

    async def _commit_whole(self, store: StatePersistenceBackend, changeset: Changeset) -> Commit:
        """Store and publish; whoever goes away meanwhile cannot stop it half-way."""
        task = asyncio.create_task(self._commit(store, changeset), name=f"starmodel commit {changeset.command.id}")
        self._commits.add(task)
        task.add_done_callback(self._commits.discard)
        return await asyncio.shield(task)

    async def _commit(self, store: StatePersistenceBackend, changeset: Changeset) -> Commit:
        commit = await store.commit(changeset)
        if not commit.replayed:
            self.moves.stored(commit)
            try:
                await self._bus.publish(commit)
            except Exception:  # the change is stored: followers catch up from the log
                logger.exception(
                    "could not publish commit %s; it is stored, and followers will read it from the log",
                    commit.position,
                )
        return commit


@dataclass(slots=True)
class _Run:
    """One command on its way: what each attempt to run it needs."""

    handler: Handler
    command: Command
    stored_form: Command
    args: Mapping[str, Any]
    actor: Actor
    fingerprint: str
    on_step: OnStep | None
    only_at: int | None

    def with_stored_command(self, changeset: Changeset) -> Changeset:
        """Return *changeset* with the command as it may be kept: without secret arguments."""
        return changeset if self.stored_form is self.command else replace(changeset, command=self.stored_form)


async def _readable(unit: UnitOfWork, kind: type[Entity], id: str) -> Entity:
    entity = await unit.get(kind, id)
    unit.allow("read", kind, id, entity)
    return entity


def _check_target(handler: Handler, command: Command) -> None:
    if handler.event.of_class:
        if command.entity_id is not None and not valid_id(command.entity_id):
            raise InvalidError([Problem(("id",), ID_RULE, "id")])
    elif not valid_id(command.entity_id):
        raise NotFoundError(command.entity, str(command.entity_id)[:80])


def _may_rerun(conflict: ConflictError) -> bool:
    return type(conflict) is ConflictError
