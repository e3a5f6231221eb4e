"""The Entity: an immutable snapshot of data, with its behaviour beside it."""

from __future__ import annotations

import dataclasses
import functools
import secrets
import time
from copy import deepcopy
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from .annotations import field_hints, is_class_variable, own_annotations
from .config import CLIENT_STORES, DEFAULT_EVENTS, EntityConfig, as_kept_by_clients, checked_config
from .declared import Declared, declared
from .errors import DefinitionError, InvalidError, Problem
from .events import DEFAULT_BODIES, event, events_of
from .frozen import freeze
from .snapshot import MARKS, FieldReader, Snapshot, checked, discard
from .unit import running_unit
from .visibility import Visibility, visibility_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "ID_RULE",
    "RANDOM_BYTES",
    "Entity",
    "FieldInfo",
    "fields_of",
    "new_id",
    "refuse_reserved",
    "shape_dataclass",
    "timed_id",
    "valid_id",
]

E = TypeVar("E", bound="Entity")

RANDOM_BYTES = 10
"""How much of an id nobody can guess."""

_ID_MAX = 64
ID_RULE = f"use 1 to {_ID_MAX} of A-Z a-z 0-9 _ -"
"""What an id must be, in words."""
_ID_ALPHABET = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def new_id() -> str:
    """Return a fresh, unguessable identifier as 32 hex digits: the time to a millisecond, then 80 random bits.

    So the order of ids is that in which they were made.  Inside an event the unit of work makes them from the command,
    so that running the command again, or replaying the log, makes the same entities.
    """
    unit = running_unit.get()
    return timed_id(time.time(), secrets.token_bytes(RANDOM_BYTES)) if unit is None else unit.new_id()


def timed_id(seconds: float, unguessable: bytes) -> str:
    """Return the id of what is made at a time, in *seconds* since 1970: its 12 digits stand before the others.

    The layout is that of a UUID of version 7, without its marks: https://www.rfc-editor.org/rfc/rfc9562#section-5.7
    """
    return f"{max(0, int(seconds * 1000)):012x}{unguessable.hex()}"


def valid_id(text: object) -> bool:
    """Tell whether *text* may be an id: 1 to 64 of ``A-Z a-z 0-9 _ -``, so that it fits every key and URL."""
    return isinstance(text, str) and 0 < len(text) <= _ID_MAX and _ID_ALPHABET.issuperset(text)


class Entity(Snapshot):
    """Base class for everything the application remembers.

    A subclass becomes a keyword-only dataclass whose instances never change; its events yield new ones::

        class Counter(Entity):
            count: int = 0

            @event
            def increment(self, amount: int = 1) -> None:
                self.count += amount

        assert Counter().increment(2).count == 2

    A name that begins with ``_`` is working state: it needs a default, is assignable at any time, and is never
    stored, compared, shown or carried over to the next snapshot.
    """

    model_config: ClassVar[EntityConfig] = {}
    __entity_config__: ClassVar[EntityConfig] = {}
    __entity_name__: ClassVar[str] = "Entity"
    __entity_default_events__: ClassVar[tuple[str, ...]] = DEFAULT_EVENTS
    __entity_policy__: ClassVar[Declared | None] = None

    id: str = dataclasses.field(default_factory=new_id)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        config = cls.__entity_config__ = _merged_config(cls)
        cls.__entity_name__ = _own_config(cls).get("namespace", cls.__name__)
        cls.__entity_default_events__ = tuple(config.get("default_events", DEFAULT_EVENTS))
        shape: Callable[[type[Entity]], None] = getattr(cls, "__entity_shape__", shape_dataclass)
        shape(cls)
        said: Any = config.get("policy")
        cls.__entity_policy__ = declared(cls.__name__, said, events_of(cls))

    def __post_init__(self) -> None:
        state = self.__dict__
        for name in type(self).__entity_fields__:
            state[name] = freeze(state[name])
        if not valid_id(state["id"]):
            raise InvalidError([Problem(("id",), ID_RULE, "id")])
        checked(self)

    def __repr__(self) -> str:
        shown = (f"{name}={_shown(type(self), name, getattr(self, name))}" for name in type(self).__entity_fields__)
        return f"{type(self).__name__}({', '.join(shown)})"

    @event
    @classmethod
    def create(cls, /, **fields: Any) -> Entity:
        """Create one from its fields."""
        return cls(**fields)

    @event
    def update(self, /, **fields: Any) -> Entity:
        """Change the fields that are given."""
        return self.evolve(**fields)

    @event(confirm="Delete this?")
    def delete(self) -> None:
        """Delete it."""
        discard(self)


@dataclasses.dataclass(frozen=True, slots=True)
class FieldInfo:
    """One field of an entity, as declared: readable by a codec or a UI kit without knowing dataclasses."""

    name: str
    annotation: Any
    visibility: Visibility
    default: Callable[[], Any] | None
    """Makes a fresh default; ``None`` when the field must be given."""


def fields_of(cls: type[Entity]) -> dict[str, FieldInfo]:
    """Return the fields of *cls* by name, in order, with their annotations resolved."""
    cached: dict[str, FieldInfo] | None = cls.__dict__.get("__entity_field_infos__")
    if cached is None:
        described: Callable[[], dict[str, FieldInfo]] | None = getattr(cls, "__entity_described__", None)
        cached = _field_infos(cls) if described is None else described()  # the seam for classes shaped otherwise
        cls.__entity_field_infos__ = cached  # type: ignore[attr-defined]  # a cache per class, not part of its interface
    return cached


