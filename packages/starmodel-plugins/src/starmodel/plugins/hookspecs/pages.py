"""The moments in which a page is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starmodel.core.hooks import hookspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starmodel.core.actors import Actor
    from starmodel.core.entity import Entity
    from starmodel.core.ui import Link, Panel, Tile

    from .protocols import PanelSlot, PartMode

__all__ = [
    "starmodel_dash_tiles",
    "starmodel_nav",
    "starmodel_page_head",
    "starmodel_panels",
    "starmodel_ui_field",
]

# A specification has no body, which is what the checkers are asked to ignore below.


@hookspec
def starmodel_page_head(request: Any) -> Iterable[object]:  # type: ignore[empty-body]
    """Return elements for the ``<head>`` of the page that answers *request*: styles, scripts, meta tags."""


@hookspec
def starmodel_nav(actor: Actor) -> Iterable[Link]:  # type: ignore[empty-body]
    """Return entries for the navigation that *actor* sees, after those of the application.

    Asked for each page, so it only looks at *actor*.  An address begins with ``/`` or ``https://``.
    """


@hookspec
async def starmodel_dash_tiles(actor: Actor) -> Iterable[Tile]:  # type: ignore[empty-body]
    """Return tiles for the start page that *actor* sees, after those of the classes.

    All plugins are asked at once; one that fails or is late costs its own tiles.
    """


@hookspec
async def starmodel_panels(  # type: ignore[empty-body]
    slot: PanelSlot, actor: Actor, entity: Entity | type[Entity]
) -> Iterable[Panel]:
    """Return panels that *actor* sees on a page: below the facts of an *entity*, or below the list of a class.

    The *slot* is ``detail``, with a snapshot that *actor* may see, or ``list``, with the class.  All plugins are asked
    at once, and each panel is drawn on its own: one that fails costs itself.  A page of an entity is made again when
    that changes, and the panel with it.
    """


@hookspec
def starmodel_ui_field(kind: type[Entity], field: str, mode: PartMode) -> Callable[[Any], Any] | None:
    """Return what draws a field of a class, ``None`` to leave it to the kit; asked once for each.

    In the *mode* ``cell`` (rows of lists) and ``fact`` (page of an entity) it is a function of the entity.  In the mode
    ``control`` it is given the :class:`starmodel.core.ui.Field` that the kit would draw, and sends the value under its
    ``name``.  What it returns is escaped as on every page; where it fails, the kit draws.  What the application says
    by ``@app.pages.cell`` and the like counts before this.
    """
