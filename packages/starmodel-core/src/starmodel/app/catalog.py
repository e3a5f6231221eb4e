"""The entities of one application and their events, compiled once: names to handlers, and nothing else is callable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starmodel.core.config import CLIENT_STORES
from starmodel.core.entity import Entity, fields_of
from starmodel.core.errors import DefinitionError, UnknownEntityError, UnknownEventError
from starmodel.core.events import ClassEvent, Event, Mode, events_of
from starmodel.core.files import accept_of, file_fields
from starmodel.core.marks import Reference, Unique
from starmodel.core.parameters import Parameter, parameters_of
from starmodel.core.rates import Rate, rate_of
from starmodel.core.relations import references_in
from starmodel.core.rules import groups_of
from starmodel.core.secrecy import refuse_hidden_parts, refuse_leaving

from .history import SERVICES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starmodel.core.files import Accept
    from starmodel.core.ports import Binder, Codec

__all__ = ["Catalog", "Handler", "refuse_stranger"]


@dataclass(frozen=True, slots=True)
class Handler:
    """One event of one class, ready to be run: its parameters read, its binder compiled."""

    kind: type[Entity]
    event: Event[Any, Any] | ClassEvent[Any, Any]
    parameters: tuple[Parameter, ...]
    bind: Binder
    references: tuple[Parameter, ...]
    secrets: frozenset[str]
    files: Mapping[str, Accept]
    """What each argument that is a file accepts."""
    rate: Rate | None = None
    """How often one sender may do it."""
    links: tuple[tuple[Parameter, Reference], ...] = ()
    """The arguments that are ids of other entities, with what says of which class."""

    @property
    def reads_only(self) -> bool:
        """True for an event that GET may call."""
        return self.event.options.method == "get"

    @property
    def is_quick(self) -> bool:
        """True for an event of an entity whose body waits for nothing."""
        return not self.event.of_class and self.event.mode is Mode.PLAIN and not self.event.options.blocking

    def __str__(self) -> str:
        return f"{self.kind.__entity_name__}.{self.event.name}"


class Catalog:
    """The classes an application knows, by name.  Commands reach what is in here and nothing more."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._kinds: dict[str, type[Entity]] = {}
        self._handlers: dict[str, dict[str, Handler]] = {}

    def add(self, kind: type[Entity]) -> None:
        """Make *kind* known; DefinitionError when its name is taken or its annotations cannot be read."""
        refuse_stranger(kind)
        name = kind.__entity_name__
        known = self._kinds.get(name)
        if known is kind:
            return
        if known is not None or name.lower() in map(str.lower, self._kinds):
            raise DefinitionError(
                f"two entities are called {name!r}; give one another name: model_config = {{'namespace': ...}}"
            )
        fields_of(kind)
        file_fields(kind)
        has_past = kind.__entity_config__.get("store") not in CLIENT_STORES
        refuse_hidden_parts(kind)
        if not has_past:
            refuse_leaving(kind)
            _refuse_unkept(kind)
        # Whoever has none of the default events has none of these either; `undo = None` leaves out one.
        services = SERVICES if kind.__entity_default_events__ and has_past else {}
        offered = {name: service for name, service in services.items() if not hasattr(kind, name)}
        events = {**offered, **events_of(kind)}
        handlers = {name: self._handler(kind, event) for name, event in events.items()}
        self._kinds[name] = kind
        self._handlers[name] = handlers

    def _handler(self, kind: type[Entity], event: Event[Any, Any] | ClassEvent[Any, Any]) -> Handler:
        parameters = parameters_of(kind, event)
        files = {one.name: accept_of(one.annotation, f"{kind.__name__}.{event.name}: {one.name}") for one in parameters}
        return Handler(
            kind,
            event,
            parameters,
            self._codec.binder(f"{kind.__name__}.{event.name}", parameters),
            tuple(parameter for parameter in parameters if parameter.reference is not None),
            frozenset(parameter.name for parameter in parameters if parameter.secret),
            {name: accept for name, accept in files.items() if accept is not None},
            None if event.options.rate is None else rate_of(event.options.rate),
            tuple((one, marks[-1]) for one in parameters if (marks := references_in(one.annotation))),
        )

    def kind(self, name: str) -> type[Entity]:
        """Return the class called *name*; UnknownEntityError when there is none."""
        try:
            return self._kinds[name]
        except KeyError:
            raise UnknownEntityError(name, self._kinds) from None

    def handler(self, kind: str, event: str) -> Handler:
        """Return the handler of an event; UnknownEntityError or UnknownEventError when there is none."""
        try:
            return self._handlers[kind][event]
        except KeyError:
            raise UnknownEventError(kind, event, self.handlers(self.kind(kind))) from None

    def handlers(self, kind: type[Entity]) -> Mapping[str, Handler]:
        """Return the handlers of a class by the name of the event."""
        return self._handlers[kind.__entity_name__]

    def takes_files(self, kind: type[Entity]) -> bool:
        """Tell whether a file can be sent for *kind*: into one of its fields, or to one of its events."""
        return bool(file_fields(kind)) or any(handler.files for handler in self.handlers(kind).values())

    def __iter__(self) -> Iterator[type[Entity]]:
        return iter(self._kinds.values())

    def __contains__(self, kind: object) -> bool:
        return isinstance(kind, type) and self._kinds.get(getattr(kind, "__entity_name__", "")) is kind


def _refuse_unkept(kind: type[Entity]) -> None:
    """Raise DefinitionError for what a class that browsers keep cannot have: files, and values that are unique."""
    for name in file_fields(kind):
        raise DefinitionError(
            f"{kind.__name__}.{name} is a file, and a browser keeps none: it would be on the server, and belong to "
            "nothing there; keep the class in a store of the server"
        )
    for _, (name, *_) in groups_of(fields_of(kind), Unique):
        raise DefinitionError(
            f"{kind.__name__}.{name} is Unique, and nobody sees what all browsers have; leave the mark out, or keep "
            "the class in a store of the server"
        )


def refuse_stranger(kind: object) -> None:
    """DefinitionError when *kind* is no class of entities."""
    if not isinstance(kind, type) or not issubclass(kind, Entity) or kind is Entity:
        raise DefinitionError(f"{kind!r} is not a class derived from Entity")
