"""What plugins add to the pages of the site: each piece within a boundary of its own, so that it costs only itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from starmodel.adapters.fasthtml.markup import Raw, checked_tree, html_of
from starmodel.core.ui import Link, Panel, Tile

from .replacing import USUAL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starmodel.core.actors import Actor
    from starmodel.core.entity import Entity
    from starmodel.plugins import Answer, PanelSlot, PluginHost

    from .call import PageCall
    from .shape import Shape

__all__ = ["NAV", "PANELS", "TILES", "add_plugin_parts", "nav_links", "panels", "tiles"]

T = TypeVar("T")

NAV, TILES, PANELS, FIELD = "starmodel_nav", "starmodel_dash_tiles", "starmodel_panels", "starmodel_ui_field"


def nav_links(plugins: PluginHost, actor: Actor) -> list[Link]:
    """Return what plugins add to the navigation that *actor* sees."""
    if not plugins.has(NAV):
        return []
    return _each(plugins, NAV, plugins.items(NAV, actor=actor), _link)


async def tiles(call: PageCall) -> list[tuple[Link, Any]]:
    """Return the tiles of plugins for the start page."""
    plugins = call.runtime.plugins
    return _each(plugins, TILES, await plugins.aitems(TILES, actor=call.read.actor), lambda item: _tile(call, item))


async def panels(call: PageCall, slot: PanelSlot, entity: Entity | type[Entity]) -> list[Raw]:
    """Return the panels of plugins for a page, drawn."""
    plugins = call.runtime.plugins
    found = await plugins.aitems(PANELS, slot=slot, actor=call.read.actor, entity=entity)
    return _each(plugins, PANELS, found, lambda item: _panel(call, item))


def add_plugin_parts(plugins: PluginHost, shape: Shape) -> None:
    """Let plugins draw fields of a class that the application does not draw itself."""
    if not plugins.has(FIELD):
        return
    own = shape.own
    for mode, parts in (("cell", own.cells), ("fact", own.facts), ("control", own.controls)):
        for name in shape.fields.keys() - parts.keys():
            answer = plugins.first(FIELD, kind=shape.kind, field=name, mode=mode)
            if answer is not None:
                parts[name] = _part(plugins, answer)


def _part(plugins: PluginHost, answer: Answer) -> Callable[[Any], Any]:
    """Return what draws a field by the function that a plugin answered, and the kit's own way where that fails."""

    def draw(shown: Any) -> Any:
        if not plugins.lets(answer.plugin, FIELD):
            return USUAL
        with plugins.guarded(answer.plugin, FIELD):
            if not callable(answer.value):
                raise TypeError(f"the answer must be a function that draws, or None, not {answer.value!r:.80}")
            return Raw(html_of(checked_tree(answer.value(shown))))
        return USUAL

    return draw


def _each(plugins: PluginHost, hook: str, found: Sequence[Answer], make: Callable[[Any], T]) -> list[T]:
    made: list[T] = []
    for item in found:
        with plugins.guarded(item.plugin, hook):
            made.append(make(item.value))
    return made


def _link(item: Any) -> Link:
    if not isinstance(item, Link):
        raise TypeError(f"an entry of the navigation is a Link of starmodel.core.ui, not {item!r:.80}")
    is_here = item.href.startswith("/") and not item.href.startswith(("//", "/\\"))
    if not is_here and not item.href.startswith("https://"):
        raise ValueError(f"the address {item.href!r:.80} must begin with / or https://")
    return item


def _tile(call: PageCall, item: Any) -> tuple[Link, Any]:
    if not isinstance(item, Tile):
        raise TypeError(f"a tile is a Tile of starmodel.core.ui, not {item!r:.80}")
    link, words = _link(item.link), call.words
    value = words.number(item.value) if type(item.value) is int else item.value
    shown = Link(label=words.label(link.label), href=link.href, icon=link.icon, attributes=link.attributes)
    return shown, Raw(html_of(checked_tree(value)))


def _panel(call: PageCall, item: Any) -> Raw:
    if not isinstance(item, Panel):
        raise TypeError(f"a panel is a Panel of starmodel.core.ui, not {item!r:.80}")
    drawn = call.kit.section(call.words.label(item.title), item.content, actions=item.actions)
    return Raw(html_of(checked_tree(drawn)))
