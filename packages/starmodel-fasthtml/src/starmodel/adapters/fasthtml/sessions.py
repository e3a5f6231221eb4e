"""Who is at the other end: a signed cookie names the visit, everything else about it stays on the server."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starmodel.app.policies import VISITOR_PREFIX

if TYPE_CHECKING:
    from .signing import Signer

__all__ = ["Session", "Sessions", "Visit"]

_PURPOSE = "session"
_MAX_AGE = 30 * 24 * 60 * 60
_KNOWN = 10_000


@dataclass(frozen=True, slots=True)
class Visit:
    """One browser's visit.

    *id* is 256 random bits, known to the browser and to us.  *visitor* is made from it with the secret and tells
    nothing about it: it may stand in pages, and is the id of the entities that are the visitor's own.
    """

    id: str
    visitor: str
    cookie: str


class Session(MutableMapping[str, Any]):
    """What the application remembers about a visit; kept on the server from the first value on."""

    def __init__(self, sessions: Sessions, visit: Visit) -> None:
        self._sessions, self.visit = sessions, visit

    def __getitem__(self, key: str) -> Any:
        return self._sessions.data(self.visit)[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._sessions.data(self.visit, create=True)[key] = value

    def __delitem__(self, key: str) -> None:
        del self._sessions.data(self.visit)[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sessions.data(self.visit))

    def __len__(self) -> int:
        return len(self._sessions.data(self.visit))

    def clear(self) -> None:
        """Forget everything about this visit."""
        self._sessions.forget(self.visit)

    def rotate(self) -> None:
        """Give the visit a new id, as after a login: the old cookie is then worth nothing of this."""
        self.visit = self._sessions.rotate(self.visit)


class Sessions:
    """The visits of one application.

    An anonymous visit costs the server nothing: its cookie is checked by signature, so it also outlives a restart.
    What is put into a session ends *idle* seconds after its last use.
    """

    def __init__(self, signer: Signer, *, idle: float = 12 * 60 * 60) -> None:
        self._signer = signer
        self._name = f"starmodel-{signer.digest('cookie name', '')[:3].hex()}"
        self._idle = idle
        self._data: dict[str, tuple[dict[str, Any], float]] = {}
        self._visitors: dict[str, str] = {}
        self._checked: OrderedDict[str, Visit] = OrderedDict()

    def visit(self, cookie: str | None) -> Visit | None:
        """Return the visit a cookie stands for, or ``None`` when it is missing, forged or of another secret."""
        if cookie is None:
            return None
        known = self._checked.get(cookie)
        if known is not None:
            return known
        id = self._signer.check(_PURPOSE, cookie)
        if id is None:
            return None
        return self._remember(self._visit(id))

    def begin(self) -> Visit:
        """Return a new visit."""
        return self._remember(self._visit(secrets.token_urlsafe(32)))

    def _visit(self, id: str) -> Visit:
        visitor = self._visitors.get(id) or VISITOR_PREFIX + self._signer.digest("visitor", id)[:16].hex()
        return Visit(id, visitor, self._signer.sign(_PURPOSE, id))

    def _remember(self, visit: Visit) -> Visit:
        self._checked[visit.cookie] = visit
        if len(self._checked) > _KNOWN:
            self._checked.popitem(last=False)
        return visit

    def data(self, visit: Visit, *, create: bool = False) -> dict[str, Any]:
        """Return what is kept about *visit*; nothing is kept until *create*."""
        now = time.monotonic()
        kept = self._data.get(visit.id)
        if kept is not None and now - kept[1] > self._idle:
            del self._data[visit.id]
            kept = None
        if kept is None and not create:
            return {}
        values = {} if kept is None else kept[0]
        self._data[visit.id] = (values, now)
        return values

    def forget(self, visit: Visit) -> None:
        """Drop what is kept about *visit*."""
        self._data.pop(visit.id, None)

    def rotate(self, visit: Visit) -> Visit:
        """Return a visit with a new id, the same visitor and the same data; the old id keeps none of it."""
        id = secrets.token_urlsafe(32)
        self._visitors[id] = visit.visitor
        if visit.id in self._data:
            self._data[id] = self._data.pop(visit.id)
        self._visitors.pop(visit.id, None)
        return self._remember(self._visit(id))

    def cookie_name(self, *, https: bool) -> str:
        """Return the cookie's name.

        Applications of other secrets have other names, since cookies of one host are shared by all its ports.  Over
        https the browser itself guarantees where it came from.
        """
        return f"__Host-{self._name}" if https else self._name

    def set_cookie(self, visit: Visit, *, https: bool) -> bytes:
        """Return the ``Set-Cookie`` header for *visit*."""
        secure = "; Secure" if https else ""
        name = self.cookie_name(https=https)
        return f"{name}={visit.cookie}; Path=/; Max-Age={_MAX_AGE}; HttpOnly; SameSite=Lax{secure}".encode()
