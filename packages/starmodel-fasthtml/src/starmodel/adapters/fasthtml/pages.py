"""The frame around every page: local assets, the part that is kept up to date, and what the browser side needs."""

from __future__ import annotations

import inspect
import secrets
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from .answering import nonce_of
from .browser.marking import kept_part
from .markup import Raw, checked_tree
from .signals import shown_values
from .tokens import ANYBODY, PageToken
from .wire import js

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.types import Scope

    from starmodel.app import Refusal

    from .assets import Assets
    from .reading import PageRead
    from .runtime import Runtime

__all__ = [
    "AT_ONCE",
    "LIVE_PATH",
    "META",
    "LiveAddress",
    "PageFrame",
    "error_page",
    "inner_page",
    "live_address",
    "live_part",
    "page_of",
    "page_part",
    "plain_form",
]

LIVE_PATH = "/_starmodel/live"

_START, _END = "<!--sm-page-->", "<!--/sm-page-->"
_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'%3E%3Cpath fill='%234f46e5' "
    "d='M12 1.5l3.1 6.9 7.4.8-5.5 5 1.6 7.3L12 17.7l-6.6 3.8L7 14.2l-5.5-5 7.4-.8z'/%3E%3C/svg%3E"
)
META = (
    '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    f'<link rel="icon" href="{_ICON}">'
)
AT_ONCE = '<link rel="expect" href="#sm-form" blocking="render">'
"""Lets nothing be painted before the end of a page has come, the form for buttons: so nothing moves while it comes."""


class PageFrame:
    """Puts what a page function returned into the frame."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime, self._assets, self._plugins = runtime, runtime.assets, runtime.plugins

    def around(self, wrap: Callable[..., Any] | None) -> Callable[[Any, Request], Any]:
        """Return the frame around what the application's own ``body_wrap`` makes of a page, if it has one."""
        if wrap is None:
            return self
        takes_request = len(inspect.signature(wrap).parameters) > 1

        def both(content: Any, request: Request) -> Any:
            return self(wrap(content, request) if takes_request else wrap(content), request)

        return both

    def __call__(self, content: Any, request: Request) -> Any:
        """Return the body of a page; FastHTML's ``body_wrap``."""
        nonce = nonce_of(request.scope)
        page, state = page_of(request), vars(request)  # where FastHTML keeps what it needs for this page
        added = checked_tree([*self._plugins.collect("starmodel_page_head", request=request), *state["hdrs"]], nonce)
        state["hdrs"] = [Raw(META + AT_ONCE + self._assets.head(nonce)), *added]
        state["ftrs"] = checked_tree(state["ftrs"], nonce)
        content = checked_tree(content, nonce)
        signals = "" if page is None else self._signals(page) + kept_part(page, self._runtime, request.scope, nonce)
        parts: list[Any] = [Raw(f'<main id="sm-page">{_START}{signals}'), content, Raw(f"{_END}</main>")]
        if page is not None:
            parts.append(Raw(live_part(page, self._runtime, request.scope, nonce=nonce)))
        parts.append(Raw(plain_form(secrets.token_urlsafe(12))))
        return tuple(parts)

    def _signals(self, page: PageRead) -> str:
        values: dict[str, dict[str, Any]] = {}
        for key, names in page.shown_signals.items():
            entity = page.snapshot(key)
            if entity is not None:
                values |= shown_values(entity, names)
        return f'<div id="sm-signals" hidden data-signals="{escape(js(values))}"></div>' if values else ""


def page_of(request: Request) -> PageRead | None:
    """Return what the page of this request has read so far."""
    found: PageRead | None = request.scope.get("starmodel.page")
    return found


class LiveAddress(NamedTuple):
    """Where a page is kept up to date, and after which positions of the log."""

    url: str
    after: str


def live_address(
    page: PageRead, runtime: Runtime, scope: Scope, *, nonce: str = "", anybody: bool = False
) -> LiveAddress | None:
    """Return where what is on a page is kept up to date, ``None`` for one that never changes.

    With *anybody* every reader may use it: nothing on the page is anyone's own.
    """
    if not page.is_live:
        return None
    query = scope["query_string"].decode("latin-1")
    url = quote(scope["path"]) + (f"?{query}" if query else "")
    token = PageToken.of(page, runtime.boot, url, ANYBODY if anybody else page.actor.id, nonce).signed(runtime.signer)
    return LiveAddress(f"{LIVE_PATH}?page={token}", ",".join(page.positions)) if token else None


def live_part(page: PageRead, runtime: Runtime, scope: Scope, *, nonce: str = "", anybody: bool = False) -> str:
    """Return the element that names the stream of a page, ``""`` for one that never changes."""
    live = live_address(page, runtime, scope, nonce=nonce, anybody=anybody)
    if live is None:
        return ""
    return f'<div id="sm-live" hidden data-url="{live.url}" data-after="{escape(live.after)}"></div>'


def page_part(inner: str) -> str:
    """Return the part of a page that is made again when it has to be."""
    return f'<main id="sm-page">{_START}{inner}{_END}</main>'


def plain_form(key: str) -> str:
    """Return the form that buttons use where there is no JavaScript; its key makes a double click one command."""
    return f'<form id="sm-form" method="post" hidden><input type="hidden" name="_key" value="{key}"></form>'


def inner_page(html: str) -> str:
    """Return the ``<main>`` of a whole page, to be morphed into an open one; ``""`` when there is none."""
    start, end = html.find(_START), html.rfind(_END)
    if start < 0 or end < start:
        return ""
    return page_part(html[start + len(_START) : end])


def error_page(assets: Assets, refusal: Refusal, nonce: str, back: str) -> str:
    """Return a whole page that says what went wrong and where to go from here."""
    detail = f"<p>{escape(refusal.detail)}</p>" if refusal.detail.lower() != refusal.title.lower() else ""
    problems = "".join(f"<li>{escape(str(problem))}</li>" for problem in refusal.errors)
    listed = f"<ul>{problems}</ul>" if problems else ""
    id = f'<p class="muted">Id of this problem: <code>{escape(refusal.id)}</code></p>' if refusal.status >= 500 else ""
    return (
        f'<!doctype html><html lang="en"><head>{META}<title>{escape(refusal.title)}</title>{assets.head(nonce)}</head>'
        f'<body><main id="sm-page">{_START}<h1>{escape(refusal.title)}</h1>{detail}{listed}{id}'
        f'<p><a href="{escape(back)}">Go back</a></p>{_END}</main></body></html>'
    )
