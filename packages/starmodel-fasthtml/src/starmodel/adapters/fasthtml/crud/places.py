"""Which page stands at which address below that of its class."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from starmodel.app import refuse_unlisted
from starmodel.core.entity import valid_id

from .answers import checked_values, found_choices
from .bulk import bulk_page, to_list
from .call import Content, PageCall
from .choosing import choose_language
from .detail import detail_page
from .exports import export_csv, export_json, export_xlsx
from .filters import filter_panel
from .forms import cell_form, change_page, create_page, event_page
from .home import home_page
from .imports import MOST_BYTES, import_page, import_sent
from .listing import list_page
from .options import options_panel
from .progress import batch_page, batch_wish
from .saved import usual_list, views_panel
from .searching import palette_page
from .shape import Shape

if TYPE_CHECKING:
    from starlette.types import ASGIApp

__all__ = ["FILES", "LISTING", "PAGES", "SITE", "PageMaker", "Place", "SiteMaker", "place_at"]

PageMaker: TypeAlias = "Callable[[PageCall, Shape], Awaitable[Content | ASGIApp]]"
"""Makes the content of a page, or the whole answer where that is no page."""

SiteMaker: TypeAlias = "Callable[[PageCall], Awaitable[Content | ASGIApp]]"
"""The same for a page of no class."""

SITE: Mapping[str, Sequence[tuple[str, SiteMaker]]] = {
    "GET": [
        ("", home_page),
        ("_starmodel/palette", palette_page),
        ("_starmodel/language/{code}", choose_language),
    ],
}
"""By method: the addresses of the site as a whole, and what answers them."""

PAGES: Mapping[str, Sequence[tuple[str, PageMaker]]] = {
    "GET": [
        ("", list_page),
        ("filter", filter_panel),
        ("options", options_panel),
        ("views", views_panel),
        ("usual", usual_list),
        ("bulk", to_list),
        ("import", import_page),
        ("batches/{id}", batch_page),
        ("export.csv", export_csv),
        ("export.json", export_json),
        ("export.xlsx", export_xlsx),
        ("new", create_page),
        ("choices", found_choices),
        ("{id}/edit", change_page),
        ("{id}/cell/{event}", cell_form),
        ("do/{event}", event_page),
        ("{id}/do/{event}", event_page),
        ("{id}", detail_page),
    ],
    "POST": [
        ("do/{event}", checked_values),
        ("{id}/do/{event}", checked_values),
        ("bulk", bulk_page),
        ("import", import_sent),
        ("batches/{id}", batch_wish),
    ],
}
"""By method: what follows ``/todo/`` in an address, and what answers it; a name goes before an id."""

LISTING = frozenset(
    {list_page, filter_panel, options_panel, views_panel, usual_list, export_csv, export_json, export_xlsx}
)
"""Those that show what there is of a class, or how: not for whoever may read none of it."""

FILES: Mapping[PageMaker, int] = {import_sent: MOST_BYTES}
"""How many bytes of files the pages take that take any: everything else has the limit of the gate."""


class Place(NamedTuple):
    """What answers a request, and what its address names."""

    make: SiteMaker
    named: Mapping[str, str]
    files: int = 0
    """How many bytes of files it takes."""


def place_at(shapes: Sequence[Shape], method: str, path: str) -> Place | None:
    """Return what answers *method* at *path*: a page of the site, or of one of the classes of *shapes*."""
    path = path.strip("/")
    parts = path.split("/") if path else []
    fitting = [
        Place(maker, named) for pattern, maker in SITE.get(method, ()) if (named := _named(pattern, parts)) is not None
    ]
    shape = next((one for one in shapes if parts[:1] == [one.path.removeprefix("/")]), None)
    if shape is not None:
        fitting += _places_of(shape, method, parts[1:])
    return min(fitting, key=lambda one: len(one.named), default=None)  # /todo/new is no id


def _places_of(shape: Shape, method: str, parts: list[str]) -> Iterator[Place]:
    for pattern, maker in PAGES.get(method, ()):
        named = _named(pattern, parts)
        if named is not None:
            yield Place(_made_for(shape, maker), named, FILES.get(maker, 0))


def _made_for(shape: Shape, maker: PageMaker) -> SiteMaker:
    async def make(call: PageCall) -> Content | ASGIApp:
        if maker in LISTING:
            refuse_unlisted(call.runtime.app, shape.kind, call.read.actor)
        return await maker(call, shape)

    return make


def _named(pattern: str, parts: list[str]) -> dict[str, str] | None:
    """Return what *parts* name where *pattern* has braces; ``None`` when they do not fit it."""
    wanted = pattern.split("/") if pattern else []
    if len(wanted) != len(parts):
        return None
    named = {}
    for want, part in zip(wanted, parts, strict=True):
        if want.startswith("{"):
            named[want.strip("{}")] = part
        elif want != part:
            return None
    return named if valid_id(named.get("id", "x")) else None
