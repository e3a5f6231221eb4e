"""Who is at the other end: a signed cookie names the visit, everything else about it stays on the server."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starmodel.app.policies import VISITOR_PREFIX

if TYPE_CHECKING:
    from starmodel.app.signing import Signer

__all__ = ["MAX_AGE", "Session", "Sessions", "Visit"]

_PURPOSE = "session"
MAX_AGE = 30 * 24 * 60 * 60
"""How long a browser keeps the cookie of a visit, in seconds."""
_KNOWN = 10_000
_RETIRED = 100_000
_KEPT = 100_000
_UNDER_WAY = 60.0


@dataclass(frozen=True, slots=True)
class Visit:
    """One browser's visit.

    *id* is 256 random bits, known to the browser and to us.  *visitor* is made from it with the secret and tells
    nothing about it: it may stand in pages, and is the id of the entities that are the visitor's own.  *mark* stands
    for the id where that would be worth stealing.
    """

    id: str
    visitor: str
    cookie: str
    mark: str


class Session(MutableMapping[str, Any]):
    """What the application remembers about a visit; kept on the server from the first value on."""

    __slots__ = ("_sessions", "ended", "has_lost", "visit")

    def __init__(self, sessions: Sessions, visit: Visit) -> None:
        self._sessions, self.visit = sessions, visit
        self.ended: list[Visit] = []
        """The visits that ended in the course of this request."""
        self.has_lost = False
        """Whether a value is another now, or gone: whoever the visitor was by it, they may be no longer."""

    def __getitem__(self, key: str) -> Any:
        return self._sessions.data(self.visit)[key]

    def __setitem__(self, key: str, value: Any) -> None:
        values = self._sessions.data(self.visit, create=True)
        self.has_lost = self.has_lost or (key in values and values[key] != value)
        values[key] = value

    def __delitem__(self, key: str) -> None:
        self.has_lost = True
        del self._sessions.data(self.visit)[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sessions.data(self.visit))

    def __len__(self) -> int:
        return len(self._sessions.data(self.visit))

    def clear(self) -> None:
        """Forget everything about this visit, as after a logout; where there was anything, it has a new id as well.

        Its open pages lose their streams, on every node, and come back as whoever the visitor is then.
        """
        if self._sessions.forget(self.visit):
            self.rotate()

    def rotate(self) -> None:
        """Give the visit a new id, as after a login: the old cookie is then worth nothing, on any node.

        Its open pages lose their streams, and come back with the new one.
        """
        self.ended.append(self.visit)
        self.visit = self._sessions.rotate(self.visit)


class Sessions:
    """The visits of one application.

    An anonymous visit costs the server nothing: its cookie is checked by signature, so it also outlives a restart.
    What is put into a session ends *idle* seconds after its last use.
    """

    def __init__(self, signer: Signer, *, idle: float = 12 * 60 * 60) -> None:
        self._signer = signer
        name = f"starmodel-{signer.digest('cookie name', '')[:3].hex()}"
        self._name, self._https_name = name, f"__Host-{name}"
        self._idle = idle
        self._data: OrderedDict[str, tuple[dict[str, Any], float]] = OrderedDict()  # the longest unused first
        self._actors: dict[str, str] = {}  # whose each of these was taken for
        self._retired: dict[str, float] = {}  # when each id was given up, by its mark
        self._checked: OrderedDict[str, Visit] = OrderedDict()

    @property
    def kept(self) -> int:
        """How many visits something is kept about."""
        return len(self._data)

    def visit(self, cookie: str | None) -> Visit | None:
        """Return the visit a cookie stands for, or ``None`` when it is missing, forged or of another secret."""
        if cookie is None:
            return None
        known = self._checked.get(cookie)
        if known is not None:
            return None if known.mark in self._retired else known
        named = self._signer.check(_PURPOSE, cookie)
        if named is None:
            return None
        id, _, visitor = named.partition("~")
        return None if _mark(id) in self._retired else self._remember(self._visit(id, visitor))

    def unknown_mark(self, cookie: str | None) -> str | None:
        """Return the mark of a visit that this process has not seen yet; ``None`` for others, and for no visit."""
        if cookie is None or cookie in self._checked:
            return None
        named = self._signer.check(_PURPOSE, cookie)
        mark = None if named is None else _mark(named.partition("~")[0])
        return None if mark in self._retired else mark

    def was_just_replaced(self, cookie: str | None) -> bool:
        """Tell whether the cookie's id was given up moments ago.

        Such a request was under way at that time.  A cookie in its answer would displace the new one.
        """
        named = None if cookie is None else self._signer.check(_PURPOSE, cookie)
        at = None if named is None else self._retired.get(_mark(named.partition("~")[0]))
        return at is not None and time.monotonic() - at < _UNDER_WAY

    def is_retired(self, visit: Visit) -> bool:
        """Tell whether the id of *visit* was given up."""
        return visit.mark in self._retired

    def begin(self) -> Visit:
        """Return a new visit."""
        return self._remember(self._visit(secrets.token_urlsafe(32)))

    def _visit(self, id: str, visitor: str = "") -> Visit:
        """Return the visit of an id; a *visitor* stands in the cookie where it does not follow from the id."""
        known = visitor or self._signer.digest("visitor", id)[:16].hex()
        cookie = self._signer.sign(_PURPOSE, f"{id}~{visitor}" if visitor else id)
        return Visit(id, VISITOR_PREFIX + known, cookie, _mark(id))

    def _remember(self, visit: Visit) -> Visit:
        self._checked[visit.cookie] = visit
        if len(self._checked) > _KNOWN:
            self._checked.popitem(last=False)
        return visit

    def data(self, visit: Visit, *, create: bool = False) -> dict[str, Any]:
        """Return what is kept about *visit*; nothing is kept until *create*."""
        now = time.monotonic()
        kept = self._data.pop(visit.id, None)
        if kept is not None and now - kept[1] > self._idle:
            kept = None
            self._actors.pop(visit.id, None)
        if kept is None:
            if not create:
                return {}
            self._free_unused(now)
        values = {} if kept is None else kept[0]
        self._data[visit.id] = (values, now)
        return values

    def _free_unused(self, now: float) -> None:
        while self._data and (len(self._data) >= _KEPT or now - next(iter(self._data.values()))[1] > self._idle):
            self._actors.pop(self._data.popitem(last=False)[0], None)

    def forget(self, visit: Visit) -> bool:
        """Drop what is kept about *visit*; tell whether that was anything."""
        self._actors.pop(visit.id, None)
        return bool(self._data.pop(visit.id, ({}, 0.0))[0])

    def belongs_to(self, visit: Visit, actor: str) -> None:
        """Note whose *visit* is by what is kept about it: the mark of an actor."""
        if visit.id in self._data:
            self._actors[visit.id] = actor

    def end_those_of(self, actor: str) -> None:
        """Retire every visit that is an actor's by what is kept about it."""
        for id in [id for id, one in self._actors.items() if one == actor]:
            del self._actors[id]
            self._data.pop(id, None)
            self.retire(_mark(id))

    def rotate(self, visit: Visit) -> Visit:
        """Return a visit with a new id, the same visitor and the same data; the old id is refused from now on."""
        new = self._visit(secrets.token_urlsafe(32), visit.visitor.removeprefix(VISITOR_PREFIX))
        if visit.id in self._data:
            self._data[new.id] = self._data.pop(visit.id)
        if visit.id in self._actors:
            self._actors[new.id] = self._actors.pop(visit.id)
        self._checked.pop(visit.cookie, None)
        self.retire(visit.mark)
        return self._remember(new)

    def retire(self, mark: str) -> None:
        """Refuse a visit from now on."""
        self._retired.setdefault(mark, time.monotonic())
        if len(self._retired) > _RETIRED:
            del self._retired[next(iter(self._retired))]

    def cookie_name(self, *, https: bool) -> str:
        """Return the cookie's name.

        Applications of other secrets have other names, since cookies of one host are shared by all its ports.  Over
        https the browser itself guarantees where it came from.
        """
        return self._https_name if https else self._name

    def set_cookie(self, visit: Visit, *, https: bool) -> bytes:
        """Return the ``Set-Cookie`` header for *visit*."""
        secure = "; Secure" if https else ""
        name = self.cookie_name(https=https)
        return f"{name}={visit.cookie}; Path=/; Max-Age={MAX_AGE}; HttpOnly; SameSite=Lax{secure}".encode()


def _mark(id: str) -> str:
    """Return what stands for the id of a visit, 30 digits: of 256 random bits nobody finds the id by them."""
    return hashlib.blake2b(id.encode("utf-8", "surrogatepass"), digest_size=15).hexdigest()
