"""Say that the application is served; called in the process that serves, so it imports next to nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from .terminal import say

__all__ = ["announce"]


def announce(url: str, application: object, *, note: str) -> None:
    """Write the address, and what each store keeps, if the application offers ``app.state.starmodel.summary()``."""
    say(f"🔧 {url} ({note})")
    stores = _summary(application)
    if stores:
        say("   " + ", ".join(f"{name}: {durability}" for name, durability in stores.items()))


def _summary(application: object) -> Mapping[object, object]:
    """Return the durability class of each store by name."""
    while application is not None:
        service = getattr(getattr(application, "state", None), "starmodel", None)
        summary = getattr(service, "summary", None)
        if callable(summary):
            found = summary()
            return cast("Mapping[object, object]", found) if isinstance(found, Mapping) else {}
        # Middleware that was wrapped around the application keeps it under this name, by custom.
        application = getattr(application, "app", None)
    return {}