def _field_infos(cls: type[Entity]) -> dict[str, FieldInfo]:
    try:
        hints = field_hints(cls, cls.__entity_fields__)
    except NameError as error:
        raise DefinitionError(
            f"the annotations of {cls.__name__} name something that cannot be found at run time: {error}; "
            "import it outside `if TYPE_CHECKING`"
        ) from error
    infos = {}
    for name in cls.__entity_fields__:
        annotation, declared = hints[name], cls.__dataclass_fields__[name]
        declared.type = annotation  # for codecs that read dataclasses: they need not find out what a text means
        infos[name] = FieldInfo(name, annotation, visibility_of(annotation), _default_of(declared))
    return infos


def _default_of(field: dataclasses.Field[Any]) -> Callable[[], Any] | None:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory
    if field.default is not dataclasses.MISSING:
        return functools.partial(_same, field.default)
    return None


def _same(value: Any) -> Any:
    return value


def _shown(cls: type[Entity], name: str, value: Any) -> str:
    """Return the ``repr`` of a field, or a stand-in: logs hold reprs, and must not hold secrets."""
    try:
        visibility = fields_of(cls)[name].visibility
    except DefinitionError:
        visibility = Visibility.PUBLIC if name == "id" else Visibility.PRIVATE
    return repr(value) if visibility is Visibility.PUBLIC else f"<{visibility.value}>"


def _merged_config(cls: type[Entity]) -> EntityConfig:
    merged: EntityConfig = {}
    for base in reversed(cls.__mro__):
        config = checked_config(base.__name__, _own_config(base))
        if base is not cls:  # what one is called is nobody else's name
            config.pop("label", None)
            config.pop("plural", None)
        merged.update(config)
    return as_kept_by_clients(cls.__name__, merged) if merged.get("store") in CLIENT_STORES else merged


def _own_config(cls: type) -> Any:
    """Return what *cls* itself sets; ``__entity_settings__`` where ``model_config`` is another library's as well."""
    if "__entity_settings__" in cls.__dict__:
        return cls.__dict__["__entity_settings__"]
    return cls.__dict__.get("model_config", {}) if issubclass(cls, Snapshot) else {}


def shape_dataclass(cls: type[Entity]) -> None:
    """Turn *cls* into a keyword-only dataclass guarded by :class:`~starmodel.core.snapshot.Snapshot`."""
    _adopt_new_defaults(cls)
    own = [name for name, kind in own_annotations(cls).items() if not is_class_variable(kind)]
    private = {name: _take_default(cls, name) for name in own if name.startswith("_")}
    cls.__entity_private__ = {**cls.__entity_private__, **private}
    for name in own:
        refuse_reserved(cls, name)
        if name in private:
            setattr(cls, name, dataclasses.field(init=False, repr=False, default_factory=private[name]))
        elif type(cls.__dict__.get(name)).__hash__ is None:  # items: list[Item] = [] means a fresh list each
            setattr(cls, name, dataclasses.field(default_factory=_take_default(cls, name)))
        elif name not in cls.__dict__ and name in cls.__entity_fields__:
            setattr(cls, name, dataclasses.field())  # declared again without a default: the parent's reader is none
    said = cls.__doc__
    try:
        dataclasses.dataclass(frozen=True, kw_only=True, eq=False, repr=False)(cls)
    except (TypeError, ValueError) as error:
        raise DefinitionError(f"{cls.__name__}: {error}") from error
    cls.__doc__ = said  # in place of one that shows the defaults, also of what is not public
    del cls.__setattr__, cls.__delattr__  # the dataclass guards; Snapshot's know about drafts
    for name in private:
        del cls.__dataclass_fields__[name]  # so that no codec ever sees working state
    cls.__entity_fields__ = tuple(field.name for field in dataclasses.fields(cls))
    for name in set(own) - private.keys():
        setattr(cls, name, FieldReader(name))  # in place of the default, which would hide a draft's own value


def _adopt_new_defaults(cls: type[Entity]) -> None:
    """Let ``count = 5`` in a subclass give an inherited field a new default, without repeating its type."""
    own = own_annotations(cls)
    adopted = [name for name in cls.__entity_fields__ if name in cls.__dict__ and name not in own]
    for name in adopted:
        parent = next(base for base in cls.__mro__[1:] if name in own_annotations(base))
        if hasattr(type(cls.__dict__[name]), "__get__"):
            raise DefinitionError(
                f"{cls.__name__}.{name} hides the field {parent.__name__}.{name}; choose another name for the behaviour"
            )
        cls.__annotations__ = {**own_annotations(cls), name: _annotation_in(parent, name)}


def _annotation_in(cls: type, name: str) -> Any:
    """Return the type of a field as its own module means it, if that can be known already."""
    try:
        return field_hints(cls, [name])[name]
    except NameError:
        return own_annotations(cls)[name]


def refuse_reserved(cls: type[Entity], name: str) -> None:
    """Raise DefinitionError when a field of *cls* cannot be called *name*."""
    if name in MARKS:
        raise DefinitionError(f"{cls.__name__}.{name} is a name StarModel uses itself; choose another name")
    if cls is Entity:
        return
    if name == "id":
        if own_annotations(cls)[name] not in (str, "str"):
            raise DefinitionError(f"{cls.__name__}.id must be a str, so that it fits every store and URL")
    elif hasattr(Entity, name):
        raise DefinitionError(f"{cls.__name__}.{name} hides Entity.{name}; choose another name for the field")


def _take_default(cls: type, name: str) -> Callable[[], Any]:
    """Remove the default of *name* from *cls* and return a maker of fresh copies of it."""
    if name not in cls.__dict__:
        raise DefinitionError(f"{cls.__name__}.{name} needs a default: working state is never passed in")
    default = cls.__dict__[name]
    delattr(cls, name)
    return functools.partial(deepcopy, default)


DEFAULT_BODIES.update(vars(Entity)[name].fn for name in DEFAULT_EVENTS)
shape_dataclass(Entity)
