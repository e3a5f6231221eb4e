"""The palette: one place to find every page, action and entity from; a page of its own for those without scripts."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any

from fastcore.xml import ft

from starmodel.adapters.fasthtml.gate import header
from starmodel.adapters.fasthtml.markup import Raw, checked_tree, html_of
from starmodel.core.ui import Field, Link

from .call import Content
from .finding import Found, actions_of, found
from .pieces import Piece

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from .call import PageCall
    from .site import Site
    from .words import Words

__all__ = ["palette_page", "search_link"]

_PATH = "/_starmodel/palette"


def search_link(site: Site, words: Words) -> Any:
    """Return what opens the palette: a link to its page, which a script opens as a dialog."""
    attributes = {"data-sm-palette": True, "aria-keyshortcuts": "Control+K Meta+K", "title": "Ctrl K"}
    link = Link(label=words("Search"), href=_PATH, icon="search", attributes=attributes)
    return site.runtime.kit.link(link, tone="quiet")


async def palette_page(call: PageCall) -> Content | ASGIApp:
    """Return the palette: as a dialog or its options when a script asks for them, else as a page."""
    text, of = call.first("q"), call.first("of")
    wanted = header(call.scope, b"starmodel-request")
    items = await (actions_of(call, of) if of else found(call, text))
    if wanted == "options":
        return _piece(_options(call, items, text))
    return _piece(_dialog(call, items)) if wanted else _page(call, items, text)


def _piece(element: Any) -> Piece:
    return Piece(html_of(checked_tree(element)))


def _dialog(call: PageCall, items: list[Found]) -> Any:
    words = call.words
    label = words("Search for pages, actions and entries")
    attributes = {
        "role": "combobox",
        "aria-expanded": "true",
        "aria-controls": "sm-palette-list",
        "aria-autocomplete": "list",
        "autocomplete": "off",
        "spellcheck": "false",
        "placeholder": label,
    }
    field = Field(id="sm-palette-text", name="q", label=label, hide_label=True, attributes=attributes)
    advice = ft("p", words("Enter opens, → shows what can be done, Esc closes."), cls="sm-palette-help")
    content = [call.kit.field(field), _options(call, items, ""), advice]
    return call.kit.dialog("sm-palette", words("Search"), content, close=words("Close"))


def _options(call: PageCall, items: list[Found], text: str) -> Any:
    """Return the list of options with what to say about it."""
    words = call.words
    count = len(items)
    status = words.many(count, "{count} result", "{count} results") if count else words("Nothing found")
    return ft(
        "div",
        ft("div", *[_option(call, number, item, text) for number, item in enumerate(items)], role="listbox",
           id="sm-palette-list", **{"aria-label": words("Results")}),
        ft("p", status, role="status", cls="sm-palette-status"),
        id="sm-palette-found",
    )  # fmt: skip


def _option(call: PageCall, number: int, item: Found, text: str) -> Any:
    attributes: dict[str, Any] = {
        "role": "option",
        "id": f"sm-option-{number}",
        "aria-selected": "false",
        "data-href": item.href,
        "data-form": item.is_form,
        "data-send": item.sends,
        "data-of": item.of,
    }
    label = ft("span", Raw(f"<bdi>{_marked(item.label, text)}</bdi>"), cls="sm-label")
    shown = {name: value for name, value in attributes.items() if value not in ("", False)}
    return ft("div", call.kit.icon(item.icon), label, ft("span", item.note, cls="sm-note"), **shown)


def _marked(label: str, text: str) -> str:
    """Return *label* as HTML with the words of *text* marked in it."""
    words = sorted(text.split(), key=len, reverse=True)
    if not words:
        return escape(label)
    parts = re.split(f"({'|'.join(map(re.escape, words))})", label, flags=re.IGNORECASE)
    return "".join(f"<mark>{escape(part)}</mark>" if at % 2 else escape(part) for at, part in enumerate(parts))


def _page(call: PageCall, items: list[Found], text: str) -> Content:
    kit, words = call.kit, call.words
    label = words("Search for pages, actions and entries")
    field = Field(id="sm-search", name="q", label=label, value=text, hide_label=True, attributes={"type": "search"})
    search = kit.button(words("Search"), {"type": "submit"}, tone="primary", icon="search")
    form = ft("form", kit.toolbar([kit.field(field), search]), action=_PATH, role="search")
    if items:
        results = ft("ul", *[ft("li", _way(call, item)) for item in items], role="list", klass="sm-found")
    else:
        results = kit.empty(words("Nothing found"), "", icon="search-x")
    title = words("Search")
    return Content(title=title, parts=[kit.heading(title), form, results])


def _way(call: PageCall, item: Found) -> Any:
    if item.sends:
        attributes = {"type": "submit", "form": "sm-form", "formaction": item.sends, "data-sm-send": True}
        return call.kit.button(item.label, attributes, tone="quiet", icon=item.icon)
    attributes = {"data-sm-dialog": True} if item.is_form else {}
    link = Link(label=item.label, href=item.href, icon=item.icon, attributes=attributes)
    return [call.kit.link(link, tone="quiet"), " ", ft("span", item.note, cls="muted")]
