"""Where the sessions of a web application are kept, as its settings say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starmodel.core.errors import AdapterNotFoundError, ConfigurationError, hint
from starmodel.core.ports import SharesSessions

if TYPE_CHECKING:
    from starmodel.app import Application
    from starmodel.core.ports import SessionStore

    from .adapters import Adapters

__all__ = ["kept_sessions"]


def kept_sessions(
    wanted: SessionStore | str | None, app: Application, adapters: Adapters, workers: int
) -> SessionStore | str | None:
    """Return what keeps the sessions of *app*, or the name of its store of entities that does.

    ``None`` leaves the choice to the stores that it uses.  ConfigurationError where *workers* processes would not see
    the same sessions, AdapterNotFoundError for a name that nobody offers.
    """
    if isinstance(wanted, str):
        if _is_store(wanted, app, adapters):
            return wanted
        wanted = _installed(wanted, adapters)
    if wanted is not None and wanted.single_process and workers > 1:
        raise ConfigurationError(
            f"{workers} workers cannot share sessions that one process keeps for itself: whoever signs in would be "
            "known to one of them; run one worker, or set STARMODEL_SESSIONS to sql or redis"
        )
    return wanted


def _is_store(name: str, app: Application, adapters: Adapters) -> bool:
    """Tell whether a store of entities keeps sessions; one that nothing was kept in so far is used from now on."""
    stores = app.persistence.stores
    if name not in stores and (name in adapters.names("sessions") or name not in adapters.names("store")):
        return False
    return isinstance(app.persistence.store(name), SharesSessions)


def _installed(name: str, adapters: Adapters) -> SessionStore:
    if name not in adapters.names("sessions"):
        known = {*adapters.names("sessions"), *adapters.names("store")}
        raise AdapterNotFoundError(
            f"no installed package keeps sessions as {name!r}; {hint(name, known)}; set STARMODEL_SESSIONS to one of "
            "these, or install the package that brings it"
        )
    made: SessionStore = adapters.made("sessions", name)
    return made
