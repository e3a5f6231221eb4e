"""What a check finds, and the rule that finds it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from .facts import Facts

__all__ = ["SEVERITIES", "Finding", "Found", "Rule", "Severity"]

Severity: TypeAlias = Literal["error", "warning", "info"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
"""From what must be mended to what is good to know."""


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that a rule came upon: what it is, what to do, and where, if it is in a file."""

    message: str
    advice: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found, under the id of its rule, which never changes."""

    id: str
    severity: Severity
    message: str
    advice: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """Looks at the facts for one kind of mistake; one with *deploy* only matters where others are served."""

    id: str
    severity: Severity
    look: Callable[[Facts], Iterator[Found]]
    deploy: bool = False

    def findings(self, facts: Facts) -> list[Finding]:
        """Return what it finds in *facts*."""
        return [Finding(self.id, self.severity, one.message, one.advice, one.where) for one in self.look(facts)]
