"""Where sessions are kept, and whose requests have them read before anything else."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from starlette.requests import HTTPConnection

from starmodel.core.errors import ConfigurationError, hint
from starmodel.core.ports import SessionStore, SharesSessions

from .ended import lasting_first

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from starmodel.app import Application

__all__ = ["ReadFirst", "asks_for_session", "session_store"]


def session_store(app: Application, chosen: SessionStore | str | None) -> SessionStore | None:
    """Return what keeps the sessions of *app*: what was *chosen*, by itself or by the name of a store of entities.

    Unless it was, it is the most lasting store in use that processes share and that keeps sessions; ``None`` where
    there is none.  ConfigurationError when the one that was named keeps none.
    """
    if chosen is not None and not isinstance(chosen, str):
        return chosen
    if chosen is not None:
        stores = app.persistence.stores
        named = stores.get(chosen)
        if not isinstance(named, SharesSessions):
            able = [name for name, store in stores.items() if isinstance(store, SharesSessions)]
            raise ConfigurationError(
                f"sessions={chosen!r}: this application has no store of this name that keeps sessions; "
                f"{hint(chosen, able)}; or give a store of sessions itself"
            )
        return named.sessions()
    shared = app.persistence.shared
    keepers = (shared[name] for name in lasting_first(shared))
    return next((store.sessions() for store in keepers if isinstance(store, SharesSessions)), None)


def asks_for_session(parameters: Mapping[str, inspect.Parameter]) -> bool:
    """Tell whether a page function may look at the session: it has an argument that FastHTML gives it, or the request.

    FastHTML goes by names, and takes the first letters of one for the whole.
    """
    return any(_leads_to_session(name.lower(), parameter.annotation) for name, parameter in parameters.items())


def _leads_to_session(name: str, annotation: Any) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, HTTPConnection):
        return True
    return name == "scope" or any(whole.startswith(name) for whole in ("session", "request"))


class ReadFirst:
    """Has the session read before *app* gets the request: it may use it, and nobody knows."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read it, and pass the request on."""
        if scope["type"] == "http":
            await scope["session"].read()
        await self._app(scope, receive, send)
