"""The controls above a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starmodel.core.ui import Link

from .exports import export_links
from .panels import panel_link, with_pairs

if TYPE_CHECKING:
    from starmodel.core.query import Query

    from .call import PageCall
    from .shape import Shape

__all__ = ["list_tools"]


def list_tools(call: PageCall, shape: Shape, can: frozenset[str], query: Query | None = None) -> list[Any]:
    """Return what changes how a list is shown, and what is done with all of it."""
    words = call.words
    pairs = [pair for pair in call.pairs if pair[0] not in ("after", "before")]
    count = len(query.where) if query is not None else 0
    label = words("Filter ({count})", count=count) if count else words("Filter")
    return [
        panel_link(call, label, with_pairs(f"{shape.path}/filter", pairs), icon="list-filter"),
        panel_link(call, words("Display"), with_pairs(f"{shape.path}/options", pairs), icon="sliders-horizontal"),
        panel_link(call, words("Views"), with_pairs(f"{shape.path}/views", pairs), icon="bookmark"),
        call.kit.menu(words("Export"), export_links(call), icon="download"),
        *([call.kit.link(_import_link(call, shape), tone="default")] if "create" in can else []),
    ]


def _import_link(call: PageCall, shape: Shape) -> Link:
    return Link(label=call.words("Import"), href=f"{shape.path}/import", icon="upload")
