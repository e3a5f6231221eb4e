"""The ``@event`` decorator: behaviour of an entity as a function from snapshot to snapshot.

An event may be written in either style; both receive a draft and both yield the next snapshot::

    @event
    def increment(self, amount: int = 1) -> None:
        self.count += amount

    @event
    def increment(self, amount: int = 1) -> Self:
        return self.evolve(count=self.count + amount)

Called on an instance it is a pure function.  Read on the class it makes the :class:`Command` that a
client sends back: ``Counter.increment(5)``.  Above ``@classmethod`` it is an event of the class itself.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from enum import Enum
from typing import Any, Concatenate, Generic, Literal, Never, ParamSpec, Protocol, TypeVar, overload

from .commands import Command
from .errors import DefinitionError, hint
from .options import EventOptions, HttpMethod, MergeMode, checked_name
from .runners import runner_of
from .snapshot import Snapshot

__all__ = [
    "DEFAULT_BODIES",
    "BoundEvent",
    "ClassEvent",
    "Event",
    "EventRef",
    "Mode",
    "as_sent",
    "event",
    "events_of",
    "name_of",
]

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)
T_co = TypeVar("T_co", covariant=True)
S = TypeVar("S", bound=Snapshot)
Z = TypeVar("Z")


class Mode(Enum):
    """How the body of an event was written, read off the function as it is in the class."""

    PLAIN = "def"
    ASYNC = "async def"
    STEPS = "def with yield"
    ASYNC_STEPS = "async def with yield"


class EventRef(Generic[P]):
    """``Counter.increment``: call it with arguments to get the Command a client can send back."""

    __slots__ = ("event", "owner")

    def __init__(self, owner: type[Snapshot], event: Event[P, Any] | ClassEvent[P, Any]) -> None:
        self.owner, self.event = owner, event

    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> Command:
        """Return the Command of this event with these arguments."""
        return Command(entity=name_of(self.owner), event=self.event.name, args=self.event.arguments(*args, **kwargs))

    command = __call__

    def __repr__(self) -> str:
        return f"<event {self.owner.__name__}.{self.event.name}>"


class BoundEvent(Generic[P, T_co]):
    """``counter.increment``: call it to get the next snapshot; ``command()`` makes the Command instead."""

    __slots__ = ("event", "snapshot")

    def __init__(self, snapshot: Snapshot, event: Event[P, Any]) -> None:
        self.snapshot, self.event = snapshot, event

    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> T_co:
        """Return the next snapshot."""
        result: T_co = self.event.run(self.snapshot, *args, **kwargs)
        return result

    def command(self, /, *args: P.args, **kwargs: P.kwargs) -> Command:
        """Return the Command that would run this event on this entity."""
        owner, snapshot = type(self.snapshot), self.snapshot
        arguments = self.event.arguments(*args, **kwargs)
        return Command(entity=name_of(owner), event=self.event.name, args=arguments, entity_id=snapshot.__dict__["id"])

    def __repr__(self) -> str:
        return f"<event {self.event.name} of {self.snapshot!r}>"


class _Declared(Generic[P, R_co]):
    """What events of an instance and of the class have in common."""

    def __init__(self, fn: Callable[..., Any], options: EventOptions) -> None:
        self.fn = fn
        self.options = options
        self.mode = _mode_of(fn)
        self.name = options.name or fn.__name__
        self.__doc__ = fn.__doc__
        self.signature = _signature_of(fn)
        self.takes_fields = any(p.kind is p.VAR_KEYWORD for p in self.signature.parameters.values())

    def __set_name__(self, owner: type[Snapshot], name: str) -> None:
        self.name = self.options.name or name

    def arguments(self, /, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the call's arguments by name; TypeError as for a function when they do not fit."""
        try:
            bound = self.signature.bind(*args, **kwargs).arguments
        except TypeError as error:
            raise TypeError(f"{self.name}(): {error}") from None
        for parameter in self.signature.parameters.values():
            if parameter.kind is parameter.VAR_KEYWORD:
                bound.update(bound.pop(parameter.name, {}))
        return {name: as_sent(value) for name, value in bound.items()}


class Event(_Declared[P, R_co]):
    """An event of an instance, as declared in the class body."""

    of_class: Literal[False] = False

    def __init__(self, fn: Callable[..., Any], options: EventOptions) -> None:
        super().__init__(fn, options)
        self.run = runner_of(fn, self.mode.value)

    @overload
    def __get__(self, snapshot: None, owner: type[Snapshot]) -> EventRef[P]: ...
    @overload  # mypy infers Never for an event declared "-> Self"
    def __get__(self: Event[P, Never], snapshot: S, owner: type[Snapshot]) -> BoundEvent[P, S]: ...
    @overload
    def __get__(
        self: Event[P, Coroutine[Any, Any, object]], snapshot: S, owner: type[Snapshot]
    ) -> BoundEvent[P, Coroutine[Any, Any, S]]: ...
    @overload
    def __get__(
        self: Event[P, AsyncIterator[object]], snapshot: S, owner: type[Snapshot]
    ) -> BoundEvent[P, AsyncIterator[S]]: ...
    @overload
    def __get__(self: Event[P, Iterator[object]], snapshot: S, owner: type[Snapshot]) -> BoundEvent[P, Iterator[S]]: ...
    @overload
    def __get__(self, snapshot: S, owner: type[Snapshot]) -> BoundEvent[P, S]: ...
    def __get__(self, snapshot: Any, owner: type[Snapshot]) -> Any:
        if snapshot is None:
            return EventRef(owner, self)
        return BoundEvent(snapshot, self)


