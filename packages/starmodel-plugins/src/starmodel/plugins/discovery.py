"""Find the plugins that are installed, from the metadata of their distributions and without importing any of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

__all__ = ["GROUP", "FoundPlugin", "discover"]

GROUP = "starmodel.plugins"
"""The entry point group in which a distribution names its plugins."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundPlugin:
    """An installed plugin, not yet imported."""

    name: str
    distribution: str
    version: str
    point: EntryPoint


def discover(group: str = GROUP) -> list[FoundPlugin]:
    """Return every plugin on offer in *group*, sorted by distribution and name, so that no file system decides."""
    found = [_found(point) for point in entry_points(group=group)]
    return sorted(found, key=lambda plugin: (_normalised(plugin.distribution), plugin.name, plugin.point.value))


def _found(point: EntryPoint) -> FoundPlugin:
    # An entry point that was built by hand belongs to no distribution.
    name, version = (point.dist.name, point.dist.version) if point.dist else ("", "")
    return FoundPlugin(name=point.name, distribution=name, version=version, point=point)


def _normalised(distribution: str) -> str:
    """Return the name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", distribution).lower()
