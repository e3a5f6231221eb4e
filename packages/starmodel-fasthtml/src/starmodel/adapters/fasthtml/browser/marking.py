"""What pages and answers say about entities that the browser keeps: which are shown, and what is new of them."""

from __future__ import annotations

import hashlib
import json
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from starmodel.adapters.fasthtml.wire import event_frame

if TYPE_CHECKING:
    from starlette.types import Scope

    from starmodel.adapters.fasthtml.reading import PageRead
    from starmodel.adapters.fasthtml.runtime import Runtime
    from starmodel.app.signing import Signer

    from .carrying import Carried

__all__ = ["KEPT_PATH", "kept_frame", "kept_part", "page_named"]

KEPT_PATH = "/_starmodel/kept"

_PURPOSE = "kept page"
_WITHOUT_SCRIPTS = (
    '<noscript><p role="alert">What you see here is kept by your browser, with JavaScript, which is switched off: '
    "it begins afresh each time, and nothing that you do to it is kept.</p></noscript>"
)


def kept_part(page: PageRead, runtime: Runtime, scope: Scope, nonce: str) -> str:
    """Return the element that names what a page shows of its browser's own; ``""`` for a page that shows nothing."""
    if not page.kept:
        return ""
    catalog = runtime.app.catalog
    shown = [
        {"store": catalog.kind(name).__entity_config__["store"], "entity": name, "id": id, "version": version}
        for (name, id), version in sorted(page.kept.items())
    ]
    query = scope["query_string"].decode("latin-1")
    url = quote(scope["path"]) + (f"?{query}" if query else "")
    token = runtime.signer.sign(_PURPOSE, quote(f"{nonce} {url}").replace(".", "%2E"))
    return (
        f'<div id="sm-kept" hidden data-url="{KEPT_PATH}" data-page="{token}" data-needs="{_needs(page)}" '
        f'data-kept="{escape(json.dumps(shown))}"></div>{_WITHOUT_SCRIPTS}'
        f'<script type="module" nonce="{escape(nonce)}" src="{runtime.assets.url("kept.js")}"></script>'
    )


def page_named(token: str, signer: Signer) -> tuple[str, str] | None:
    """Return the address and the nonce of the page that *token* was made for, ``None`` for none of ours."""
    text = signer.check(_PURPOSE, token)
    if text is None:
        return None
    nonce, _, url = unquote(text).partition(" ")
    return url, nonce


def _needs(page: PageRead) -> str:
    """Return what stands for all on the server that a page depends on: its stream is another when that is."""
    named = (
        sorted((key, sorted(uses)) for key, uses in page.views.items()),
        sorted(page.fields),
        sorted(str(query) for query in page.queries),
        sorted((key, sorted(names)) for key, names in page.signals.items()),
    )
    return hashlib.blake2b(repr(named).encode(), digest_size=8).hexdigest()


def kept_frame(brought: Carried | None) -> bytes:
    """Return the frame that tells the browser what to keep from now on, ``b""`` for nothing new."""
    if brought is None or not brought.changed:
        return b""
    return event_frame("sm-keep", list(brought.changed.values()))
