"""The headers that every answer has, whoever makes it: added as it goes out through the gate."""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import Message, Scope, Send

    from .session import Session
    from .sessions import Sessions

__all__ = ["NOSNIFF", "Answer", "nonce_of"]

logger = logging.getLogger("starmodel.sessions")

NOSNIFF = (b"x-content-type-options", b"nosniff")


class Answer:
    """A ``send`` that adds the headers every answer has."""

    __slots__ = (
        "_is_new",
        "_is_stored",
        "_scope",
        "_send",
        "_session",
        "_sessions",
        "_store",
        "_visit",
        "failure",
        "started",
    )

    def __init__(
        self,
        send: Send,
        session: Session,
        scope: Scope,
        sessions: Sessions,
        *,
        is_new: bool,
        store: Callable[[], Awaitable[None]],
    ) -> None:
        self._send, self._session, self._scope, self._sessions = send, session, scope, sessions
        self._is_new, self._store = is_new, store
        self._is_stored = False
        self.failure: Exception | None = None
        """Why the session could not be stored: who made the answer may not have passed that on as it was."""
        self._visit = session.visit
        self.started = False

    def __call__(self, message: Message) -> Awaitable[None]:
        """Pass one message on."""
        if message["type"] == "http.response.start":
            if self._session.is_used and not self._is_stored:
                return self._after_storing(message)
            self.started = True
            message["headers"] = self._with_headers(message.get("headers", ()))
        return self._send(message)

    async def _after_storing(self, message: Message) -> None:
        """Answer when every process can know what became of the session: a logout that is acknowledged is one."""
        self._is_stored = True
        try:
            await self._store()
        except Exception as error:
            self.failure = error
            raise
        await self(message)

    async def finish(self) -> None:
        """Store what was put into the session when the answer had begun already."""
        sent = self._session.visit
        if self._session.is_behind:
            await self._store()
        if self._session.visit is not sent and sent is self._visit:
            logger.warning("the session began after its answer: the browser was not told, and will not bring it again")

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
            full += _page_headers(nonce_of(self._scope))
        visit = self._session.visit
        if (self._is_new or visit is not self._visit) and not cacheable:
            full.append((b"set-cookie", self._sessions.set_cookie(visit, https=self._scope["scheme"] == "https")))
        return full


def nonce_of(scope: Scope) -> str:
    """Return the nonce of a request, made when it is first asked for: most answers hold no page."""
    state: dict[str, Any] = scope["state"]
    nonce: str | None = state.get("nonce")
    if nonce is None:
        nonce = state["nonce"] = secrets.token_urlsafe(16)
    return nonce


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
