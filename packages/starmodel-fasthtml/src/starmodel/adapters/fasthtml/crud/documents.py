"""Whole pages as bytes: the frame of the kit, the live part, and what differs from one answer to the next left open."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

from starmodel.adapters.fasthtml.answering import nonce_of
from starmodel.adapters.fasthtml.markup import Raw, checked_tree, html_of
from starmodel.adapters.fasthtml.pages import AT_ONCE, META, live_part, page_part, plain_form
from starmodel.core.ui import Frame

from .additions import NAV, nav_links
from .choosing import language_menu
from .scripts import SCRIPT_PHRASES
from .searching import search_link
from .templates import parted, slot
from .words import SOURCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import Scope

    from starmodel.core.actors import Actor
    from starmodel.core.ui import Link

    from .call import Content, PageCall
    from .site import Site
    from .templates import Template
    from .words import Words

__all__ = ["KEY", "Document", "document", "framed"]

_NONCE, KEY = slot("nonce"), slot("key")


class Document:
    """A page that can be sent again: each answer has a nonce and a key of its own."""

    __slots__ = ("_names", "_texts", "size", "status")

    def __init__(self, html: str, status: int) -> None:
        self._texts, self._names = parted(html)
        self.size = sum(map(len, self._texts))
        self.status = status

    def body(self, scope: Scope) -> bytes:
        """Return the page for one request."""
        values = {"nonce": nonce_of(scope).encode(), "key": secrets.token_urlsafe(12).encode()}
        parts = self._texts[:1]
        for name, text in zip(self._names, self._texts[1:], strict=True):
            parts += (values[name], text)
        return b"".join(parts)


def document(
    call: PageCall, content: Content, head: Sequence[Any] | None = None, *, is_error: bool = False
) -> Document:
    """Return the whole page around *content*; *head* is what plugins add to it, where that is known.

    That of an error stands nowhere in the navigation and sends nothing.  What plugins add to the navigation, such as
    the way to sign in, it has where it is known who sent the request, and nothing is out of order.
    """
    site, words = call.site, call.words
    added = "".join(html_of(checked_tree(one, _NONCE)) for one in (call.site.head(call) if head is None else head))
    key = ("document", words, added, is_error)
    around = site.template(key, lambda: _around(site, words, added, is_error=is_error))
    is_plain = is_error and (content.status >= 500 or "starmodel.actor" not in call.scope)
    links = [] if is_plain else nav_links(site.runtime.plugins, call.read.actor)
    inner = framed(site, words, "" if is_error else call.path, call.read.actor, links).filled(
        lambda _: "".join([html_of(checked_tree(part)) for part in content.parts])
    )
    title = content.title if content.title == site.title else f"{content.title} · {site.title}"
    is_everybodys = content.lasting and not site.runtime.plugins.has(NAV)  # which may differ from reader to reader
    live = live_part(call.read, site.runtime, call.scope, anybody=is_everybodys)
    filled = {"title": escape(title), "page": page_part(inner) + live, "nonce": _NONCE, "key": KEY}
    return Document(around.filled(filled.__getitem__), content.status)


def _around(site: Site, words: Words, added: str, *, is_error: bool) -> Raw:
    """Return what is the same on all pages in these words."""
    return Raw(
        f'<!doctype html><html lang="{escape(words.language)}" dir="{words.direction}">'
        f"<head>{META}{'' if is_error else AT_ONCE}"
        f"<title>{slot('title')}</title>{site.runtime.assets.head(_NONCE)}{added}</head>"
        f"<body{_spoken(words)}>{slot('page')}{'' if is_error else plain_form(KEY)}</body></html>"
    )


def framed(site: Site, words: Words, path: str, actor: Actor, added: Sequence[Link] = ()) -> Template:
    """Return the frame of a page at *path* for *actor*, with a slot for its content; *added* is further navigation."""
    places = [*site.places, *[link.href for link in added]]
    place = next((href for href in places if _is_at(path, href)), "")
    key = tuple((link.label, link.href, link.icon, repr(link.attributes)) for link in added)
    return site.template(
        ("frame", words, place, len(site.places), site.unseen_by(actor), key),
        lambda: site.runtime.kit.page(_frame(words, place, site, [*site.links_for(actor), *added]), [slot("content")]),
    )


def _frame(words: Words, place: str, site: Site, all_links: Sequence[Link]) -> Frame:
    links = [replace(link, label=words.label(link.label), current=link.href == place) for link in all_links]
    return Frame(
        brand=site.title,
        links=links,
        tools=[search_link(site, words), language_menu(site, words)],
        words={
            "menu": words("Menu"),
            "theme": words("Theme"),
            "light": words("Light"),
            "dark": words("Dark"),
            "system": words("Like the system"),
            "skip": words("Skip to content"),
        },
    )


def _spoken(words: Words) -> str:
    """Return the attribute with what our scripts say, in other languages than theirs."""
    if words.language == SOURCE:
        return ""
    table = json.dumps({phrase: words(phrase) for phrase in SCRIPT_PHRASES}, ensure_ascii=False)
    return f' data-sm-words="{escape(table)}"'


def _is_at(path: str, place: str) -> bool:
    return path == place or path.startswith(f"{place}/")
