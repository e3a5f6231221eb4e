"""Where the REST interface stands in a web application, if it is wanted and installed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from starmodel.core.errors import AdapterNotFoundError, ConfigurationError
from starmodel.plugins import amended

if TYPE_CHECKING:
    from starmodel.adapters.fasthtml import StarModelApp

    from .adapters import Adapters

__all__ = ["IF_INSTALLED", "attach_api"]

_REST = "rest"


class _Usual(str):
    """The path that nobody chose: without the package there is nothing at it."""

    __slots__ = ()


IF_INSTALLED = _Usual("/api")
"""The usual path, where the package is installed."""


def attach_api(app: StarModelApp, adapters: Adapters, api: str | None, title: str) -> None:
    """Mount REST below the path *api* of *app*; ``None`` leaves it out.

    AdapterNotFoundError when a path was chosen and the package is missing, ConfigurationError when it is no path, or an
    entity has the same one.
    """
    if api is None:
        return
    path = str(api).rstrip("/")
    if not path.startswith("/") or "{" in path:
        raise ConfigurationError(f'api={api!r} must be a path such as "/api", or None for no REST interface')
    try:
        open_door = adapters.found("door", _REST)
    except AdapterNotFoundError as error:
        if api is IF_INSTALLED:
            return
        raise AdapterNotFoundError(
            f"api={api!r} needs the package of the REST interface: pip install 'starmodel[rest]'"
        ) from error
    _refuse_taken(app, path)
    plugins = app.runtime.plugins
    amend = partial(amended, plugins, "starmodel_openapi") if plugins.has("starmodel_openapi") else None
    door = open_door(app.application, path=path, identify=app.runtime.actor, title=title, amend=amend)
    app.attach(door.path, door.app, drain=door.drain, takes=door.takes, end_those=door.end_those)


def _refuse_taken(app: StarModelApp, path: str) -> None:
    taken = [kind for kind in app.application.catalog if f"/{kind.__entity_name__.lower()}" == path]
    if taken:
        raise ConfigurationError(
            f"{path} is the address of {taken[0].__entity_name__}; give the REST interface another, as in "
            'create_app(..., api="/rest"), or none: api=None'
        )
