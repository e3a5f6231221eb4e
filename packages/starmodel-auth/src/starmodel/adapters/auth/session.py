"""What a session remembers of whoever signed in, and when that counts no more."""

from __future__ import annotations

import time
from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

if TYPE_CHECKING:
    from .users import User

__all__ = ["LASTS", "SignedIn", "begin", "end", "read", "signed_in"]

KEY = "starmodel.user"
LASTS = 30 * 24 * 60 * 60
"""Seconds after which everybody is asked for their password again, however often they come by (NIST SP 800-63B)."""


class SignedIn(NamedTuple):
    """Who signed in, by the id of the user; with which stamp, and when, in seconds since 1970."""

    id: str
    stamp: str
    at: float

    def counts(self, user: User, now: float) -> bool:
        """Tell whether a session that remembers this is one of *user* as they are now."""
        return not user.disabled and self.stamp == user.stamp != "" and 0 <= now - self.at + 60 < LASTS


class _Session(Protocol):
    """A session that can be given another id."""

    def rotate(self) -> None:
        """Give up its id."""

    def clear(self) -> None:
        """Forget everything, and give up its id."""


async def read(session: Any) -> Any:
    """Return *session* when it is known what is in it: one that processes share is read from a store."""
    if hasattr(session, "read"):
        await session.read()
    return session


def signed_in(session: Mapping[str, Any]) -> SignedIn | None:
    """Return what a session remembers; ``None`` when nobody signed in."""
    match session.get(KEY):
        case {"id": str(id), "stamp": str(stamp), "at": int() | float() as at}:
            return SignedIn(id, stamp, at)
        case _:
            return None


def begin(session: MutableMapping[str, Any], user: User) -> None:
    """Remember that *user* signed in; the id of the session is another from now on, and so are its contents."""
    own = cast("_Session", session)
    own.clear()  # nothing of whoever used this browser before, and nothing that was put in by somebody else
    session[KEY] = {"id": user.id, "stamp": user.stamp, "at": time.time()}
    own.rotate()


def end(session: MutableMapping[str, Any]) -> None:
    """Forget who signed in, and everything else."""
    cast("_Session", session).clear()
