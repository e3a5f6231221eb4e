"""Who asks: the actor behind a command, and what a policy says about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = ["ALLOWED", "SYSTEM", "Actor", "Decision"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever sends commands.

    *id* is what the command log records.  *visitor* names the browser session an anonymous or signed-in visitor
    comes from.  *roles* is for policies.  A *trusted* actor, the program itself, is not asked.
    """

    id: str
    visitor: str | None = None
    roles: frozenset[str] = field(default_factory=frozenset[str])
    trusted: bool = False


SYSTEM = Actor("system", trusted=True)
"""The program itself: what the Python door uses when no actor is named."""


class Decision(NamedTuple):
    """What a policy says.  *hidden* answers as if the entity did not exist, so that ids cannot be tried out."""

    allowed: bool
    why: str = ""
    hidden: bool = False


ALLOWED = Decision(allowed=True)
