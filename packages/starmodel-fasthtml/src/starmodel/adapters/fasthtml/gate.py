"""The gate every request goes through: host, origin, size, session, and the headers of every answer.

Pure ASGI, so that streams pass untouched.
"""

from __future__ import annotations

import logging
import secrets
import sys
import traceback
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol, TypeAlias

from starlette.requests import ClientDisconnect

from starmodel.app import Refusal, refusal_of
from starmodel.app.bodies import BodyTooLargeError
from starmodel.core.errors import StarModelError, StoreError

from .answering import NOSNIFF, Answer
from .failures import answered_by_the_app
from .packing import packed
from .replies import send_bytes, send_json, send_plain, unread
from .session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from .sessions import Sessions, Visit

__all__ = [
    "SAFE_METHODS",
    "AnswerBrokenError",
    "Draw",
    "Endings",
    "Gate",
    "GateSettings",
    "Larger",
    "Looks",
    "header",
    "is_local",
    "is_same_origin",
]

logger = logging.getLogger("starmodel.web")

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]", "testserver")

_HTML = b"text/html; charset=utf-8"
_NOT_NOW = "It cannot be found out at the moment whether this session still counts. Try again in a while."
_FORWARDED = frozenset({b"x-forwarded-for", b"forwarded", b"x-real-ip"})


Draw: TypeAlias = "Callable[[Scope, Refusal], str | None]"
"""Returns the page that tells of a failure; ``None`` to whoever will not look at it."""


Looks: TypeAlias = "Callable[[Scope], bool]"
"""Tells whether somebody will look at the answer to a request, rather than a program."""


Larger: TypeAlias = "Callable[[Scope], int]"
"""Returns how many bytes of files an address takes, 0 for one that takes none."""


class Endings(Protocol):
    """Whoever sees to it that visits which ended are over everywhere."""

    async def has(self, mark: str, /) -> bool:
        """Tell whether a visit has ended in another process."""

    async def tell(self, session: Session, scope: Scope, /) -> None:
        """Tell the other processes of visits that have ended in a request, or of one that is somebody else's now."""

    def settle(self, session: Session, visit: Visit, /) -> None:
        """End the streams of what *visit* was before a request, and is not any more after it."""


class AnswerBrokenError(StarModelError, ConnectionError):
    """A request failed when its answer had begun: nothing is left to do but to close the connection."""

    code = "answer_broken"


@dataclass(frozen=True, slots=True)
class GateSettings:
    """What the gate lets through.

    *hosts* are the names the application answers to (without a port; ``*.example.org`` for subdomains).  *max_body* is
    in bytes.  *debug* shows tracebacks to requests from this machine.
    """

    hosts: tuple[str, ...] = LOOPBACK_HOSTS
    max_body: int = 1024 * 1024
    debug: bool = False


