"""Who may see a field: declared in the class in standard typing, readable without any library.

::

    class Account(Entity):
        owner: str                    # public: may be sent to whoever may see the entity
        margin: Private[int] = 0      # never leaves the server
        password: Secret[str] = ""    # may be written by an event, never read back
"""

from __future__ import annotations

import sys
from enum import Enum
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

__all__ = ["Private", "Secret", "Visibility", "marks_of", "type_hints", "visibility_of"]

T = TypeVar("T")


class Visibility(Enum):
    """How far the value of a field may travel."""

    PUBLIC = "public"
    PRIVATE = "private"
    SECRET = "secret"  # noqa: S105  (the name of a level, not a password)


Private = Annotated[T, Visibility.PRIVATE]
"""A server-only field: events and policies read it; no page, stream, reply, log or error shows it."""

Secret = Annotated[T, Visibility.SECRET]
"""A write-only field: an event may set it from outside; it is never shown, logged or put in a ``repr``."""


def type_hints(owner: Any) -> dict[str, Any]:
    """Return the resolved annotations of *owner*, a class or a function, with their ``Annotated`` marks."""
    return get_type_hints(owner, localns=_names_around(owner), include_extras=True)


def _names_around(owner: Any) -> dict[str, Any]:
    """Let a class made inside a function name itself in its own annotations."""
    module = sys.modules.get(getattr(owner, "__module__", ""), None)
    names = dict(vars(module)) if module is not None else {}
    if isinstance(owner, type):
        names[owner.__name__] = owner
    return names


def marks_of(annotation: Any) -> tuple[Any, ...]:
    """Return the marks of an ``Annotated`` type, outermost last; nothing for a plain type."""
    if get_origin(annotation) is Annotated:
        return tuple(get_args(annotation)[1:])
    return ()


def visibility_of(annotation: Any) -> Visibility:
    """Return how far a value of this *annotation* may travel; the strictest mark wins."""
    marks = [mark for mark in marks_of(annotation) if isinstance(mark, Visibility)]
    for level in (Visibility.SECRET, Visibility.PRIVATE):
        if level in marks:
            return level
    return Visibility.PUBLIC
