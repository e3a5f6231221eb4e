"""``starmodel version``: what is installed."""

from __future__ import annotations

import platform
from importlib.metadata import distributions

from starmodel.cli.options import Json
from starmodel.cli.terminal import say, say_json

__all__ = ["version"]


def version(*, json: Json = False) -> None:
    """Show which versions are installed."""
    packages = _packages()
    if json:
        say_json({"python": platform.python_version(), "packages": packages})
        return
    for name, number in packages.items():
        say(f"{name} {number}")
    say(f"Python {platform.python_version()}")


def _packages() -> dict[str, str]:
    found = {one.name: one.version for one in distributions() if one.name}
    return {name: found[name] for name in sorted(found) if name == "starmodel" or name.startswith("starmodel-")}
