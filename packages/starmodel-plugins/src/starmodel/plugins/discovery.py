"""Find the plugins that are installed, from the metadata of their distributions and without importing any of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FIRST_PARTY", "GROUP", "FoundPlugin", "PluginPoint", "discover", "normalised", "preferred"]

GROUP = "starmodel.plugins"
"""The entry point group in which a distribution names its plugins."""

FIRST_PARTY = frozenset(
    {
        "starmodel",
        "starmodel-auth",
        "starmodel-cli",
        "starmodel-core",
        "starmodel-fasthtml",
        "starmodel-monsterui",
        "starmodel-plugins",
        "starmodel-pydantic",
        "starmodel-redis",
        "starmodel-rest",
        "starmodel-sql",
    }
)
"""The distributions of StarModel itself; anybody may give theirs a name that begins like these."""


class PluginPoint(Protocol):
    """Where a plugin is, and how to get it: what :class:`importlib.metadata.EntryPoint` has of that."""

    @property
    def value(self) -> str:
        """Return the name of the module, or of something in it."""

    def load(self) -> Any:
        """Import it and return the plugin."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundPlugin:
    """A plugin, not yet imported; *distribution* and *version* are ``""`` where it belongs to none."""

    name: str
    distribution: str
    version: str
    point: PluginPoint


def discover(group: str = GROUP) -> list[FoundPlugin]:
    """Return every plugin on offer in *group*, sorted by distribution and name, so that no file system decides."""
    found = [_found(point) for point in entry_points(group=group)]
    return sorted(found, key=lambda plugin: (normalised(plugin.distribution), plugin.name, plugin.point.value))


def preferred(distribution: str, name: str, pins: Mapping[str, str]) -> int:
    """Return how much a distribution that offers *name* is preferred to others: less is more.

    First the one that the project pins, then StarModel's own.
    """
    own = normalised(distribution)
    if name in pins and own == normalised(pins[name]):
        return 0
    return 1 if own in FIRST_PARTY else 2


def normalised(distribution: str) -> str:
    """Return the name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _found(point: EntryPoint) -> FoundPlugin:
    # An entry point that was built by hand belongs to no distribution.
    name, version = (point.dist.name, point.dist.version) if point.dist else ("", "")
    return FoundPlugin(name=point.name, distribution=name, version=version, point=point)
