"""The one road: a Command is bound, authorised, run on fresh state, stored whole, and then told to everybody."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from starmodel.core.actors import SYSTEM, Actor
from starmodel.core.answers import answer_from
from starmodel.core.commands import Command
from starmodel.core.entity import ID_RULE, Entity, valid_id
from starmodel.core.errors import (
    ConflictError,
    EventError,
    InvalidError,
    NotFoundError,
    OnItsWayError,
    Problem,
    StarModelError,
    StoreError,
)
from starmodel.core.ports import RehearsingPersistenceBackend
from starmodel.core.rules import taken
from starmodel.core.snapshot import Snapshot
from starmodel.core.swift import swift
from starmodel.core.unit import running_unit

from .attempts import Attempts, Run
from .commits import Commits
from .files import Claims, Files
from .intake import fingerprint_of, read_args, stamped
from .lanes import Lanes, is_orderly
from .moments import observed
from .outbox import Outbox
from .parts import Parts
from .previewing import Preview, previewed
from .rates import Rates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starmodel.core.changes import Commit
    from starmodel.core.ports import Clock, Codec, EventBus, IdSource, Policy
    from starmodel.core.typing import Key

    from .catalog import Catalog, Handler
    from .implicit import Implicit
    from .moments import Moments
    from .moves import Moves
    from .parts import Division
    from .persistence import PersistenceManager
    from .running import OnStep

__all__ = ["Dispatcher", "Guard", "Result"]

T = TypeVar("T")

Guard: TypeAlias = Callable[[Actor, Command], Awaitable[None]]
"""Looks at a command before anything is read; raises ForbiddenError to refuse it."""

RERUNS = 20
"""How often an event is run again on fresh state after a conflict, before it is refused.

