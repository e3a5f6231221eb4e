"""Find the application in what a person named: itself, the web application around it, or what is around that."""

from __future__ import annotations

from .application import Application

__all__ = ["application_in"]


def application_in(found: object) -> Application | None:
    """Return the application in *found*, looking through middleware that was wrapped around it; ``None`` without one.

    A web application keeps it as ``application``, middleware keeps what it wraps as ``app``, by custom.
    """
    while found is not None:
        for candidate in (found, getattr(found, "application", None)):
            if isinstance(candidate, Application):
                return candidate
        found = getattr(found, "app", None)
    return None
