"""The list of a class: searched, filtered, sorted and paged by its address, and live."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

from fastcore.xml import ft

from starmodel.adapters.fasthtml.markup import Raw, html_of
from starmodel.adapters.fasthtml.reading import ViewUse
from starmodel.adapters.fasthtml.rights import rights_of
from starmodel.app import is_ruled, tally
from starmodel.core.relations import steps_of
from starmodel.core.ui import Column, Field, Link

from .additions import PANELS, panels
from .allowing import allowed
from .asking import ListCall, address, list_address
from .bulk import bulk_bar
from .buttons import action_button, form_link
from .call import Content
from .chips import filter_chips
from .menus import row_menu
from .naming import name_references
from .paging import Slice, read_slice
from .panels import going_to
from .replaced import page_or_own
from .saved import has_usual
from .templates import slot
from .tools import list_tools

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from starmodel.core.query import Query

    from .call import PageCall
    from .shape import Shape

__all__ = ["list_page"]

_CAP = 1000
_PAGER = {"data-sm-pager": True}
_MANNER = ("columns", "limit", "sort", "view")
"""What an address says of how a list is shown; all else asks for a part of it."""


async def list_page(call: PageCall, shape: Shape) -> Content | ASGIApp:
    """Return the list that the address asks for, or the way to the one that its reader wants to see first."""
    if has_usual(call, shape):
        return going_to(f"{shape.path}/usual")
    return await page_or_own(call, shape, "list", partial(_usual_page, call, shape))


async def _usual_page(call: PageCall, shape: Shape) -> Content:
    asked = ListCall.of(call, shape)
    rows = await read_slice(call.read, shape.kind, asked.query, asked.before)
    await name_references(call, shape, [stored.entity for stored in rows.rows], asked.columns)
    count, can = await _count(call, shape, asked.query), allowed(call, shape, [one.entity for one in rows.rows])
    kept = tuple(pair for pair in call.pairs if pair[0] not in ("after", "before"))
    key = ("list", shape.name, call.words, kept, bool(rows.rows), _asks_for_part(call), can)
    drawn = call.site.template(key, lambda: _around_rows(call, shape, asked, can, is_empty=not rows.rows))
    filled = {
        "chips": html_of(await filter_chips(call, shape, asked.query)),
        "rows": await _rows(call, shape, asked, rows),
        "pager": _pager(call, shape, rows, count),
    }
    added = await panels(call, "list", shape.kind)
    parts = [Raw(drawn.filled(filled.__getitem__)), *added]
    is_lasting = call.read.is_everybodys and not call.runtime.plugins.has(PANELS)
    return Content(title=call.words.label(shape.plural), parts=parts, lasting=is_lasting)


def _around_rows(call: PageCall, shape: Shape, asked: ListCall, can: frozenset[str], *, is_empty: bool) -> Any:
    """Return what stands around the rows, with a slot for them: it is the same on every page of a list."""
    return ft(
        "div",
        call.kit.heading(call.words.label(shape.plural), actions=_class_actions(call, shape, can)),
        _toolbar(call, shape, asked, can),
        slot("chips"),
        _empty(call, shape, can) if is_empty else _table(call, shape, asked, can),
        "" if is_empty else (bulk_bar(call, shape, can), row_menu(call, shape, can)),
        slot("pager"),
        **{"data-sm-list": True},
    )


def _class_actions(call: PageCall, shape: Shape, can: frozenset[str]) -> list[Any]:
    words, kit = call.words, call.kit
    offered = [one for one in shape.class_actions if one.event.name in can]
    own = [action_button(kit, shape, one, "", words, tone="default") for one in offered]
    if "create" not in can:
        return own
    label = words("New {thing}", thing=words.within(words.label(shape.label)))
    return [*own, form_link(kit, label, f"{shape.path}/new", tone="primary", icon="plus")]


def _toolbar(call: PageCall, shape: Shape, asked: ListCall, can: frozenset[str]) -> Any:
    tools = list_tools(call, shape, can, asked.query)
    return call.kit.toolbar([_search(call, shape, asked), *tools] if shape.search_fields else tools)


def _search(call: PageCall, shape: Shape, asked: ListCall) -> Any:
    label = call.words("Search {things}", things=call.words.within(call.words.label(shape.plural)))
    field = Field(
        id="sm-search",
        name="q",
        label=label,
        value=asked.query.search,
        hide_label=True,
        attributes={"placeholder": label, "type": "search", "autocomplete": "off"},
    )
    kept = [
        ft("input", void_=True, type="hidden", name=name, value=value)
        for name, value in call.pairs
        if name not in ("q", "after", "before")
    ]
    form = ft("form", call.kit.field(field), *kept, action=shape.path, role="search")
    form.attrs["data-sm-search"] = True
    return form


async def _rows(call: PageCall, shape: Shape, asked: ListCall, rows: Slice) -> str:
    view, read = call.site.row_view(shape), call.read
    rights = rights_of([shape.kind], read.actor)
    params = view.params(asked.columns, call.words)
    read.uses_views(shape.name, rows.rows, ViewUse(view.name, params))
    if read.fragments.shared is not None:
        await read.fragments.shared.bring(view.pieces(rows.rows, params, rights, call.names))
    return "".join([view.html(one, params, rights, read.fragments, call.names) for one in rows.rows])


def _table(call: PageCall, shape: Shape, asked: ListCall, can: frozenset[str]) -> Any:
    columns = [
        Column(name="", label=""),
        *[_column(call, shape, asked, can, name) for name in asked.columns],
        Column(name="", label=""),
    ]
    return call.kit.table(f"{shape.name.lower()}-rows", columns, [slot("rows")], label=call.words.label(shape.plural))


def _column(call: PageCall, shape: Shape, asked: ListCall, can: frozenset[str], name: str) -> Column:
    field, order = shape.fields[name], asked.query.order
    at = next((one for one in order if one.removeprefix("-") == name), "")
    following = f"-{name}" if at == name else name
    return Column(
        name=name,
        label=call.words.label(field.label),
        href=address(call, sort=following) if field.is_sorted_by else "",
        direction="descending" if at.startswith("-") else "ascending" if at else "",
        numeric=field.numeric,
        attributes=_edited(shape, name) if "update" in can else {},
    )


def _edited(shape: Shape, name: str) -> dict[str, Any]:
    """Return where a value of a column is changed: at its cell, or in the form where it takes more room than that."""
    if shape.is_edited(name):
        return {"data-sm-edit": f"{shape.path}/*/cell/{name}"}
    return {"data-sm-edit": f"{shape.path}/*/edit", "data-sm-at": name} if shape.is_in_form(name) else {}


def _empty(call: PageCall, shape: Shape, can: frozenset[str]) -> Any:
    words, things = call.words, call.words.within(call.words.label(shape.plural))
    if _asks_for_part(call):
        clear = call.kit.link(Link(label=words("Show all"), href=list_address(shape.path, ())), tone="default")
        text = words("No {things} match what you are looking for.", things=things)
        return call.kit.empty(words("Nothing found"), text, icon="search-x", actions=[clear])
    text = words("They appear here as soon as there is one.")
    create = _class_actions(call, shape, can)[-1:] if "create" in can else []
    return call.kit.empty(words("No {things} yet", things=things), text, icon=shape.icon, actions=create)


def _asks_for_part(call: PageCall) -> bool:
    return any(text and name not in _MANNER for name, text in call.pairs)


async def _count(call: PageCall, shape: Shape, query: Query) -> int | None:
    """Return how many there are, up to a cap; ``None`` where a number would tell of what may not be seen.

    It is the same on every page of a list, and kept until one of them is stored.
    """
    if query.search or steps_of(query.where):
        return None
    app = call.runtime.app
    if is_ruled(shape.kind) and not app.has_policies:
        return await tally(app, shape.kind, query, actor=call.read.actor, cap=_CAP + 1)
    if not call.read.is_everybodys:
        return None
    counts, key = call.site.counts, (shape.name, repr(query.where))
    count, since = counts.find(key), counts.moves.total
    if count is None:
        count = await call.runtime.app.count(shape.kind, query.where, cap=_CAP + 1)
        if call.site.is_lasting([shape.name]):
            counts.keep(key, (shape.name,), since, count)
    return count


def _pager(call: PageCall, shape: Shape, rows: Slice, count: int | None) -> str:
    if not rows.rows:
        return ""
    summary = _summary(call, shape, count)
    key = ("pager", call.words, bool(summary), bool(rows.before), bool(rows.after))
    drawn = call.site.template(key, lambda: _empty_pager(call, rows, slot("summary") if summary else ""))
    filled = {
        "summary": summary,
        "before": address(call, before=rows.before),
        "after": address(call, after=rows.after),
    }
    return drawn.filled(lambda name: escape(filled[name]))


def _empty_pager(call: PageCall, rows: Slice, summary: str) -> Any:
    before = Link(label=call.words("Previous"), href=slot("before"), icon="chevron-left", attributes=_PAGER)
    after = Link(label=call.words("Next"), href=slot("after"), icon="chevron-right", attributes=_PAGER)
    return call.kit.pager(summary, before if rows.before else None, after if rows.after else None)


def _summary(call: PageCall, shape: Shape, count: int | None) -> str:
    words = call.words
    if count is None:
        return ""
    if count > _CAP:
        return words(
            "More than {count} {things}", count=words.number(_CAP), things=words.within(words.label(shape.plural))
        )
    thing = words.within(words.label(shape.label if count == 1 else shape.plural))
    return f"{words.number(count)} {thing}"
