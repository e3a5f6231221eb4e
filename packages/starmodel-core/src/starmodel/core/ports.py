"""The ports: what the application layer needs, stated as Protocols that adapters satisfy by shape.

An adapter imports nothing to implement a port; the suites in :mod:`starmodel.testing` prove that it does.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol, TypeVar, runtime_checkable

from .actors import Actor, Decision
from .changes import Changes, Changeset, Commit, Position
from .durability import Durability
from .entity import Entity
from .file_store import FileStore
from .fragment_cache import FragmentCache
from .owed import OutboxStore
from .parameters import Parameter
from .parking import ParkingPlace
from .query import Page, Query, Stored
from .session_store import SessionStore, SharesSessions
from .task_queue import TaskQueue
from .ui import UIAdapter

__all__ = [
    "AuthProvider",
    "Binder",
    "Clock",
    "Codec",
    "DiscreetPersistenceBackend",
    "Durability",
    "EventBus",
    "FileStore",
    "FragmentCache",
    "IdSource",
    "OrderlyPersistenceBackend",
    "OutboxStore",
    "ParkingPlace",
    "Policy",
    "PromptPersistenceBackend",
    "RehearsingPersistenceBackend",
    "SessionStore",
    "SharedPersistenceBackend",
    "SharesSessions",
    "StatePersistenceBackend",
    "Subscription",
    "TaskQueue",
    "UIAdapter",
]

E = TypeVar("E", bound=Entity)


@runtime_checkable
class StatePersistenceBackend(Protocol):
    """Keeps the newest snapshot of every entity, and the log of the commands that made it.

    Every method may raise :class:`~starmodel.core.errors.StoreError` when the store cannot be reached.  Nothing is
    shared between callers: what is returned is a snapshot, or a value that cannot change.
    """

    durability: Durability
    single_process: bool
    """True when other processes cannot see what is stored: more than one worker is then refused."""
    instant: bool
    """True when :meth:`commit` never waits, so that nothing can cancel it half-way."""

    async def open(self, kinds: Iterable[type[Entity]] = (), /) -> None:
        """Make the store ready to keep *kinds*, and what others turn up later; called once, before anything else."""

    async def close(self) -> None:
        """Let go of everything; what was committed stays committed."""

    async def get(self, kind: type[E], id: str, /) -> Stored[E] | None:
        """Return the newest snapshot, or ``None`` when there is none, or none any more (deleted, expired)."""

    async def query(self, kind: type[E], query: Query, /) -> Page[E]:
        """Return one page of the entities of *kind* that *query* asks for, ties broken by id.

        :class:`~starmodel.core.errors.QueryError` for an unknown field or operator.
        """

    async def count(self, kind: type[Entity], where: Mapping[str, Any], /, *, cap: int) -> int:
        """Return how many match, but stop counting at *cap*."""

    async def commit(self, changeset: Changeset, /) -> Commit:
        """Store the whole changeset at once, and append it to the log; or change nothing and raise.

        :class:`~starmodel.core.errors.ConflictError` when a stored version is not the expected one;
        :class:`~starmodel.core.errors.GoneError` when an entity that was read is not there any more: it is never
        made again from a stale copy.  A command id that took effect within 24 hours gives its first commit again,
        marked ``replayed``, if the fingerprint is the same, else
        :class:`~starmodel.core.errors.CommandReusedError`.  A commit renews the time to live.  Being cancelled
        never leaves half of it.
        """

    async def receipt(self, command_id: str, fingerprint: str, /) -> Commit | None:
        """Return the commit of a command that took effect within 24 hours, marked ``replayed``, or ``None``.

        :class:`~starmodel.core.errors.CommandReusedError` when its fingerprint was another.
        """

    async def commit_of(self, command_id: str, /) -> Commit | None:
        """Return the commit of a command, as far back as the log goes; ``None`` beyond."""

    async def position(self) -> Position:
        """Return the position of the newest commit."""

    async def changes(self, after: Position, /, *, limit: int = 1000) -> Changes:
        """Return up to *limit* commits after a position, oldest first, without skipping any.

        Marked as a gap when the position is of another epoch, or older than the log, or in the future.
        """

    async def history(
        self,
        kind: type[Entity],
        id: str,
        /,
        *,
        after_version: int = 0,
        before_version: int | None = None,
        limit: int | None = None,
    ) -> Sequence[Commit]:
        """Return the commits that changed one entity beyond a version, oldest first, as far back as the log goes.

        With *before_version* those that made an earlier one than that; with *limit* the newest so many of them.
        """


@runtime_checkable
class RehearsingPersistenceBackend(StatePersistenceBackend, Protocol):
    """A store whose :meth:`commit` finds out more than versions, and that can find it out without storing anything.

    A store that refuses a commit because of a rule of its own, such as ``Unique`` or ``Reference``, satisfies this:
    else a preview would promise what is then refused.
    """

    async def rehearse(self, changeset: Changeset, /) -> None:
        """Raise what :meth:`commit` would raise for these writes now; nothing is stored, whatever happens.

        The command itself is not looked at: it may have taken effect before.
        """


@runtime_checkable
class OrderlyPersistenceBackend(StatePersistenceBackend, Protocol):
    """A store whose commits take effect in the order in which they were begun, however long each of them waits.

    Where *in_order* is true, the next command for an entity is run before the last one is stored.  Its changeset then
    names that one as ``built_on``: unless the version that it expects was made by the very commit of that command,
    :meth:`commit` raises :class:`~starmodel.core.errors.ConflictError`.
    """

    in_order: bool


@runtime_checkable
class PromptPersistenceBackend(StatePersistenceBackend, Protocol):
    """A store that can do a single commit here and now for less than handing it to a thread would cost."""

    @property
    def prompt(self) -> bool:
        """Return whether that is so at this moment; true only if the commit is likely to take well below 1 ms."""

    def commit_at_once(self, changeset: Changeset, /) -> Commit | None:
        """Do what :meth:`commit` does, blocking; ``None``, and nothing happened, when it cannot be done at once."""


@runtime_checkable
class DiscreetPersistenceBackend(StatePersistenceBackend, Protocol):
    """A store whose entities are nobody's business but of whoever asks, such as one in a browser.

    Its commits do not go to the bus, and it takes no part in events that change several stores.  What a commit
    recorded is told to the handlers of this process.
    """

    discreet: Literal[True]


@runtime_checkable
class SharedPersistenceBackend(StatePersistenceBackend, ParkingPlace, Protocol):
    """A store whose data several processes share: each can learn what the others did, and share out work on it.

    What cannot be done is kept with the log; see :class:`~starmodel.core.parking.ParkingPlace`.

    A store of which ``single_process`` is false satisfies this.
    """

    async def wait(self, after: Position, /, *, seconds: float) -> None:
        """Return when the log may hold a commit beyond *after*, at the latest after *seconds*."""

    async def lease(self, task: str, holder: str, /, *, seconds: float) -> Position | None:
        """Take the right to work through the log as *task*, or keep it, for so many *seconds*.

        Return the position that was worked through last, the newest one for a task that is new; ``None`` while
        another *holder* has the right.
        """

    async def advance(self, task: str, holder: str, position: Position, /) -> bool:
        """Note that *task* has worked through *position*; false, and nothing noted, when *holder* lost the right."""


class Subscription(Protocol):
    """A mailbox on the bus.  Iterate to receive; bounded, so that a slow reader costs no memory.

    When it runs over, what is in it is dropped and *lagged* becomes true until the reader clears it: the reader then
    catches up from the store's log.
    """

    lagged: bool
    passes: Callable[[Commit], bool] | None
    """Set by the reader, ``None`` at first: what it is true for, while the reader waits, may pass by undelivered."""

    def __aiter__(self) -> AsyncIterator[Commit]:
        """Iterate over what arrives."""

    async def __anext__(self) -> Commit:
        """Return the next commit; ends when the subscription was closed."""

    def close(self) -> None:
        """Stop receiving; a waiting reader ends."""


@runtime_checkable
class EventBus(Protocol):
    """Carries commits from where they happen to whoever follows them, in this process and in others."""

    async def open(self) -> None:
        """Begin to receive; called once."""

    async def close(self) -> None:
        """End every subscription."""

    async def publish(self, commit: Commit, /) -> None:
        """Deliver *commit* to every subscription.  Called after it was stored; never waits for a slow reader."""

    def subscribe(self) -> Subscription:
        """Open a mailbox that receives everything published from this moment on, in order."""


class Binder(Protocol):
    """Checks and converts the arguments of one event."""

    def __call__(self, args: Mapping[str, Any], /, *, text: bool = False) -> dict[str, Any]:
        """Return typed values by name.

        With *text* every value came as text from a form: an empty one stands for "not given" wherever text does
        not fit.  :class:`~starmodel.core.errors.InvalidError` names every argument that is wrong, missing or unknown.
        """


@runtime_checkable
class Codec(Protocol):
    """Turns snapshots into plain data and outside data into checked values."""

    def dump(self, entity: Entity, /, *, public: bool = False) -> dict[str, Any]:
        """Return the fields as JSON can hold them; all of them, or only the public ones."""

    def load(self, kind: type[E], data: Mapping[str, Any], /) -> E:
        """Return the entity that :meth:`dump` made *data* of.  Unknown keys are ignored: newer code wrote them."""

    def parse(self, kind: type[E], data: Mapping[str, Any], /) -> E:
        """Return an entity from outside data; :class:`~starmodel.core.errors.InvalidError` says what is wrong."""

    def binder(self, name: str, parameters: Sequence[Parameter], /) -> Binder:
        """Compile the check of an event's arguments, once."""

    def plain(self, value: Any, /) -> Any:
        """Return any value of a field or argument as JSON can hold it."""

    def schema(self, kind: type[Entity], /) -> dict[str, Any]:
        """Return the JSON Schema of the public side of an entity."""

    def arguments_schema(self, name: str, parameters: Sequence[Parameter], /) -> dict[str, Any]:
        """Return the JSON Schema of an event's arguments."""


