"""Making an open page again, by asking the application for it as the page's own browser would."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from .pages import inner_page
from .reading import PageRead, current_page

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Scope

__all__ = ["Remade", "remade", "what_makes_it_again"]

_KEPT = ("type", "asgi", "http_version", "method", "scheme", "root_path", "client", "server", "headers")

_OF_ONE_REQUEST = ("headers", "nonce", "visit")
_OF_THE_REQUEST = (b"last-event-id", b"accept", b"accept-encoding", b"content-type", b"content-length")


@dataclass(frozen=True, slots=True)
class Remade:
    """A page that was made again: its main part, what it read, and where it sends the browser instead.

    *html* is ``""`` when there is none; then the open page stays as it is.
    """

    html: str
    read: PageRead
    go_to: str | None = None


def what_makes_it_again(scope: Scope) -> Scope:
    """Return what is needed of a request to make its page again; an open stream holds on to nothing more."""
    state = {name: value for name, value in scope.get("state", {}).items() if name not in _OF_ONE_REQUEST}
    return {**{name: scope[name] for name in _KEPT if name in scope}, "state": state}


async def remade(pages: ASGIApp, asked: Scope, url: str, nonce: str, read: PageRead) -> Remade:
    """Return the page at *url* as *pages* makes it now for whoever *asked*, reading into *read*.

    *nonce* is that of the open page, which its new part goes into.
    """
    path, _, query = url.partition("?")
    scope = {
        **asked,
        "method": "GET",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name, value) for name, value in asked["headers"] if name not in _OF_THE_REQUEST],
        "state": {**asked.get("state", {}), "nonce": nonce},
        "starmodel.page": read,
    }
    status, location, body = 0, "", bytearray()

    async def send(message: Message) -> None:
        nonlocal status, location
        if message["type"] == "http.response.start":
            status = message["status"]
            headers = {name.lower(): value for name, value in message.get("headers", [])}
            location = headers.get(b"location", b"").decode("latin-1")
        body.extend(message.get("body", b""))

    outer = current_page.set(None)
    try:
        await pages(scope, _nothing_more, send)
    finally:
        current_page.reset(outer)
    if 300 <= status < 400:
        return Remade("", read, _own_path(location))
    return Remade(inner_page(body.decode("utf-8", "replace")) if status < 500 else "", read)


def _own_path(location: str) -> str | None:
    """Return the path a page of ours leads to; ``None`` for another site, which the browser is not sent to unasked."""
    try:
        parts = urlsplit(location)
    except ValueError:
        return None
    if parts.scheme or parts.netloc or not parts.path.startswith("/") or parts.path[1:2] in ("/", "\\"):
        return None
    return location


async def _nothing_more() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}
