"""What a command is about to do to a project and its environment: shown first, then done as a whole or not at all."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .changing import undoable
from .errors import PluginChangeError
from .inspecting import Distribution, Proof, inspected
from .places import Place
from .programs import run

__all__ = ["Outcome", "Plan", "carry_out", "refuse_failures", "run_all"]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One change: what is to happen, in words; *do* makes it happen, given the lock to hand on to programs.

    *distributions* are the changes to what is installed, such as ``+ redis 7.1.0``; *records* the changes to files.
    An empty *do* is nothing to do.
    """

    action: str
    plugin: str
    place: Place
    source: str = ""
    distributions: Sequence[str] = ()
    commands: Sequence[Sequence[str]] = ()
    records: Sequence[str] = ()
    notes: Sequence[str] = ()
    installs: bool = True
    do: Callable[[int], None] | None = field(default=None, repr=False)

    def document(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {
            "action": self.action,
            "plugin": self.plugin,
            "source": self.source,
            "project": str(self.place.folder),
            "tool": self.place.tool,
            "environment": str(self.place.environment),
            "distributions": list(self.distributions),
            "commands": [list(command) for command in self.commands],
            "records": list(self.records),
            "notes": list(self.notes),
        }

    def lines(self) -> list[str]:
        """Return it for people."""
        rows = [
            ("project", [f"{self.place.folder} ({self.place.tool})"]),
            ("environment", [str(self.place.environment)]),
            ("packages", list(self.distributions)),
            ("by", [shlex.join(command) for command in self.commands]),
            ("writes", list(self.records)),
            ("note", list(self.notes)),
        ]
        told = [
            f"  {name if not at else '':<12} {line}" for name, lines in rows for at, line in enumerate(lines) if line
        ]
        return [f"{self.action} {self.plugin}" + (f": {self.source}" if self.source else ""), *told]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a plan: which distributions came, went and changed."""

    added: Mapping[str, str] = field(default_factory=dict[str, str])
    removed: Mapping[str, str] = field(default_factory=dict[str, str])
    changed: Mapping[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])


def carry_out(plan: Plan) -> Outcome:
    """Do what *plan* says; whatever goes wrong, files and environment are as they were before."""
    place = plan.place
    if plan.do is None:
        return Outcome()
    before = inspected(place)
    with undoable(place.folder, place.environment if plan.installs else None, place.files) as lock:
        plan.do(lock)
        after = inspected(place) if plan.installs else before
    return _outcome(before, after)


def run_all(place: Place, commands: Sequence[Sequence[str]], lock: int, *, step: str) -> None:
    """Run programs one after the other, in the environment of *place*."""
    for command in commands:
        run(command, step=step, folder=_folder(place, command), lock=lock, environ=_environ(place))


def refuse_failures(plugin: str, proof: Proof, *, built_before: bool = True) -> None:
    """Raise PluginChangeError for a plugin that does not load, or an application that cannot be built with it."""
    if proof.errors:
        raise PluginChangeError(f"{plugin} does not work", "; ".join(proof.errors))
    if proof.application is not None and proof.application["error"] and built_before:
        raise PluginChangeError(
            f"the application cannot be built with this change of {plugin}", proof.application["error"]
        )


def _folder(place: Place, command: Sequence[str]) -> Path:
    """Return where a program runs: tools with a lock want to be beside it."""
    return place.folder if command[0] == str(place.python) else (place.folder if place.tool == "pip" else place.root)


def _environ(place: Place) -> dict[str, str]:
    return {"UV_PROJECT_ENVIRONMENT": str(place.environment)} if place.tool == "uv" else {}


def _outcome(before: Mapping[str, Distribution], after: Mapping[str, Distribution]) -> Outcome:
    both = before.keys() & after.keys()
    return Outcome(
        {name: after[name].version for name in sorted(after.keys() - both)},
        {name: before[name].version for name in sorted(before.keys() - both)},
        {
            name: (before[name].version, after[name].version)
            for name in sorted(both)
            if before[name].version != after[name].version
        },
    )
