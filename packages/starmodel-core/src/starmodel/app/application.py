"""One application: its entities, stores, bus and dispatcher put together, with a beginning and an end."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Self, TypeVar

from starmodel.core.actors import SYSTEM, Actor
from starmodel.core.domain_events import DomainEvent
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.owning import owner_field
from starmodel.core.query import Page, Query, Stored

from .catalog import Catalog, refuse_stranger
from .commits import is_discreet
from .current import entered, left
from .declaring import DeclaredPolicy, is_ruled
from .dispatcher import Dispatcher, Result
from .files import Files
from .history import History
from .implicit import Implicit
from .parts import refuse_unable
from .persistence import PersistenceManager
from .policies import AllOf, enforced_by, refuse_unprotected
from .sources import RandomIds, SystemClock
from .subscribers import Subscribers
from .tail import LogTail
from .tasks import Tasks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime, timedelta

    from starmodel.core.changes import Commit
    from starmodel.core.commands import Command
    from starmodel.core.file_store import FileStore
    from starmodel.core.ports import Clock, Codec, EventBus, IdSource, Policy, StatePersistenceBackend, TaskQueue
    from starmodel.core.task_queue import Task

    from .moments import Moments
    from .previewing import Preview
    from .running import OnStep

__all__ = ["Application"]

E = TypeVar("E", bound=Entity)


class Application:
    """Everything below the doors.  A web adapter, a CLI command and a test use it alike.

    ::

        async with Application([Counter], codec=PydanticCodec()) as app:
            made = await app.dispatch(Counter.create(count=1))
            await app.dispatch(Counter.increment(5).on(made.entity.id))

    *policies* are asked besides what the classes say themselves; one refusal is enough.  With *explain* a refusal says
    which policy it was and what would be needed: for developers.  *make_store* makes a store by its name, where it is
    not among *stores*; without it the installed package that offers it is asked.  *tasks* keeps what is for later: the
    memory of the process unless given, from the first task on.
    """

    def __init__(
        self,
        entities: Iterable[type[Entity]] = (),
        *,
        codec: Codec,
        stores: Mapping[str, StatePersistenceBackend] | None = None,
        default_store: str = "memory",
        make_store: Callable[[str], StatePersistenceBackend] | None = None,
        bus: EventBus | None = None,
        policies: Sequence[Policy] = (),
        clock: Clock | None = None,
        ids: IdSource | None = None,
        workers: int = 1,
        files: FileStore | str = "memory",
        secret: str | None = None,
        explain: bool = False,
        tasks: TaskQueue | None = None,
    ) -> None:
        self._workers = workers
        self.codec = codec
        self.clock = clock or SystemClock()
        self.ids = ids or RandomIds()
        own = DeclaredPolicy(explain=explain)
        self.policy: Policy = AllOf([own, *policies]) if policies else own
        self.has_policies = bool(policies)
        self._enforced = enforced_by(policies)
        self.persistence = PersistenceManager(stores, default=default_store, make=make_store)
        self.bus = bus or LogTail(self.persistence)
        self.catalog = Catalog(codec)
        self.implicit = Implicit()
        self.subscribers = Subscribers()
        self.history = History(self.persistence)
        self.files = Files(files, clock=self.clock, secret=secret)
        self.dispatcher = Dispatcher(
            self.catalog,
            self.persistence,
            codec,
            bus=self.bus,
            policy=self.policy,
            implicit=self.implicit,
            clock=self.clock,
            ids=self.ids,
            files=self.files,
            tell=self._tell,
        )
        self.outbox = self.dispatcher.outbox
        self.tasks = Tasks(self.dispatcher, self.persistence, tasks, clock=self.clock, workers=workers)
        self.on = self.subscribers.on
        self.parking = self.subscribers.parking
        self._moments: Moments | None = None
        self._lines: list[Subscribers] = []
        self._listening = True
        self._is_running = False
        for kind in entities:
            self.add(kind)

    def add(self, kind: type[Entity]) -> None:
        """Make an entity class part of the application, and its store one of those in use.

        DefinitionError when it cannot be, or asks for a protection that no policy of the application enforces.
        """
        refuse_stranger(kind)
        self.persistence.for_class(kind)
        refuse_unable(kind, self.persistence)
        refuse_unprotected(kind, self._enforced)
        if kind.__entity_policy__ is not None:
            kind.__entity_policy__.refuse_unfit(kind)
        owner_field(kind)
        self.catalog.add(kind)

    def is_open(self, kind: type[Entity], /) -> bool:
        """Tell whether every entity of *kind* that is not a visitor's own may be seen and changed by everybody."""
        return not self.has_policies and not is_ruled(kind)

    def join(self, moments: Moments, *, listening: bool = True) -> None:
        """Let *moments* take part in every command, and hear of domain events as long as the application is open.

        Not *listening* they hear of them from :meth:`listen` on: for who has to get ready first.  ConfigurationError
        when others take part, or when the application is open: they would have missed something.
        """
        if self._moments is not None or self._is_running:
            raise ConfigurationError("one may take part in the commands of an application, from before it is opened")
        self._moments, self._listening = moments, listening
        self.dispatcher.observe_by(moments)
        for name, listener in moments.listeners.items():
            line = Subscribers(self.parking, line=name)
            line.on(DomainEvent, name=name)(listener)
            self._lines.append(line)

    async def listen(self) -> None:
        """Begin to tell those who take part of domain events: those from now on, and what a shared log has kept."""
        for line in self._lines:
            await line.open(self.bus, self.persistence)

    async def leave(self) -> None:
        """Tell those who take part what has happened, as far as their patience goes, and nothing until it opens again.

        For who takes part and ends before the application does.
        """
        if self._moments is None:
            return
        await self.tasks.stop()  # no command is run without them
        async with AsyncExitStack() as closing:
            closing.push_async_callback(self._moments.close)
            closing.callback(self.dispatcher.observe_by, None)
            await asyncio.gather(*(line.close() for line in self._lines))

    def _tell(self, commit: Commit) -> None:
        for line in (self.subscribers, *self._lines):
            line.tell(commit)

    async def open(self) -> None:
        """Make stores and bus ready and begin to deliver domain events; when a part fails, close the others again.

        ConfigurationError when this is one of several *workers* that would each have data of their own.
        """
        self.persistence.refuse_workers(self._workers)
        async with AsyncExitStack() as undo:
            undo.push_async_callback(self.persistence.close)
            await self.persistence.open(self.catalog)
            undo.push_async_callback(self.bus.close)
            await self.bus.open()
            undo.push_async_callback(self.subscribers.close)
            await self.subscribers.open(self.bus, self.persistence)
            undo.push_async_callback(self.leave)
            if self._listening:
                await self.listen()
            undo.push_async_callback(self.outbox.close)
            await self.outbox.open()
            await self.files.open(self.catalog)
            undo.push_async_callback(self.tasks.close)
            await self.tasks.open()
            undo.pop_all()
        self.dispatcher.observe_by(self._moments)
        self._is_running = True
        if not self.tasks.is_held:
            self.tasks.begin()
        entered(self)

    async def close(self) -> None:
        """Finish what is being stored, deliver what was published, then let go of bus and stores."""
        async with AsyncExitStack() as closing:
            closing.callback(left, self)
            self._is_running = False
            closing.push_async_callback(self.persistence.close)
            closing.push_async_callback(self.bus.close)
            closing.push_async_callback(self.tasks.close)  # handlers may have put more there
            closing.push_async_callback(self.leave)
            closing.push_async_callback(self.outbox.close)  # handlers may have changed more
            closing.push_async_callback(self.subscribers.close)
            closing.push_async_callback(self.files.close)
            await self.tasks.stop()
            await self.dispatcher.finish()
            await self.outbox.drain()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

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
        """Run a command; see :meth:`starmodel.app.dispatcher.Dispatcher.dispatch`."""
        return await self.dispatcher.dispatch(command, actor=actor, text=text, on_step=on_step, only_at=only_at)

    async def later(
        self,
        command: Command,
        /,
        *,
        actor: Actor = SYSTEM,
        at: datetime | None = None,
        after: timedelta | None = None,
    ) -> Task:
        """Have *command* dispatched for *actor* at a time, or after so long; else at once, in the background.

        Return the task: its id is that of the command, and the same id twice is one task.  What can be checked without
        reading is refused here, as by :meth:`dispatch`; whether *actor* may do it is asked when it is run.  What is
        refused then is parked with the reason: see :attr:`tasks`.  QueueFullError when there is no room,
        ConfigurationError when the application is not open.
        """
        return await self.tasks.later(command, actor=actor, at=at, after=after)

    async def preview(
        self, command: Command, /, *, actor: Actor = SYSTEM, text: bool = False, only_at: int | None = None
    ) -> Preview:
        """Return what a command would change; see :meth:`starmodel.app.dispatcher.Dispatcher.preview`."""
        return await self.dispatcher.preview(command, actor=actor, text=text, only_at=only_at)

    async def load(self, kind: type[E], id: str, /) -> Stored[E]:
        """Return the newest snapshot with its version; NotFoundError when there is none."""
        return await self.persistence.get(kind, id)

    async def find(
        self,
        kind: type[E],
        where: Mapping[str, Any] | None = None,
        /,
        *,
        search: str = "",
        order: Sequence[str] = (),
        limit: int = 100,
        after: str | None = None,
    ) -> Page[E]:
        """Return one page of the entities that match; QueryError for what does not fit."""
        query = Query(where=where or {}, search=search, order=tuple(order), limit=limit, after=after)
        return await self.persistence.query(kind, query)

    async def count(self, kind: type[Entity], where: Mapping[str, Any] | None = None, /, *, cap: int = 10_000) -> int:
        """Return how many match, but stop counting at *cap*; QueryError for what does not fit."""
        return await self.persistence.for_class(kind).count(kind, where or {}, cap=cap)

    def summary(self) -> dict[str, str]:
        """Return what an acknowledged commit survives, for each store in use: its durability class.

        A store that keeps nothing itself is ``in each browser``.
        """
        return {name: _survival(store) for name, store in sorted(self.persistence.stores.items())}


def _survival(store: StatePersistenceBackend) -> str:
    return "in each browser" if is_discreet(store) else store.durability.value
