"""Which plugins a project has switched on: what is installed is not active for that alone."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starmodel.core.errors import ConfigurationError

from .discovery import discover
from .folder import discover_local
from .host import PluginHost

__all__ = ["DISABLE", "PLUGINS", "REQUIRED", "PluginChoice", "find_project"]

PLUGINS, DISABLE, REQUIRED = "STARMODEL_PLUGINS", "STARMODEL_DISABLE_PLUGINS", "STARMODEL_REQUIRED_PLUGINS"

_FILE = "pyproject.toml"


@dataclass(frozen=True, kw_only=True, slots=True)
class PluginChoice:
    """What a project says about plugins; *project* is its folder, ``None`` where there is none.

    In its ``pyproject.toml``::

        [tool.starmodel]
        plugins = ["weather"]            # what is on, besides those of StarModel's own packages and of app/plugins
        required-plugins = ["weather"]   # does not start without these

        [tool.starmodel.backends]
        papyrus = "acme-papyrus"         # of two packages that offer one name, this one counts

    ``STARMODEL_PLUGINS`` and ``STARMODEL_REQUIRED_PLUGINS`` say the same for one machine, in the place of the lists;
    what ``STARMODEL_DISABLE_PLUGINS`` names stays off in any case, ``*`` is all of them.
    """

    project: Path | None = None
    enabled: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    pins: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def of(cls, folder: Path, environ: Mapping[str, str]) -> PluginChoice:
        """Return what the project around *folder* and the variables in *environ* say.

        ConfigurationError for a file that cannot be read, and for a table that says something else than names.
        """
        project = find_project(folder)
        table = {} if project is None else _table(project / _FILE)
        return cls(
            project=project,
            enabled=_listed(environ, PLUGINS, _names(table, "plugins")),
            disabled=_listed(environ, DISABLE, ()),
            required=_listed(environ, REQUIRED, _names(table, "required-plugins")),
            pins=_pins(table),
        )

    def host(self, *, strict: bool = False) -> PluginHost:
        """Return a host with the plugins that are on: the installed ones, then those of the project's own folder."""
        host = PluginHost(
            enabled=self.enabled, disabled=self.disabled, required=self.required, pins=self.pins, strict=strict
        )
        return host.load([*discover(), *(discover_local(self.project) if self.project is not None else ())])


def find_project(folder: Path) -> Path | None:
    """Return the nearest folder, from *folder* upwards, that has a ``pyproject.toml``."""
    start = folder.resolve()
    return next((one for one in (start, *start.parents) if (one / _FILE).is_file()), None)


def _table(file: Path) -> Mapping[str, Any]:
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("starmodel", {})
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{file} cannot be read, so nobody knows which plugins are on: {error}") from error
    if not isinstance(table, dict):
        raise ConfigurationError(f"tool.starmodel in {file} must be a table, not {table!r}")
    return table


def _names(table: Mapping[str, Any], key: str) -> tuple[str, ...]:
    named = table.get(key, [])
    if not isinstance(named, list) or not all(isinstance(one, str) and one for one in named):
        raise ConfigurationError(f'[tool.starmodel] {key} must be a list of names such as ["weather"], not {named!r}')
    return tuple(named)


def _pins(table: Mapping[str, Any]) -> Mapping[str, str]:
    pins = table.get("backends", {})
    if not isinstance(pins, dict) or not all(isinstance(one, str) and one for one in pins.values()):
        raise ConfigurationError(
            f'[tool.starmodel.backends] names a package for each adapter, as in sql = "starmodel-sql", not {pins!r}'
        )
    return pins


def _listed(environ: Mapping[str, str], name: str, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    if name not in environ:
        return otherwise
    return tuple(part.strip() for part in environ[name].split(",") if part.strip())
