"""Which plugins an application has: those that its settings, or else its project, switched on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from starmodel.plugins import PluginChoice

if TYPE_CHECKING:
    from starmodel.plugins import PluginHost

    from .settings import Settings

__all__ = ["chosen_host"]


def chosen_host(settings: Settings) -> PluginHost:
    """Return a host with the plugins that are on; PluginLoadError when a required one is not there."""
    said = PluginChoice.of(Path.cwd(), {})
    choice = replace(
        said,
        enabled=said.enabled if settings.plugins is None else settings.plugins,
        required=said.required if settings.required_plugins is None else settings.required_plugins,
        disabled=settings.disabled_plugins,
    )
    return choice.host()
