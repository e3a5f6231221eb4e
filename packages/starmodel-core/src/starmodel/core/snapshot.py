"""What freezes an entity: snapshots that refuse assignment, drafts an event works on, lenses that notice reads.

All three are instances of the same class and differ by one mark in their ``__dict__``:

* a **snapshot** holds every field and never changes;
* a **draft** stands for a snapshot while an event runs; a field is copied in when it is first read;
* a **lens** shows a snapshot and tells which of its fields were read, so that a page knows what it depends on.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, dataclass_transform

from .errors import CheckFailedError, EventError, FrozenEntityError, StarModelError, UnknownFieldError
from .frozen import freeze, thaw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = [
    "MARKS",
    "FieldReader",
    "Snapshot",
    "absorb",
    "base_of",
    "changes_of",
    "checked",
    "discard",
    "draft_of",
    "is_discarded",
    "is_draft",
    "late_changes",
    "lens_of",
    "plain",
    "recorded_by",
    "settle",
]

S = TypeVar("S", bound="Snapshot")

_DRAFT = "_draft_of"
_LENS = "_lens_on"
_ON_READ = "_on_read"
_DISCARDED = "_discarded"
_RECORDED = "_recorded"
_EVOLVED = "_evolved"
MARKS = frozenset({_DRAFT, _LENS, _ON_READ, _DISCARDED, _RECORDED, _EVOLVED})
"""Names in the ``__dict__`` of a draft or a lens that are no fields."""


@dataclass_transform(eq_default=False, kw_only_default=True, field_specifiers=(dataclasses.field,))
class Snapshot:
    """An instance whose fields never change, unless it is an event's draft."""

    __entity_fields__: ClassVar[tuple[str, ...]] = ()
    __entity_private__: ClassVar[Mapping[str, Callable[[], Any]]] = {}

    def __setattr__(self, name: str, value: Any) -> None:
        cls = type(self)
        if name in cls.__entity_private__:
            self.__dict__[name] = value
        elif _DRAFT not in self.__dict__:
            raise FrozenEntityError(cls.__name__, name)
        elif name not in cls.__entity_fields__:
            raise UnknownFieldError(cls.__name__, name, cls.__entity_fields__)
        elif name == "id":
            raise EventError(f"{cls.__name__}.id never changes; create a new {cls.__name__} instead")
        else:
            self.__dict__[name] = value

    def __delattr__(self, name: str) -> None:
        raise FrozenEntityError(type(self).__name__, name)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Give what is not in ``__dict__`` yet: working state, a draft's field, a lens's field."""
            return _first_read(self, name)

    def __getstate__(self) -> dict[str, Any]:
        """Pickle the fields alone: working state and marks stay behind."""
        return {name: freeze(getattr(self, name)) for name in type(self).__entity_fields__}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def check(self) -> None:
        """Raise ValueError if this snapshot breaks a business rule.

        Runs on every new snapshot, before it is stored or shown; override freely.  The text is shown to
        whoever asked for the change, so it should say what to do.
        """

    def record(self, domain_event: Any, /) -> None:
        """Note that *domain_event* happened; it is published once the change is stored.

        Only an event body may record; :class:`~starmodel.core.errors.EventError` elsewhere.
        """
        if not is_draft(self):
            raise EventError(f"{type(self).__name__}.record() works inside an @event method only")
        self.__dict__.setdefault(_RECORDED, []).append(domain_event)

    def evolve(self, /, **changes: Any) -> Self:
        """Return the next snapshot: this one with *changes* applied and checked.  Unchanged values are shared."""
        cls = type(self)
        base: Self | None = self.__dict__.get(_DRAFT)
        if base is not None:
            so_far = self.__dict__[_EVOLVED] = {name: freeze(value) for name, value in changes_of(self).items()}
            return base.evolve(**{**so_far, **changes})
        if unknown := changes.keys() - cls.__entity_fields__:
            raise UnknownFieldError(cls.__name__, min(unknown), cls.__entity_fields__)
        if changes.get("id", self.__dict__["id"]) != self.__dict__["id"]:
            raise EventError(f"{cls.__name__}.id never changes; create a new {cls.__name__} instead")
        return cls.__entity_next__(plain(self), changes)

    def __entity_frozen__(self) -> Self:
        """Return what a field of another entity holds: the snapshot that this is, shows, or would become now."""
        return settle(self) if is_draft(self) else plain(self)

    @classmethod
    def __entity_next__(cls, base: Self, changes: dict[str, Any]) -> Self:
        """Build the snapshot that follows *base*; the seam for classes that are shaped otherwise."""
        new = object.__new__(cls)
        state = new.__dict__
        state.update(base.__dict__)
        for name in cls.__entity_private__:
            state.pop(name, None)
        for name, value in changes.items():
            state[name] = freeze(value)
        checked(new)
        return new

    @classmethod
    def __entity_restored__(cls, state: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> Self:
        """Build the snapshot that a store kept as *state*: every field, frozen; the seam for classes shaped otherwise.

        Its rules are not run again: what was stored stays readable when they become stricter.
        """
        kept = object.__new__(cls)
        kept.__dict__.update(state)
        return kept

    @classmethod
    def __entity_draft__(cls, snapshot: Self) -> Self:
        """Start an empty draft of *snapshot*; the seam for classes that are shaped otherwise."""
        return object.__new__(cls)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if type(self) is not type(other):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in type(self).__entity_fields__)

    def __hash__(self) -> int:
        return hash((type(self), self.__dict__["id"]))


class FieldReader:
    """Stands on the class for a field, and gives its value where ``__dict__`` has none yet.

    Without it a codec may leave a default on the class, as pydantic does, and a draft would read that default instead
    of the value of its snapshot.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, snapshot: Snapshot | None, owner: type[Snapshot]) -> Any:
        return self if snapshot is None else _first_read(snapshot, self.name)

    def __repr__(self) -> str:
        return f"<field {self.name}>"


