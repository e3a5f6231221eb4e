"""Every error StarModel raises on purpose, under one root, each saying what happened and what to do."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "AdapterNotFoundError",
    "CheckFailedError",
    "CommandReusedError",
    "ConfigurationError",
    "ConflictError",
    "DefinitionError",
    "DuplicateAdapterError",
    "EventError",
    "FieldConflictError",
    "ForbiddenError",
    "FrozenEntityError",
    "GoneError",
    "InvalidError",
    "NotFoundError",
    "OnItsWayError",
    "PastNotKeptError",
    "Problem",
    "QueryError",
    "QueueFullError",
    "ReadOnlyError",
    "RefusedError",
    "StaleError",
    "StarModelError",
    "StoreError",
    "TooManyError",
    "UndoError",
    "UnknownEntityError",
    "UnknownEventError",
    "UnknownFieldError",
    "hint",
]


def hint(wrong: str, known: Iterable[str]) -> str:
    """Return a "did you mean" for *wrong*, or the list of what there is."""
    names = sorted(set(known))
    close = difflib.get_close_matches(wrong, names, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"there is {', '.join(names)}" if names else "there is none"


class StarModelError(Exception):
    """Root of all StarModel errors, so that an application can catch them in one place.

    A subclass keeps its typed arguments as attributes; ``args`` holds them, so every error pickles.
    """

    code = "error"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, dict(self.__dict__))


def _rebuild(cls: type[StarModelError], args: tuple[Any, ...], state: dict[str, Any]) -> StarModelError:
    error = cls.__new__(cls)
    error.args = args
    error.__dict__.update(state)
    return error


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one input: the shape that UI, REST and CLI share.

    *loc* is the path to the value, for example ``("lines", 0, "qty")``; ``()`` means the whole input.  *phrase* is what
    *message* is before *values* are put into it, by which it is found in a catalogue of another language.
    """

    loc: tuple[str | int, ...]
    message: str
    code: str = "invalid"
    phrase: str = field(default="", compare=False, repr=False)
    values: Mapping[str, Any] = field(default_factory=dict[str, Any], compare=False, repr=False)

    def __str__(self) -> str:
        where = ".".join(map(str, self.loc))
        return f"{where}: {self.message}" if where else self.message


class DefinitionError(StarModelError, TypeError):
    """An Entity class or an event was declared in a way StarModel cannot use."""

    code = "definition"


class ConfigurationError(StarModelError, ValueError):
    """The application was put together in a way that cannot work."""

    code = "configuration"


class FrozenEntityError(StarModelError, AttributeError):
    """A snapshot was assigned to outside an event."""

    code = "frozen"

    def __init__(self, owner: str, field: str) -> None:
        self.owner, self.field = owner, field
        super().__init__(
            f"{owner}.{field} belongs to an immutable snapshot; change it inside an @event method, "
            f"or make a new snapshot with .evolve({field}=...)"
        )


class UnknownFieldError(StarModelError, AttributeError):
    """A change names a field the Entity does not declare."""

    code = "unknown_field"

    def __init__(self, owner: str, field: str, known: Iterable[str]) -> None:
        self.owner, self.field, self.known = owner, field, tuple(known)
        super().__init__(f"{owner} has no field {field!r}; {hint(field, self.known)}")


class EventError(StarModelError):
    """An event was used in a way its declaration does not allow."""

    code = "event"


class ReadOnlyError(EventError):
    """A reading event, one declared with ``method="get"``, tried to change something."""

    code = "read_only"

    def __init__(self, event: str) -> None:
        self.event = event
        super().__init__(
            f'{event} was called by GET and may only read; declare it @event(method="post") to change data'
        )


class RefusedError(StarModelError, ValueError):
    """An event declines to happen.  Raise it in an event body: its text is shown to whoever asked."""

    code = "refused"


class CheckFailedError(RefusedError):
    """A snapshot breaks a business rule: ``check()`` raised a ValueError, whose text is shown."""

    code = "check"


class InvalidError(StarModelError, ValueError):
    """Outside data does not fit: wrong types, missing or unknown names.  Carries one :class:`Problem` each."""

    code = "invalid"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(map(str, self.problems)))


class NotFoundError(StarModelError, LookupError):
    """There is no such entity, or the one who asks may not know that there is."""

    code = "not_found"

    def __init__(self, kind: str, id: str) -> None:
        self.kind, self.id = kind, id
        super().__init__(f"there is no {kind} with the id {id!r}; it may have been deleted: reload and choose another")


