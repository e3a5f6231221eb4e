"""Say that the application is served; called in the process that serves, so it imports next to nothing."""

from __future__ import annotations

from .terminal import say

__all__ = ["announce"]


def announce(url: str, application: object, *, note: str) -> None:
    """Write the address, and what the application says of itself by ``app.state.starmodel.summary()``."""
    say(f"🔧 {url} ({note})")
    summary = _summary(application)
    if summary:
        say(summary)


def _summary(application: object) -> str:
    while application is not None:
        service = getattr(getattr(application, "state", None), "starmodel", None)
        if service is not None:
            summary = getattr(service, "summary", None)
            return str(summary()) if callable(summary) else ""
        # Middleware that was wrapped around the application keeps it under this name, by custom.
        application = getattr(application, "app", None)
    return ""
