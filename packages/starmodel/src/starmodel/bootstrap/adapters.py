"""The adapters of one application by name: those that plugins register, and those of installed packages."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from importlib.metadata import PackageNotFoundError, metadata
from typing import TYPE_CHECKING, Any

from starmodel.app import Registry
from starmodel.core.errors import AdapterNotFoundError, ConfigurationError, DuplicateAdapterError, hint
from starmodel.core.settings import AdapterSettings, PluginSetting
from starmodel.core.ui import UIAdapter
from starmodel.plugins import preferred

if TYPE_CHECKING:
    from starmodel.plugins import PluginHost

    from .settings import Settings

__all__ = ["Adapters"]

_KIT = "starmodel_ui_adapter"
_OWN = ("DATABASE_URL", "REDIS_URL")
_GROUPS = {
    "auth": "starmodel.auth",
    "bus": "starmodel.bus",
    "codec": "starmodel.codec",
    "door": "starmodel.doors",
    "files": "starmodel.files",
    "fragments": "starmodel.fragments",
    "sessions": "starmodel.sessions",
    "store": "starmodel.persistence",
    "tasks": "starmodel.tasks",
    "ui": "starmodel.ui",
}


class Adapters:
    """Finds an adapter by kind and name, and makes it with the settings that it declares.

    Nothing is imported before it is asked for.  *settings* has what the application itself was told.
    """

    def __init__(self, settings: AdapterSettings, plugins: PluginHost) -> None:
        self.settings, self._plugins = settings, plugins
        self._environ = {name: value for name, value in os.environ.items() if name not in _OWN}  # those, it was told
        prefer = partial(preferred, pins=plugins.pins)
        self._kinds = {kind: Registry[Any](group, prefer=prefer) for kind, group in _GROUPS.items()}

    @classmethod
    def of(cls, settings: Settings, plugins: PluginHost) -> Adapters:
        """Return the adapters of an application with *settings* and *plugins*, which are asked what they read first."""
        given = dict(zip(_OWN, (settings.database_url, settings.redis_url), strict=True))
        values = {name: value for name, value in given.items() if value is not None}
        adapters = cls(AdapterSettings(development=settings.env == "development", values=values), plugins)
        adapters._ask_plugins()
        return adapters

    def _ask_plugins(self) -> None:
        """Find the values of what plugins read, leave out those that lack one, and let the others offer adapters."""
        for declared in self._plugins.each("starmodel_settings"):
            try:
                self.settings = self.settings.declared(_settings_in(declared.value), self._environ)
            except (ConfigurationError, TypeError) as error:
                self._plugins.leave_out(declared.plugin, str(error))
        self._plugins.each("starmodel_register", registry=self)

    def add(self, kind: str, name: str, make: Callable[..., Any], /) -> None:
        """Offer an adapter for as long as the application lives; see :class:`starmodel.plugins.AdapterRegistry`.

        DuplicateAdapterError for a name that is taken, ConfigurationError for a kind that there is not.
        """
        if kind not in self._kinds:
            raise ConfigurationError(f"there is no kind of adapter {kind!r}; {hint(kind, self._kinds)}")
        if not callable(make):
            raise ConfigurationError(
                f"the {kind} {name!r} must be a class or a function that makes it, not {make!r:.80}"
            )
        if name in self.names(kind):
            raise DuplicateAdapterError(f"there is a {kind} {name!r} already; give this one another name")
        self._kinds[kind].add(name, make)

    def names(self, kind: str) -> list[str]:
        """Return the names on offer.  Imports nothing."""
        return self._kinds[kind].names()

    def found(self, kind: str, name: str) -> Any:
        """Return what is offered as *name*; AdapterNotFoundError says what to install."""
        try:
            return self._kinds[kind].get(name)
        except AdapterNotFoundError as error:
            raise AdapterNotFoundError(f"{error}{_how_to_install(name)}") from None
        except ModuleNotFoundError as error:
            raise AdapterNotFoundError(
                f"the {kind} {name!r} needs the module {error.name!r}, which is not installed{_how_to_install(name)}"
            ) from error

    def made(self, kind: str, name: str) -> Any:
        """Return a new adapter, made with the settings that it declares; ConfigurationError when one is missing."""
        adapter = self.found(kind, name)
        make = getattr(adapter, "from_settings", None)
        if make is None:
            return adapter()
        return make(self.settings.declared(getattr(adapter, "declares", ()), self._environ))

    def kit(self, wanted: UIAdapter | str | None) -> UIAdapter:
        """Return the kit that draws the pages: a given one, else that of a name, else the usual one."""
        if wanted is not None and not isinstance(wanted, str):
            return wanted
        name = wanted or ("monster" if "monster" in self.names("ui") else "plain")
        answer = self._plugins.first(_KIT, name=name)
        if answer is not None and isinstance(answer.value, UIAdapter):
            return answer.value
        if answer is not None:
            self._plugins.reject(answer.plugin, _KIT, f"a kit has the methods of UIAdapter, not {answer.value!r:.80}")
        kit: UIAdapter = self.made("ui", name)
        return kit


def _settings_in(value: Any) -> list[PluginSetting]:
    settings = list(value or ())
    if not all(isinstance(one, PluginSetting) for one in settings):
        raise TypeError(f"starmodel_settings answers a list of PluginSetting, not {value!r:.80}")
    return settings


def _how_to_install(name: str) -> str:
    try:
        extras = metadata("starmodel").get_all("Provides-Extra") or []
    except PackageNotFoundError:
        return ""
    return f": pip install 'starmodel[{name}]'" if name in extras else ""