class Gate:
    """Refuses what no handler should have to think about, and adds to every answer what no handler should forget."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        sessions: Sessions,
        settings: GateSettings,
        draw: Draw,
        looks: Looks,
        larger: Larger | None = None,
        endings: Endings | None = None,
    ) -> None:
        self._app, self._sessions, self._settings, self._draw = app, sessions, settings, draw
        self._looks = looks
        self._larger, self._endings = larger, endings
        self._exact = frozenset(host for host in settings.hosts if not host.startswith("*."))
        self._suffixes = tuple(host[1:] for host in settings.hosts if host.startswith("*."))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, or refuse it."""
        if scope["type"] != "http":
            await self._let_other_through(scope, receive, send)
            return
        headers = _headers(scope)
        state = scope.setdefault("state", {})
        state["headers"] = headers
        refused = self._refusal(scope, headers)
        if refused is not None:
            await self._turn_away(scope, *refused, send)
            return
        name = self._sessions.cookie_name(https=scope["scheme"] == "https").encode()
        cookie = _cookie(headers.get(b"cookie"), name)
        if not await self._may_be_asked(cookie, send):
            return
        visit, is_new, is_late = self._visit(cookie)
        session = Session(self._sessions, visit, is_late=is_late)
        state["visit"] = visit
        scope["session"] = session
        store = partial(self._store, session, scope)
        answer = Answer(packed(scope, headers, send), session, scope, self._sessions, is_new=is_new, store=store)
        limit = self._limit(scope, headers)
        limited = _Limited(receive, limit)
        try:
            limited.expect(headers.get(b"content-length", b"0"))
            await self._app(scope, limited, answer)
            if session.is_used:
                await answer.finish()
        except ClientDisconnect:
            return  # nobody is there to be answered
        except BodyTooLargeError:
            await self._refuse_length(scope, limited, limit, answer, receive)
        except Exception as raised:  # the outermost place: nothing above could answer
            error = answer.failure or raised
            id = secrets.token_hex(6)
            logger.exception("request %s %r failed (id %s)", scope["method"], scope["path"], id)
            if answer.started or not await answered_by_the_app(error, scope, limited, answer):
                await self._tell(scope, headers, error, id, answer)
        finally:
            if session.ended or session.has_lost:
                self._settle(session, visit)

    async def _turn_away(self, scope: Scope, status: int, text: str, send: Send) -> None:
        """Refuse a request of which nothing is looked at but where it comes from and where it goes."""
        if self._looks(scope):
            await send_plain(send, status, text, [NOSNIFF])
            return
        refusal = Refusal(status, "http", HTTPStatus(status).phrase.capitalize(), text, "")
        await send_json(send, status, refusal.to_dict(), problem=True, extra=[NOSNIFF])

    async def _let_other_through(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and self._refusal(scope, _headers(scope)) is not None:
            await send({"type": "websocket.close", "code": 1008})
            return
        await self._app(scope, receive, _in_words(send) if scope["type"] == "lifespan" else send)

    async def _store(self, session: Session, scope: Scope) -> None:
        """Store what a request has put into its session, and tell the other processes what that means to them."""
        await session.store()
        if self._endings is not None and (session.ended or session.has_lost):
            await self._endings.tell(session, scope)

    def _settle(self, session: Session, visit: Visit) -> None:
        if self._endings is not None:
            self._endings.settle(session, visit)

    async def _may_be_asked(self, cookie: str | None, send: Send) -> bool:
        """Find out whether a visit that is new to this process has ended elsewhere; say so if that cannot be found out.

        It is not let in unseen: it may have ended because its cookie was stolen.
        """
        mark = None if self._endings is None else self._sessions.unknown_mark(cookie)
        try:
            if self._endings is not None and mark is not None and await self._endings.has(mark):
                self._sessions.retire(mark)
        except StoreError:
            await send_plain(send, 503, _NOT_NOW, [NOSNIFF, (b"retry-after", b"2")])
            return False
        return True

    async def _refuse_length(
        self, scope: Scope, limited: _Limited, limit: int, answer: Answer, receive: Receive
    ) -> None:
        if answer.started:
            raise _broken() from None
        out = answer if limited.is_read else unread(receive, answer)
        await self._refuse(scope, BodyTooLargeError(limit), out)

    async def _refuse(self, scope: Scope, error: StarModelError, send: Send) -> None:
        """Tell who sent the request what is wrong with it: people by a page, programs by a problem document."""
        refusal = refusal_of(error, secrets.token_hex(6))
        page = self._draw(scope, refusal)
        if page is None:
            await send_json(send, refusal.status, refusal.to_dict(), problem=True)
        else:
            await send_bytes(send, refusal.status, _HTML, page.encode())

    async def _after_failure(self, answer: Answer, error: Exception, status: int, text: str) -> None:
        if answer.started:
            raise _broken() from error
        await send_plain(answer, status, text)

    async def _tell(self, scope: Scope, headers: dict[bytes, bytes], error: Exception, id: str, answer: Answer) -> None:
        refusal = refusal_of(error, id)
        if refusal.status < 500:  # it came past everybody who could have told it as what it is
            refusal = refusal_of(RuntimeError(), id)
        if self._settings.debug and is_local(scope, headers):
            await self._after_failure(answer, error, refusal.status, "".join(traceback.format_exception(error)))
            return
        page = None if answer.started else self._draw(scope, refusal)
        if page is not None:
            await send_bytes(answer, refusal.status, _HTML, page.encode())
            return
        text = f"Something went wrong on the server. The details are in its log under the id {id}."
        await self._after_failure(answer, error, refusal.status, text)

    def _refusal(self, scope: Scope, headers: dict[bytes, bytes]) -> tuple[int, str] | None:
        host = headers.get(b"host", b"").decode("latin-1")
        if not self._is_ours(host):
            name = host.rpartition(":")[0] or host
            return 400, (
                f"This application does not answer to the host {name[:100]!r}. "
                "If it should, add it to hosts=[...] of create_app, or to STARMODEL_HOSTS."
            )
        if not scope.get("query_string", b"").isascii():
            return 400, "The address holds characters that must be percent-encoded."
        method = scope.get("method", "GET")
        if (method not in SAFE_METHODS or scope["type"] == "websocket") and not is_same_origin(headers, host):
            return 403, "This request came from another site. Open the application itself and try again there."
        return None

    def _limit(self, scope: Scope, headers: dict[bytes, bytes]) -> int:
        """Return how large the body may be: more than usual only for files, where an address takes them."""
        usual = self._settings.max_body
        length = headers.get(b"content-length", b"0" if b"transfer-encoding" not in headers else b"")
        is_small = length.isdigit() and len(length) <= 18 and int(length) <= usual
        if is_small or self._larger is None or scope.get("method") in SAFE_METHODS:
            return usual
        return max(usual, self._larger(scope))

    def _is_ours(self, host: str) -> bool:
        host = host.lower()
        name = host if host in self._exact else _without_port(host)
        return name in self._exact or (bool(self._suffixes) and name.endswith(self._suffixes))

    def _visit(self, cookie: str | None) -> tuple[Visit, bool, bool]:
        """Return the visit, whether it is new, and whether it has taken the place of one that ended moments ago."""
        visit = self._sessions.visit(cookie)
        if visit is not None:
            return visit, False, False
        is_late = self._sessions.was_just_replaced(cookie)
        return self._sessions.begin(), not is_late, is_late


def _broken() -> AnswerBrokenError:
    return AnswerBrokenError("the answer had begun when the request failed; the connection is closed")


def _headers(scope: Scope) -> dict[bytes, bytes]:
    """Return the headers by name; of a repeated one the first counts."""
    return dict([*scope["headers"]][::-1])


def header(scope: Scope, name: bytes) -> str:
    """Return a header of a request that passed the gate, ``""`` when it has none."""
    value: bytes = scope["state"]["headers"].get(name, b"")
    return value.decode("latin-1")


def _cookie(header: bytes | None, name: bytes) -> str | None:
    if header is None:
        return None
    for part in header.split(b";"):
        key, _, value = part.strip().partition(b"=")
        if key == name:
            return value.decode("latin-1")
    return None


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host


def is_same_origin(headers: dict[bytes, bytes], host: str) -> bool:
    """Tell whether a browser sent this from a page of ours, or no browser did.

    ``Sec-Fetch-Site`` decides where there is one, else ``Origin`` against ``Host``; a request with neither does not
    come from a browser and carries no cookies of somebody else.
    """
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site in (b"same-origin", b"none")
    origin = headers.get(b"origin")
    if origin is None:
        return True
    return origin.decode("latin-1").partition("://")[2] == host


def _in_words(send: Send) -> Send:
    """Return a *send* that tells why the start failed in our own words, where the error has some."""

    async def told(message: Message) -> None:
        error = sys.exc_info()[1]
        if message["type"] == "lifespan.startup.failed" and isinstance(error, StarModelError):
            message = {**message, "message": str(error)}
        await send(message)

    return told


def is_local(scope: Scope, headers: dict[bytes, bytes]) -> bool:
    """Tell whether a request comes from this very machine and through no proxy."""
    host, *_ = scope.get("client") or ("",)
    return host in ("127.0.0.1", "::1", "testclient") and _FORWARDED.isdisjoint(headers)


class _Limited:
    """A ``receive`` that stops a body that runs over *limit* bytes, and knows whether it was read to its end."""

    __slots__ = ("_limit", "_receive", "_total", "is_read")

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive, self._limit = receive, limit
        self._total, self.is_read = 0, False

    def expect(self, length: bytes) -> None:
        """Raise BodyTooLargeError when the body says of itself that it is too long."""
        if not length.isdigit() or len(length) > 18 or int(length) > self._limit:
            raise BodyTooLargeError(self._limit)

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._total += len(message.get("body", b""))
            self.is_read = not message.get("more_body", False)
            if self._total > self._limit:
                raise BodyTooLargeError(self._limit)
        return message
