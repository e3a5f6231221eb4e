"""The composition root: the only place that knows every adapter."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .entities import entities_in
    from .factory import create_app, create_application, create_fasthtml_app
    from .settings import Settings

__all__ = ["Settings", "create_app", "create_application", "create_fasthtml_app", "entities_in"]

_HOMES = {"Settings": "settings", "entities_in": "entities"}


def __getattr__(name: str) -> Any:
    """Bring in what is asked for: the program of this distribution has to say its help before that is there."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES.get(name, 'factory')}", __name__), name)
