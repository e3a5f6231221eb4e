"""Who may see a field: declared in the class in standard typing, readable without any library.

::

    class Account(Entity):
        owner: str                    # public: may be sent to whoever may see the entity
        margin: Private[int] = 0      # never leaves the server
        password: Secret[str] = ""    # may be written by an event, never read back
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, TypeVar

from .annotations import marks_of

__all__ = ["Private", "Secret", "Visibility", "visibility_of"]

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


def visibility_of(annotation: Any) -> Visibility:
    """Return how far a value of this *annotation* may travel; the strictest mark wins."""
    marks = [mark for mark in marks_of(annotation) if isinstance(mark, Visibility)]
    for level in (Visibility.SECRET, Visibility.PRIVATE):
        if level in marks:
            return level
    return Visibility.PUBLIC
