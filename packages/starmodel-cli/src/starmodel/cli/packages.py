"""Which packages of ours are installed."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import distributions

__all__ = ["starmodel_packages"]


def starmodel_packages() -> Mapping[str, str]:
    """Return the version of each installed package of ours, by its name."""
    found = {one.name: one.version for one in distributions() if one.name}
    return {name: found[name] for name in sorted(found) if name == "starmodel" or name.startswith("starmodel-")}
