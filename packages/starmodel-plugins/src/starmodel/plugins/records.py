"""What is known about each plugin and each hook, as values to show, to log and to send as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Answer", "HookRecord", "PluginRecord", "PluginStatus", "Verdict"]

PluginStatus = Literal["ok", "failed", "disabled", "inactive", "missing", "shadowed"]
"""``inactive``: installed and not switched on; ``missing``: switched on and not installed; ``shadowed``: another
distribution offers a plugin of the same name, and was taken."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PluginRecord:
    """How one plugin fares.

    *distribution* and *version* are ``None`` for a plugin that the application gave itself.  *origin* is where its
    code is.  *error* is the latest failure, in loading or in a hook; *failures* counts those in hooks.  *resting* are
    the hooks in which it is left alone for a while, having failed again and again; *requires* are the plugins it needs.
    """

    name: str
    distribution: str | None = None
    version: str | None = None
    origin: str = ""
    status: PluginStatus = "ok"
    error: str | None = None
    hooks: tuple[str, ...] = ()
    load_ms: float = 0.0
    failures: int = 0
    resting: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class HookRecord:
    """One hook: its arguments, what it is for, and the plugins in it, in the order in which they are called."""

    name: str
    arguments: tuple[str, ...]
    doc: str
    is_async: bool
    plugins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one plugin returned from one hook."""

    plugin: str
    value: object


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the plugins together say to a command.

    ``allowed`` is ``None`` when nobody has an opinion and the application's own policy decides.
    ``plugin`` and ``why`` say who refused and for what reason.
    """

    allowed: bool | None
    plugin: str = ""
    why: str = ""