Of several processes that want one entity, each runs one event at a time and the others conflict with it: of three, a
third succeeds each time.
"""
_LONGEST_PAUSE = 0.06
_NOTHING: Mapping[str, Any] = {}


@swift
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
        tell: Callable[[Commit], None],
        guards: Sequence[Guard] = (),
    ) -> None:
        self._guards = list(guards)
        self.catalog, self._persistence, self._codec = catalog, persistence, codec
        self._implicit, self._clock, self._ids, self._files = implicit, clock, ids, files
        self._attempts = Attempts(catalog, persistence, codec, policy=policy, implicit=implicit, clock=clock)
        self._commits = Commits(bus, tell)
        self._parts = Parts(persistence, codec)
        self.outbox = Outbox(persistence, catalog, codec, self._commits)
        self._lanes = Lanes()
        self._rates = Rates(clock.monotonic)
        self._moments: Moments | None = None

    @property
    def moves(self) -> Moves:
        """What was stored, class by class."""
        return self._commits.moves

    def observe_by(self, moments: Moments | None) -> None:
        """Let *moments* take part in every command from now on; ``None`` nobody."""
        self._moments = moments

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
        _refuse_other_things(command)
        handler = self.catalog.handler(command.entity, command.event)
        may_be_repeated = bool(command.id) and not handler.reads_only  # an id that is made here was never used before
        run, claims = self._taken_in(handler, command, actor, on_step, only_at)
        done = self._done(run, claims, text=text, may_be_repeated=may_be_repeated)
        return await (done if self._moments is None else observed(self._moments, run, done))

    async def _done(self, run: Run, claims: Claims, *, text: bool, may_be_repeated: bool) -> Result:
        """Do what was taken in, unless it was done before."""
        await self._ask_guards(run)
        args, run.stored_form = read_args(run.command, run.stored_form, run.handler, self._codec, text=text)
        run.fingerprint = fingerprint_of(run.stored_form)
        if may_be_repeated:
            earlier = await self._earlier(run)
            if earlier is not None:
                return await self._again(run, earlier)
        self._count(run)
        if args is None or claims.problems:
            args = claims.bound(run.handler, run.command.args, text=text)  # raises: it was not done before
        run.args = args
        try:
            return await (self._until_done(run, self._stored) if self._moments is None else self._wrapped(run))
        except StarModelError as error:  # refused for what the same command, sent twice, has done itself meanwhile?
            earlier = None if run.handler.reads_only else await self._earlier(run)
            if earlier is None:
                if not isinstance(error, StoreError):  # after which it may have been stored all the same
                    await self._files.let_go(run.kept)
                if _is_taken(run, error):
                    raise taken(["id"]) from None
                raise
            return await self._again(run, earlier)

    async def preview(
        self, command: Command, /, *, actor: Actor = SYSTEM, text: bool = False, only_at: int | None = None
    ) -> Preview:
        """Run *command* as :meth:`dispatch` does and return what it would change; nothing is stored or published.

        The event body is run: what it does outside the stores, it does.  What the store's own rules refuse, such as a
        value that must be unique and is taken, is refused here too.
        """
        _refuse_other_things(command)
        handler = self.catalog.handler(command.entity, command.event)
        run, claims = self._taken_in(handler, command, actor, None, only_at)
        await self._ask_guards(run)
        self._count(run)
        run.args, run.fingerprint = claims.bound(handler, run.command.args, text=text), fingerprint_of(run.stored_form)
        if self._moments is not None:
            await self._moments.before(run.stored_form, actor)
        return await self._until_done(run, self._rehearsed)

    def complete(self, command: Command, /, *, actor: Actor = SYSTEM) -> tuple[Handler, Command]:
        """Return *command* with its id, actor and time, and what will run it: for whoever dispatches it later.

        What :meth:`dispatch` refuses at once is refused in the same words, except for arguments that do not fit.
        """
        _refuse_other_things(command)
        handler = self.catalog.handler(command.entity, command.event)
        _check_target(handler, command)
        return handler, stamped(command, handler, actor, self._codec, self._clock, self._ids)[0]

    async def allow(self, handler: Handler, id: str | None, actor: Actor) -> None:
        """Refuse *actor* what a command would be refused for before its arguments are looked at.

        NotFoundError when there is no such entity, ForbiddenError when they may not do this to it.
        """
        kind, name = handler.kind, handler.event.name
        if handler.event.of_class:
            self._attempts.decide(actor, name, kind, None, None)
            return
        if not valid_id(id):
            raise NotFoundError(kind.__entity_name__, str(id)[:80])
        stored = await self._persistence.for_class(kind).get(kind, str(id))
        entity = self._implicit.fresh(kind, str(id)) if stored is None else stored.entity
        self._attempts.decide(actor, name, kind, id, entity)
        if entity is None:
            raise NotFoundError(kind.__entity_name__, str(id))

    def _taken_in(
        self, handler: Handler, command: Command, actor: Actor, on_step: OnStep | None, only_at: int | None
    ) -> tuple[Run, Claims]:
        """Return *command*, complete, as a run whose arguments are not read yet; and what is wrong with its files."""
        _check_target(handler, command)
        command, claims = self._files.claim(handler, command, actor)
        command, stored_form = stamped(command, handler, actor, self._codec, self._clock, self._ids)
        return Run(handler, command, stored_form, _NOTHING, actor, "", on_step, only_at), claims

    async def _ask_guards(self, run: Run) -> None:
        """Raise when a guard turns the command away."""
        if self._guards and not run.actor.trusted:
            for guard in self._guards:
                await guard(run.actor, run.stored_form)

    def _count(self, run: Run) -> None:
        """Raise TooManyError when it was done too often; a trial counts as well, since it runs the body."""
        if run.handler.rate is not None and not run.actor.trusted:
            self._rates.take(run.handler.rate, run.handler, run.actor)

    async def _wrapped(self, run: Run) -> Result:
        """Do it with those who take part around it: outside of its turn, so that they keep nobody else waiting."""
        assert self._moments is not None  # noqa: S101  (it was asked)
        async with self._moments.around(run.stored_form, run.actor):
            await self._moments.before(run.stored_form, run.actor)
            return await self._until_done(run, self._stored)

    async def _earlier(self, run: Run) -> Commit | None:
        """Return what became of the same command before."""
        return await self._parts.receipt(run.handler, run.command.id, run.fingerprint)

    async def finish(self) -> None:
        """Wait for the commits that go on without their callers."""
        await self._commits.finish()

    async def _again(self, run: Run, earlier: Commit) -> Result:
        """Return the first answer; only to those who sent the command, or who may do the same."""
        if not run.actor.trusted and earlier.command.actor != run.actor.id:
            await self._allow_again(run)
        return Result(run.stored_form, earlier, answer_from(earlier.answer))

    async def _allow_again(self, run: Run) -> None:
        kind, id, of_class = run.handler.kind, run.command.entity_id, run.handler.event.of_class
        stored = None if of_class or id is None else await self._persistence.for_class(kind).get(kind, id)
        self._attempts.decide(run.actor, run.handler.event.name, kind, id, None if stored is None else stored.entity)

    async def _until_done(self, run: Run, once: Callable[[Run], Awaitable[T]]) -> T:
        """Run the event *once*; after a conflict again on fresh state, one at a time within this process.

        Who comes while others of this process are in such a line joins it: out of turn it would make them conflict.
        """
        key = (run.command.entity, run.command.entity_id or "")
        if not self._takes_turns(run, key):
            try:
                return await once(run)
            except ConflictError as conflict:
                if not _may_rerun(conflict):
                    raise
        async with self._lanes.turn(key) as turn:
            run.turn = turn
            for attempt in range(1, RERUNS + 1):
                try:
                    return await once(run)
                except ConflictError as conflict:
                    if attempt == RERUNS or not _may_rerun(conflict):
                        raise
                    await turn.again()
                    pause = min(_LONGEST_PAUSE, 0.002 * 2**attempt)
                    await asyncio.sleep(random.uniform(0, pause))  # noqa: S311  (jitter, not a secret)
        raise AssertionError("unreachable")

    def _takes_turns(self, run: Run, key: Key) -> bool:
        """Tell whether *run* joins a line: of those who are there, or one that others can then build on.

        Never within an event, which may be what they wait for.
        """
        if run.handler.reads_only or running_unit.get() is not None:
            return False
        return self._lanes.is_busy(key) or (run.handler.is_quick and is_orderly(self._parts.primary(run.handler)))

    async def _rehearsed(self, run: Run) -> Preview:
        run.turn = None  # what is only on its way is nothing to promise anything by
        unit, returned = await self._attempts.outcome(run)
        changeset = run.with_stored_command(self._attempts.changeset(run, unit, returned))
        division = self._parts.divide(unit, changeset, run.handler)
        if changeset.writes and isinstance(division.store, RehearsingPersistenceBackend):
            await division.store.rehearse(division.changeset)
        for part in division.parts:
            await self.outbox.foresee(part)
        return previewed(changeset, returned)

    async def _stored(self, run: Run) -> Result:
        try:
            division, returned = await self._outcome(run)
        except Exception:
            if run.turn is not None:
                await run.turn.prove()  # else it is refused for what never came to be
            raise
        if division is None:
            return Result(run.stored_form, None, returned)
        changeset = division.changeset if run.turn is None else await run.turn.grounded(division.changeset)
        commit = await self._commits.whole(division.store, changeset, run.turn)
        run.kept.clear()
        if division.parts:
            self.outbox.added(division.store)
        return Result(run.stored_form, commit, answer_from(commit.answer) if commit.replayed else returned)

    async def _outcome(self, run: Run) -> tuple[Division | None, Any]:
        """Return what is to be stored, ``None`` for a reading event, and what the event returned."""
        unit, returned = await self._attempts.outcome(run)
        changeset = self._attempts.changeset(run, unit, returned)
        if run.handler.reads_only:
            return None, returned
        division = self._parts.divide(unit, run.with_stored_command(changeset), run.handler)
        await self._files.keep(changeset, run.kept)
        for part in division.parts:
            await self.outbox.foresee(part)
        return division, returned


def _refuse_other_things(command: object) -> None:
    if not isinstance(command, Command):
        told = "is the next snapshot" if isinstance(command, Snapshot) else "is none"
        raise EventError(f"a command is asked for, such as Counter.increment(5).on(id); {command!r:.80} {told}")


def _check_target(handler: Handler, command: Command) -> None:
    if handler.event.of_class:
        if command.entity_id is not None and not valid_id(command.entity_id):
            raise InvalidError([Problem(("id",), ID_RULE, "id")])
    elif command.entity_id is None:
        text = f"say which {command.entity}: {command.entity}.{command.event}(...).on(id)"
        raise InvalidError([Problem(("id",), text, "missing")])
    elif not valid_id(command.entity_id):
        raise NotFoundError(command.entity, str(command.entity_id)[:80])


def _is_taken(run: Run, error: StarModelError) -> bool:
    """Tell whether the sender chose an id that something has: which version that is at is not theirs to know."""
    if run.actor.trusted or not run.handler.event.of_class or not isinstance(error, ConflictError):
        return False
    return error.expected == 0 and error.key == f"{run.command.entity} {run.command.entity_id}"


def _may_rerun(conflict: ConflictError) -> bool:
    return type(conflict) in (ConflictError, OnItsWayError)
