"""Whole pages as bytes: the frame of the kit, the live part, and what differs from one answer to the next left open."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

from starmodel.adapters.fasthtml.answering import nonce_of
from starmodel.adapters.fasthtml.markup import checked_tree, html_of
from starmodel.adapters.fasthtml.pages import META, live_part, page_part, plain_form
from starmodel.core.ui import Frame

from .templates import slot

if TYPE_CHECKING:
    from starlette.types import Scope

    from .call import Content, PageCall
    from .site import Site
    from .templates import Template
    from .words import Words

__all__ = ["KEY", "Document", "document", "framed"]

# Nobody can have put these into a value that stands on the page: they are made anew for each process.
_NONCE, KEY = (slot(f"{name} {secrets.token_hex(8)}") for name in ("nonce", "key"))
_DIFFERENT = re.compile(f"({re.escape(_NONCE)}|{re.escape(KEY)})")


class Document:
    """A page that can be sent again: each answer has a nonce and a key of its own."""

    __slots__ = ("_texts", "size", "status")

    def __init__(self, html: str, status: int) -> None:
        self._texts = [text.encode() for text in _DIFFERENT.split(html)]
        self.size = sum(map(len, self._texts))
        self.status = status

    def body(self, scope: Scope) -> bytes:
        """Return the page for one request."""
        values = {_NONCE.encode(): nonce_of(scope).encode(), KEY.encode(): secrets.token_urlsafe(12).encode()}
        return b"".join([values.get(text, text) for text in self._texts])


def document(call: PageCall, content: Content, *, is_error: bool = False) -> Document:
    """Return the whole page around *content*; that of an error stands nowhere in the navigation and sends nothing."""
    words, site = call.words, call.site
    frame = framed(site, words, "" if is_error else call.path)
    inner = frame.filled(lambda _: "".join([html_of(checked_tree(part)) for part in content.parts]))
    title = content.title if content.title == site.title else f"{content.title} · {site.title}"
    head = "".join(html_of(checked_tree(one, _NONCE)) for one in site.head(call))
    live = live_part(call.read, site.runtime, call.scope, anybody=content.lasting)
    html = (
        f'<!doctype html><html lang="{escape(words.language)}" dir="{words.direction}"><head>{META}'
        f"<title>{escape(title)}</title>{call.runtime.assets.head(_NONCE)}{head}</head>"
        f'<body data-sm-words="{escape(_spoken(words))}">{page_part(inner)}{live}'
        f"{'' if is_error else plain_form(KEY)}</body></html>"
    )
    return Document(html, content.status)


def framed(site: Site, words: Words, path: str) -> Template:
    """Return the frame of a page at *path*, with a slot for its content."""
    place = next((link.href for link in site.links if _is_at(path, link.href)), "")
    return site.template(
        ("frame", words, place, len(site.links)),
        lambda: site.runtime.kit.page(_frame(site, words, place), [slot("content")]),
    )


def _frame(site: Site, words: Words, place: str) -> Frame:
    links = [replace(link, label=words(link.label), current=link.href == place) for link in site.links]
    kits = ("menu", "theme", "light", "dark", "system", "skip")
    phrases = ("Menu", "Theme", "Light", "Dark", "Like the system", "Skip to content")
    tools: list[Any] = []
    return Frame(
        brand=site.title,
        links=links,
        tools=tools,
        words={key: words(phrase) for key, phrase in zip(kits, phrases, strict=True)},
    )


def _spoken(words: Words) -> str:
    """Return what the script of a page says, in the reader's language."""
    return json.dumps(
        {
            "cancel": words("Cancel"),
            "changed": words("Changed by somebody else to {value}"),
            "close": words("Close"),
            "discard": words("Close without saving? What you have entered is lost."),
            "discardYes": words("Discard"),
            "done": words("{what}: done"),
            "failed": words("This did not work."),
            "gone": words("This is not there any more."),
            "no": words("No"),
            "undo": words("Undo"),
            "undone": words("Undone"),
            "yes": words("Yes"),
        }
    )


def _is_at(path: str, place: str) -> bool:
    return path == place or path.startswith(f"{place}/")
