"""The headers that every answer has, whoever makes it: added as it goes out through the gate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.types import Message, Scope, Send

    from .sessions import Session, Sessions

__all__ = ["NOSNIFF", "Answer"]

NOSNIFF = (b"x-content-type-options", b"nosniff")


class Answer:
    """A ``send`` that adds the headers every answer has."""

    def __init__(
        self, send: Send, session: Session, nonce: str, scope: Scope, sessions: Sessions, *, is_new: bool
    ) -> None:
        self._send, self._session, self._nonce, self._sessions = send, session, nonce, sessions
        self._is_new = is_new
        self._https = scope["scheme"] == "https"
        self._visit = session.visit
        self.started = False

    async def __call__(self, message: Message) -> None:
        """Pass one message on."""
        if message["type"] == "http.response.start":
            self.started = True
            message["headers"] = self._with_headers(message.get("headers", []))
        await self._send(message)

    def _with_headers(self, headers: Any) -> list[tuple[bytes, bytes]]:
        full = list(headers)
        cacheable = scriptable = guarded = False
        for name, value in full:
            match name.lower():
                case b"cache-control":
                    cacheable = b"public" in value
                case b"content-type":
                    scriptable = any(word in value.lower() for word in (b"html", b"xml"))
                case b"x-content-type-options":
                    guarded = True
        if not guarded:
            full.append(NOSNIFF)
        if scriptable:
            full += _page_headers(self._nonce)
        rotated = self._session.visit is not self._visit
        if (self._is_new or rotated) and not cacheable:
            full.append((b"set-cookie", self._sessions.set_cookie(self._session.visit, https=self._https)))
        return full


def _page_headers(nonce: str) -> list[tuple[bytes, bytes]]:
    policy = (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
        "style-src-attr 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        "media-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return [
        (b"content-security-policy", policy.encode()),
        (b"referrer-policy", b"same-origin"),
        (b"cross-origin-opener-policy", b"same-origin"),
    ]
