"""Which open application keeps a class: for code that is handed no application, such as a method of the class."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakSet

from starmodel.core.errors import ConfigurationError

if TYPE_CHECKING:
    from starmodel.core.entity import Entity

    from .application import Application

__all__ = ["application_of", "entered", "left"]

_open: WeakSet[Application] = WeakSet()


def entered(app: Application) -> None:
    """Note that *app* is open."""
    _open.add(app)


def left(app: Application) -> None:
    """Note that *app* is closed."""
    _open.discard(app)


def application_of(kind: type[Entity]) -> Application:
    """Return the one open application that *kind* is part of; ConfigurationError when there is none, or are several."""
    found = [app for app in _open if kind in app.catalog]
    name = kind.__name__
    if not found:
        raise ConfigurationError(
            f"no application that is open keeps {name}; open one around the call: "
            f"async with Application([{name}], codec=...) as app"
        )
    if len(found) > 1:
        raise ConfigurationError(
            f"{len(found)} open applications keep {name}; say which one: app.load(), app.find() or app.dispatch()"
        )
    return found[0]
