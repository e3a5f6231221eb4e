"""Everything that can be done with a row, drawn once a page: a script shows it at the row that it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastcore.xml import ft

from starmodel.core.ui import Link

from .buttons import action_button, form_link

if TYPE_CHECKING:
    from .call import PageCall
    from .shape import Shape

__all__ = ["row_menu"]

_ID = "__id__"
"""Stands for the id of the row."""


def row_menu(call: PageCall, shape: Shape, can: frozenset[str]) -> Any:
    """Return the template of the menu of a row; without scripts *More* leads to the entity's page.

    *can* are the events that may be done to some row; each says what it is, for a row that they may not be done to.
    """
    words, kit = call.words, call.kit
    items = [kit.link(Link(label=words("Open"), href=f"{shape.path}/{_ID}"), tone="quiet")]
    if "update" in can:
        items.append(_item("update", form_link(kit, words("Edit"), f"{shape.path}/{_ID}/edit", tone="quiet")))
    last = [shape.handlers["delete"]] if "delete" in shape.handlers else []
    offered = [one for one in (*shape.actions, *last) if one.event.name in can]
    items += [_item(one.event.name, action_button(kit, shape, one, _ID, words)) for one in offered]
    return ft("template", *items, id="sm-row-menu")


def _item(event: str, drawn: Any) -> Any:
    drawn.attrs["data-sm-event"] = event
    return drawn
