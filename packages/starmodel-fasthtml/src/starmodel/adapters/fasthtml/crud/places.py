"""Which page stands at which address below that of its class."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from .answers import checked_values, found_choices
from .call import Content, PageCall
from .detail import detail_page
from .exports import export_csv, export_json, export_xlsx
from .forms import change_page, create_page, event_page
from .home import home_page
from .listing import list_page
from .shape import Shape

if TYPE_CHECKING:
    from starlette.types import ASGIApp

__all__ = ["FILES", "PAGES", "SITE", "PageMaker", "SiteMaker"]

PageMaker: TypeAlias = "Callable[[PageCall, Shape], Awaitable[Content | ASGIApp]]"
"""Makes the content of a page, or the whole answer where that is no page."""

SiteMaker: TypeAlias = "Callable[[PageCall], Awaitable[Content | ASGIApp]]"
"""The same for a page of no class."""

SITE: Mapping[str, Sequence[tuple[str, SiteMaker]]] = {
    "GET": [
        ("", home_page),
    ],
}
"""By method: the addresses of the site as a whole, and what answers them."""

PAGES: Mapping[str, Sequence[tuple[str, PageMaker]]] = {
    "GET": [
        ("", list_page),
        ("export.csv", export_csv),
        ("export.json", export_json),
        ("export.xlsx", export_xlsx),
        ("new", create_page),
        ("choices", found_choices),
        ("{id}/edit", change_page),
        ("do/{event}", event_page),
        ("{id}/do/{event}", event_page),
        ("{id}", detail_page),
    ],
    "POST": [
        ("do/{event}", checked_values),
        ("{id}/do/{event}", checked_values),
    ],
}
"""By method: what follows ``/todo/`` in an address, and what answers it; a name goes before an id."""

FILES: Mapping[PageMaker, int] = {}
"""How many bytes of files the pages take that take any: everything else has the limit of the gate."""
