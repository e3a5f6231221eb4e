"""Which plugins an application has: those that its settings, or else its project, switched on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from starmodel.core import Entity
from starmodel.plugins import PluginChoice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starmodel.plugins import PluginHost

    from .settings import Settings

__all__ = ["chosen_host", "entities_of"]

_ENTITIES = "starmodel_entities"


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


def entities_of(host: PluginHost, own: Sequence[type[Entity]]) -> list[type[Entity]]:
    """Return the classes that plugins bring besides the application's *own*; of two of one name the first counts."""
    taken: dict[str, object] = {getattr(kind, "__entity_name__", ""): kind for kind in own}
    found: list[type[Entity]] = []
    for answer in host.items(_ENTITIES):
        kind = answer.value
        if not isinstance(kind, type) or not issubclass(kind, Entity):
            host.reject(answer.plugin, _ENTITIES, f"it brings {kind!r:.80}, which is no class of entities")
        elif taken.setdefault(kind.__entity_name__, kind) is not kind:
            host.reject(answer.plugin, _ENTITIES, f"there is a class {kind.__entity_name__} already; rename this one")
        elif kind not in found and kind not in own:
            found.append(kind)
    return found