@runtime_checkable
class Policy(Protocol):
    """Decides who may do what.  Asked for every command, and for every message of every stream.

    One that enforces options of events, ``policy`` or ``auth``, names them in an attribute ``enforces`` and
    reads them from ``events_of(kind)[action].options``; an option that no policy names keeps an application from
    starting.
    """

    def decide(
        self, actor: Actor, action: str, kind: type[Entity], id: str | None, entity: Entity | None, /
    ) -> Decision:
        """Decide about one action: the name of an event, or ``"read"``.

        *id* is ``None`` for an event of the class, unless the sender chose the id of what it makes.  *entity* is the
        newest snapshot, or ``None`` when there is none yet.  Must not wait: it runs on every delivery.
        """


@runtime_checkable
class AuthProvider(Protocol):
    """Says who sent a request."""

    async def identify(self, headers: Mapping[str, str], session: Mapping[str, Any], visitor: str, /) -> Actor | None:
        """Return the actor, or ``None`` for an anonymous visitor.  Header names are in lower case."""


class Clock(Protocol):
    """Tells the time; tests bring their own."""

    def now(self) -> datetime:
        """Return the time of day, in UTC."""

    def monotonic(self) -> float:
        """Return seconds that never go backwards."""


class IdSource(Protocol):
    """Makes ids; tests bring their own."""

    def new(self) -> str:
        """Return a fresh, unguessable id."""
