"""``starmodel version``: what is installed."""

from __future__ import annotations

import platform

from starmodel.cli.options import Json
from starmodel.cli.packages import starmodel_packages
from starmodel.cli.terminal import say, say_json

__all__ = ["version"]


def version(*, json: Json = False) -> None:
    """Show which versions are installed."""
    packages = starmodel_packages()
    if json:
        say_json({"python": platform.python_version(), "packages": packages})
        return
    for name, number in packages.items():
        say(f"{name} {number}")
    say(f"Python {platform.python_version()}")