class GoneError(NotFoundError):
    """The entity existed when this change was begun, and was deleted or expired since."""

    code = "gone"


class UnknownEntityError(NotFoundError):
    """The application was not given such a class."""

    code = "unknown_entity"

    def __init__(self, name: str, known: Iterable[str] = ()) -> None:
        super().__init__("entity class", name)
        self.known = tuple(known)
        self.args = (
            f"this application has no entity {name!r}; {hint(name, self.known)}, or give the class to the application",
        )


class UnknownEventError(StarModelError, LookupError):
    """The entity declares no such event."""

    code = "unknown_event"

    def __init__(self, kind: str, event: str, known: Iterable[str] = ()) -> None:
        self.kind, self.event, self.known = kind, event, tuple(known)
        super().__init__(f"{kind} has no event {event!r}; {hint(event, self.known)}")


class ForbiddenError(StarModelError, PermissionError):
    """The actor may not do this."""

    code = "forbidden"

    def __init__(self, what: str, why: str = "") -> None:
        self.what, self.why = what, why
        super().__init__(f"{what} is not allowed{': ' + why if why else ''}")


class TooManyError(StarModelError, RuntimeError):
    """The sender did this too often; *wait* is in how many seconds it may be done again."""

    code = "too_many"

    def __init__(self, what: str, wait: float) -> None:
        self.what, self.wait = what, wait
        super().__init__(f"{what} was done too often; try again in {max(1, -int(-wait // 1))} s")


class ConflictError(StarModelError):
    """Someone else stored a newer version of the same entity first."""

    code = "conflict"

    def __init__(self, key: str, expected: int, found: int) -> None:
        self.key, self.expected, self.found = key, expected, found
        super().__init__(
            f"{key} is at version {found}, this change was made on version {expected}; "
            "load it again and repeat the change"
        )


class OnItsWayError(ConflictError):
    """What another command changed of the same entity has not reached the store of that entity yet."""

    code = "on_its_way"

    def __init__(self, key: str, store: str) -> None:
        self.key, self.store = key, store
        self.expected = self.found = 0
        StarModelError.__init__(
            self,
            f"what another command changed of {key} is still on its way to the store {store!r}; try again in a moment",
        )


class StaleError(ConflictError):
    """The sender allowed a change of one version only, and there is a newer one."""

    code = "stale"


class FieldConflictError(ConflictError):
    """A form was saved on an old version, and someone else changed the same fields meanwhile.

    *fields* maps each name to ``(theirs, yours)``; *behind* are the other fields that the form shows as they were.
    """

    code = "field_conflict"

    def __init__(
        self,
        key: str,
        expected: int,
        found: int,
        fields: Mapping[str, tuple[Any, Any]],
        behind: Iterable[str] = (),
    ) -> None:
        super().__init__(key, expected, found)
        self.fields = dict(fields)
        self.behind = frozenset(behind)
        both = ", ".join(
            f"{name} is now {theirs!r}, yours is {yours!r}" for name, (theirs, yours) in self.fields.items()
        )
        self.args = (f"{key} was changed meanwhile: {both}; choose a value and save again",)


class CommandReusedError(StarModelError, ValueError):
    """A command id was used again with another body."""

    code = "command_reused"

    def __init__(self, command_id: str) -> None:
        self.command_id = command_id
        super().__init__(
            "this id of a command, or Idempotency-Key, was already used with another body; send it with a new id"
        )


class QueryError(StarModelError, ValueError):
    """A query names a field, an operator or a value that cannot be used."""

    code = "query"


class UndoError(StarModelError):
    """A change cannot be taken back; says why."""

    code = "undo"


class PastNotKeptError(UndoError):
    """A store has no log of what was changed, so that nothing can be looked up in it or taken back."""

    code = "no_past"

    def __init__(self, what: str, where: str) -> None:
        self.what, self.where = what, where
        super().__init__(
            f"the past of {what} is not kept: it is {where}, and the server has no log of it; "
            "to have one, keep it in a store of the server, such as 'sql'"
        )


class StoreError(StarModelError, OSError):
    """A store could not be reached or could not do what it was asked."""

    code = "store"


class QueueFullError(StoreError):
    """A queue of tasks has no room for another one; nothing of it was kept."""

    code = "queue_full"


class AdapterNotFoundError(StarModelError, LookupError):
    """No installed package offers the adapter asked for."""

    code = "adapter_not_found"


class DuplicateAdapterError(StarModelError):
    """Two installed packages offer an adapter of the same name."""

    code = "duplicate_adapter"
