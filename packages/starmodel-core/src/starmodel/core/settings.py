"""What an adapter or a plugin is set by: declared with its meaning, and handed to it instead of the environment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .errors import ConfigurationError, hint

__all__ = ["AdapterSettings", "PluginSetting"]

_NAME = re.compile(r"[A-Z][A-Z0-9_]*")


@dataclass(frozen=True, slots=True)
class PluginSetting:
    """One variable of the environment that a plugin reads, and what it means.

    Without a *default* it may be missing, unless it is *required*.  A *secret* one is shown nowhere.
    ConfigurationError for a name that is no ``NAME_IN_CAPITALS``, and for one that says nothing of itself.
    """

    name: str
    doc: str
    default: str | None = None
    required: bool = False
    secret: bool = False

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ConfigurationError(f"a setting is called like WEATHER_URL, in capitals, not {self.name!r}")
        if not self.doc.strip():
            raise ConfigurationError(f"the setting {self.name} says nothing of what it is for; give it a sentence")


@dataclass(frozen=True, kw_only=True, slots=True)
class AdapterSettings:
    """What an adapter may know of how it is run: the values of declared settings, and whether this is *development*."""

    development: bool = False
    values: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)

    def declared(self, settings: Iterable[PluginSetting], environ: Mapping[str, str]) -> AdapterSettings:
        """Return these and the values that *environ* has for declared *settings*; what is here already counts.

        ConfigurationError when a required one has none.
        """
        found: dict[str, str] = {}
        for one in settings:
            value = environ.get(one.name) or one.default
            if value is not None:
                found[one.name] = value
            elif one.required and one.name not in self.values:
                raise ConfigurationError(f"{one.name} is not set: {one.doc}")
        return AdapterSettings(development=self.development, values={**found, **self.values})

    def get(self, name: str) -> str | None:
        """Return the value of a setting, ``None`` where it has none."""
        return self.values.get(name)

    def __getitem__(self, name: str) -> str:
        """Return the value of a setting; ConfigurationError where it has none."""
        if name not in self.values:
            raise ConfigurationError(f"the setting {name} has no value, or was not declared; {hint(name, self.values)}")
        return self.values[name]