class ClassEvent(_Declared[P, R_co]):
    """An event of the class itself: it makes entities, or works on many."""

    of_class: Literal[True] = True

    def __get__(self, snapshot: Snapshot | None, owner: type[Snapshot]) -> EventRef[P]:
        return EventRef(owner, self)


class _EventDecorator(Protocol):
    @overload
    def __call__(self, fn: classmethod[Any, P, R_co], /) -> ClassEvent[P, R_co]: ...
    @overload
    def __call__(self, fn: Callable[Concatenate[Z, P], R_co], /) -> Event[P, R_co]: ...


@overload
def event(fn: classmethod[Any, P, R_co], /) -> ClassEvent[P, R_co]: ...
@overload
def event(fn: Callable[Concatenate[Z, P], R_co], /) -> Event[P, R_co]: ...
@overload
def event(
    *,
    method: HttpMethod = ...,
    path: str | None = ...,
    name: str | None = ...,
    selector: str | None = ...,
    merge_mode: MergeMode = ...,
    include_in_schema: bool = ...,
    blocking: bool = ...,
    confirm: str | None = ...,
    primary: str | None = ...,
    policy: object = ...,
    auth: object = ...,
    rate: str | None = ...,
) -> _EventDecorator: ...
def event(fn: Any = None, /, **options: Any) -> Any:
    """Declare a method as an event of its entity; see :class:`EventOptions` for what may be said beside it."""
    known = EventOptions.__dataclass_fields__
    for name in options:
        if name not in known:
            raise DefinitionError(f"@event() has no option {name!r}; {hint(name, known)}")
    chosen = EventOptions(**options)
    if fn is None:
        return lambda decorated: _declare(decorated, chosen)
    return _declare(fn, chosen)


def _declare(fn: Any, options: EventOptions) -> Event[Any, Any] | ClassEvent[Any, Any]:
    if isinstance(fn, classmethod):
        return ClassEvent(fn.__func__, options)
    if not inspect.isfunction(fn):
        raise DefinitionError(
            f"@event goes on a method; {fn!r} is not one (above @classmethod is right, @staticmethod is not)"
        )
    return Event(fn, options)


def events_of(cls: type[Snapshot]) -> dict[str, Event[Any, Any] | ClassEvent[Any, Any]]:
    """Return every event of *cls* by public name, inherited ones included.

    The default events left out by ``model_config["default_events"]`` are not among them, and an attribute
    that hides an inherited event removes it.
    """
    cached: dict[str, Any] | None = cls.__dict__.get("__entity_events__")
    if cached is None:
        cached = _collect(cls)
        cls.__entity_events__ = cached  # type: ignore[attr-defined]  # a cache per class, not part of its interface
    return cached


def _collect(cls: type[Snapshot]) -> dict[str, Any]:
    attributes: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        attributes.update(vars(base))
    wanted = getattr(cls, "__entity_default_events__", ("create", "update", "delete"))
    found: dict[str, Any] = {}
    for name, declared in attributes.items():
        if not isinstance(declared, Event | ClassEvent) or (declared.fn in DEFAULT_BODIES and name not in wanted):
            continue
        checked_name(declared.name, f"{cls.__name__}.{name}")
        if declared.name in found:
            raise DefinitionError(f"{cls.__name__} has two events named {declared.name!r}; rename one")
        found[declared.name] = declared
    return found


DEFAULT_BODIES: set[Callable[..., Any]] = set()
"""The bodies of the events every entity has; an entity may leave them out by its ``model_config``."""


def name_of(cls: type[Snapshot]) -> str:
    """Return the name *cls* goes by in commands, keys and URLs."""
    return getattr(cls, "__entity_name__", cls.__name__)


def as_sent(value: Any) -> Any:
    """Return *value* as a command carries it: every entity in it as its id."""
    if isinstance(value, Snapshot):
        return value.__dict__["id"]
    if isinstance(value, list | set | frozenset) or type(value) is tuple:
        return type(value)(map(as_sent, value)) if any(map(_holds_more, value)) else value
    if isinstance(value, dict):
        return {key: as_sent(item) for key, item in value.items()}
    return value


def _holds_more(value: Any) -> bool:
    return isinstance(value, Snapshot | list | tuple | dict | set | frozenset)


def _mode_of(fn: Callable[..., Any]) -> Mode:
    if inspect.isasyncgenfunction(fn):
        return Mode.ASYNC_STEPS
    if inspect.iscoroutinefunction(fn):
        return Mode.ASYNC
    return Mode.STEPS if inspect.isgeneratorfunction(fn) else Mode.PLAIN


def _signature_of(fn: Callable[..., Any]) -> inspect.Signature:
    parameters = list(inspect.signature(fn).parameters.values())
    if not parameters:
        raise DefinitionError(f"{fn.__qualname__}() needs a first parameter: self, or cls under @classmethod")
    for parameter in parameters[1:]:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.POSITIONAL_ONLY):
            raise DefinitionError(
                f"{fn.__qualname__}(): {parameter} cannot be sent by name; give every argument of an event a name"
            )
    return inspect.Signature(parameters[1:])