def _first_read(snapshot: Snapshot, name: str) -> Any:
    """Return what *name* is on first use, and keep it in the instance: from then on Python finds it there."""
    cls, state = type(snapshot), snapshot.__dict__
    make = cls.__entity_private__.get(name)
    if make is None:
        if name not in cls.__entity_fields__:
            message = f"{cls.__name__!r} object has no attribute {name!r}"
            raise AttributeError(message, name=name, obj=snapshot)  # a traceback adds what may have been meant
        value = state[name] = _value_behind(cls, state, name)
        return value
    value = state[name] = make()
    return value


def _value_behind(cls: type[Snapshot], state: dict[str, Any], name: str) -> Any:
    """Return what the snapshot behind a draft or a lens holds."""
    if _DRAFT in state:
        return thaw(getattr(state[_DRAFT], name))
    if _LENS in state:
        state[_ON_READ]()
        return getattr(state[_LENS], name)
    raise AttributeError(f"this {cls.__name__} was never given its {name!r}")


def checked(snapshot: Snapshot) -> None:
    """Run the business rules of *snapshot*; a ValueError or AssertionError becomes a CheckFailedError."""
    try:
        snapshot.check()
    except StarModelError:
        raise
    except (ValueError, AssertionError) as error:
        raise CheckFailedError(str(error) or f"{type(snapshot).__name__} breaks one of its rules") from error


def draft_of(snapshot: S) -> S:
    """Return a mutable stand-in for *snapshot*."""
    base = plain(snapshot)
    draft = type(base).__entity_draft__(base)
    state = draft.__dict__
    state[_DRAFT] = base
    state["id"] = base.__dict__["id"]
    return draft


def base_of(draft: S) -> S:
    """Return the snapshot that *draft* was opened on."""
    base: S = draft.__dict__[_DRAFT]
    return base


def is_draft(snapshot: Snapshot) -> bool:
    """Tell whether *snapshot* is the mutable stand-in that an event works on."""
    return _DRAFT in snapshot.__dict__


def lens_of(snapshot: S, on_read: Callable[[], None]) -> S:
    """Return a read-only view of *snapshot* that calls *on_read* when a field other than ``id`` is first read."""
    lens = object.__new__(type(snapshot))
    state = lens.__dict__
    state[_LENS] = snapshot
    state[_ON_READ] = on_read
    state["id"] = snapshot.__dict__["id"]
    return lens


def plain(snapshot: S) -> S:
    """Return the snapshot behind a lens, or *snapshot* itself."""
    behind: S | None = snapshot.__dict__.get(_LENS)
    return snapshot if behind is None else plain(behind)


def changes_of(draft: Snapshot) -> dict[str, Any]:
    """Return the fields of *draft* whose values differ from the snapshot it was opened on."""
    state = draft.__dict__
    base = state[_DRAFT]
    return {
        name: value
        for name, value in state.items()
        if name in type(draft).__entity_fields__ and getattr(base, name) != value
    }


def late_changes(draft: Snapshot, returned: Snapshot) -> set[str]:
    """Return the fields that changed on *draft* after the ``evolve()`` that made *returned*: they would be lost."""
    in_time = draft.__dict__.get(_EVOLVED, {})
    return {
        name
        for name, value in changes_of(draft).items()
        if getattr(returned, name) != value and not (name in in_time and in_time[name] == value)
    }


def absorb(draft: Snapshot, returned: Snapshot) -> None:
    """Take over into *draft* what *returned*, made by ``evolve()`` inside a nested event, holds."""
    for name in type(draft).__entity_fields__:
        value = getattr(returned, name)
        if value != getattr(draft, name):
            draft.__dict__[name] = thaw(value)


def settle(draft: S) -> S:
    """Close *draft*: the next snapshot, or the very same one when nothing changed."""
    base: S = draft.__dict__[_DRAFT]
    changes = changes_of(draft)
    return type(base).__entity_next__(base, changes) if changes else base


def discard(draft: Snapshot) -> None:
    """Mark *draft* as deleted by its event."""
    draft.__dict__[_DISCARDED] = True


def is_discarded(draft: Snapshot) -> bool:
    """Tell whether an event deleted *draft*."""
    return _DISCARDED in draft.__dict__


def recorded_by(draft: Snapshot) -> tuple[Any, ...]:
    """Return the domain events recorded on *draft*, in order."""
    return tuple(draft.__dict__.get(_RECORDED, ()))
