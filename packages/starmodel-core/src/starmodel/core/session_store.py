"""The port of whatever keeps what an application remembers about visits: values as JSON texts, by their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

__all__ = ["KeptSession", "SessionPatch", "SessionStore", "SharesSessions"]


@dataclass(frozen=True, slots=True)
class KeptSession:
    """What is kept about one visit: JSON texts by name, and the mark of the actor whose it is, ``""`` for nobody's."""

    values: Mapping[str, str] = field(default_factory=dict[str, str])
    owner: str = ""


@dataclass(frozen=True, slots=True)
class SessionPatch:
    """What one request changes in a session.

    *changed* is the new text of each value that it set, ``None`` for one that it removed.  *owner* is ``None`` where
    that stays as it is.
    """

    changed: Mapping[str, str | None] = field(default_factory=dict[str, "str | None"])
    owner: str | None = None


@runtime_checkable
class SessionStore(Protocol):
    """Keeps sessions under keys of 30 hex digits, which are made from the id in the cookie and do not give it away.

    Every method may raise :class:`~starmodel.core.errors.StoreError` when the store cannot be reached.
    """

    single_process: bool
    """True when other processes cannot see what is kept: more than one worker is then refused."""
    instant: bool
    """True when no method ever waits."""

    async def open(self) -> None:
        """Make ready; called once, before anything else."""

    async def close(self) -> None:
        """Let go of everything; what a shared store keeps stays kept."""

    async def read(self, key: str, /, *, seconds: float) -> KeptSession | None:
        """Return what is kept under *key*, ``None`` when nothing is, or not any more.

        A session that is read lives for so many *seconds* from now; a tenth less where that saves a write.
        """

    async def write(self, key: str, patch: SessionPatch, /, *, seconds: float, instead_of: str | None = None) -> None:
        """Do what *patch* says, all of it at once, and let the session live for so many *seconds* from now.

        A session begins with its first value.  Values that the patch does not name stay as somebody else has written
        them meanwhile.  With *instead_of* everything that is kept under that key is moved to *key* first, in the same
        step; what somebody writes under the old key afterwards does not follow.
        """

    async def delete(self, key: str, /) -> None:
        """Forget everything under *key*, if there is anything."""

    async def delete_those_of(self, owner: str, /) -> Sequence[str]:
        """Forget every session of *owner*, and return their keys."""


@runtime_checkable
class SharesSessions(Protocol):
    """A store of entities that keeps sessions as well, where it keeps the entities."""

    def sessions(self) -> SessionStore:
        """Return what keeps them; it is to be opened after the store, and closed before."""
