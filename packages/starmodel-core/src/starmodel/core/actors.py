"""Who asks: the actor behind a command, and what a policy says about it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from .swift import swift

__all__ = ["ALLOWED", "MARK", "SYSTEM", "VISITOR", "Actor", "Decision", "mark_of", "name_as_owner"]

VISITOR = "visitor-"
"""The id of a visitor who has not signed in begins with this."""

MARK = 24
"""How many hex digits stand for an actor where nobody is to learn who it is."""


@swift
@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever sends commands.

    *id* is what the command log records.  *visitor* names the browser session an anonymous or signed-in visitor
    comes from.  *roles* is for policies.  A *trusted* actor, the program itself, is not asked.  *address* is where
    an anonymous visitor asked from, if that is known; it is neither compared nor written down.
    """

    id: str
    visitor: str | None = None
    roles: frozenset[str] = field(default_factory=frozenset[str])
    trusted: bool = False
    address: str | None = field(default=None, compare=False, repr=False)

    @property
    def is_signed_in(self) -> bool:
        """True when it is known who this is: it is more than the visitor of a browser."""
        return self.id != self.visitor and not self.id.startswith(VISITOR)


SYSTEM = Actor("system", trusted=True)
"""The program itself: what the Python door uses when no actor is named."""


@lru_cache(maxsize=4096)
def mark_of(actor_id: str) -> str:
    """Return what stands for an actor where nobody is to learn who it is."""
    return hashlib.blake2b(actor_id.encode("utf-8", "surrogatepass"), digest_size=MARK // 2).hexdigest()


def name_as_owner(actor_id: str) -> str:
    """Return what a field of owners holds for an actor: its id, and for a visitor without one only a mark.

    The program itself owns nothing: ``""``.
    """
    if actor_id.startswith(VISITOR):
        return f"guest-{mark_of(actor_id)}"
    return "" if actor_id == SYSTEM.id else actor_id


class Decision(NamedTuple):
    """What a policy says.  *hidden* answers as if the entity did not exist, so that ids cannot be tried out."""

    allowed: bool
    why: str = ""
    hidden: bool = False


ALLOWED = Decision(allowed=True)
