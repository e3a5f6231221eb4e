"""Who is at the other end: a signed cookie names the visit, everything else about it stays on the server."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from starmodel.adapters.persistence.memory import MemorySessions
from starmodel.app.policies import VISITOR_PREFIX
from starmodel.core.session_store import KeptSession

from .session import SessionUnreadError

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from typing import Any

    from starmodel.app.signing import Signer
    from starmodel.core.session_store import SessionPatch, SessionStore

__all__ = ["MAX_AGE", "Sessions", "Visit"]

T = TypeVar("T")

_PURPOSE = "session"
MAX_AGE = 30 * 24 * 60 * 60
"""How long a browser keeps the cookie of a visit, in seconds."""
_KNOWN = 10_000
_RETIRED = 100_000
_UNDER_WAY = 60.0


@dataclass(frozen=True, slots=True)
class Visit:
    """One browser's visit.

    *id* is 256 random bits, known to the browser and to us.  *visitor* is made from it with the secret and tells
    nothing about it: it may stand in pages, and is the id of the entities that are the visitor's own.  *mark* stands
    for the id where that would be worth stealing.  *is_kept* is what its cookie says: whether something may be kept
    about it, so that of all others nothing has to be read.
    """

    id: str
    visitor: str
    cookie: str
    mark: str
    is_kept: bool = False


class Sessions:
    """The visits of one application.

    An anonymous visit costs the server nothing: its cookie is checked by signature, so it also outlives a restart.
    What is put into a session ends *idle* seconds after its last use; it is kept in *store*, which may be another from
    the start of the application on.
    """

    def __init__(self, signer: Signer, store: SessionStore | None = None, *, idle: float = 12 * 60 * 60) -> None:
        self._signer = signer
        name = f"starmodel-{signer.digest('cookie name', '')[:3].hex()}"
        self._name, self._https_name = name, f"__Host-{name}"
        self.store: SessionStore = store if store is not None else MemorySessions()
        self._idle = idle
        self._retired: dict[str, float] = {}  # when each id was given up, by its mark
        self._checked: OrderedDict[str, Visit] = OrderedDict()

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
        id, visitor, kept = [*named.split("~"), "", ""][:3]
        return None if _mark(id) in self._retired else self._remember(self._visit(id, visitor, is_kept=bool(kept)))

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

    def _visit(self, id: str, visitor: str = "", *, is_kept: bool = False) -> Visit:
        """Return the visit of an id; a *visitor* stands in the cookie where it does not follow from the id."""
        known = visitor or self._signer.digest("visitor", id)[:16].hex()
        named = "~".join((id, visitor, "kept") if is_kept else (id, visitor) if visitor else (id,))
        return Visit(id, VISITOR_PREFIX + known, self._signer.sign(_PURPOSE, named), _mark(id), is_kept)

    def kept(self, visit: Visit) -> Visit:
        """Return *visit* as one whose cookie says that something is kept about it."""
        own = self._signer.digest("visitor", visit.id)[:16].hex()
        visitor = visit.visitor.removeprefix(VISITOR_PREFIX)
        return self._remember(self._visit(visit.id, "" if visitor == own else visitor, is_kept=True))

    def renewed(self, visit: Visit, *, is_kept: bool) -> Visit:
        """Return a visit with a new id, of the same visitor."""
        visitor = visit.visitor.removeprefix(VISITOR_PREFIX)
        return self._remember(self._visit(secrets.token_urlsafe(32), visitor, is_kept=is_kept))

    def _remember(self, visit: Visit) -> Visit:
        self._checked[visit.cookie] = visit
        if len(self._checked) > _KNOWN:
            self._checked.popitem(last=False)
        return visit

    def may_know(self, visit: Visit) -> bool:
        """Tell whether something may be kept about *visit*; what other processes see is said by its cookie."""
        return visit.is_kept or self.store.instant

    async def read(self, visit: Visit) -> KeptSession:
        """Return what is kept about *visit*; StoreError when that cannot be found out."""
        kept = await self.store.read(visit.mark, seconds=self._idle) if self.may_know(visit) else None
        return kept or KeptSession()

    def read_now(self, visit: Visit) -> KeptSession:
        """Return what is kept about *visit*; SessionUnreadError where that would take waiting."""
        if not self.may_know(visit):
            return KeptSession()
        if not self.store.instant:
            raise SessionUnreadError
        return _at_once(self.read(visit))

    async def write(self, visit: Visit, patch: SessionPatch, *, instead_of: str | None) -> None:
        """Change what is kept about *visit*; with *instead_of* what was kept under that mark is moved to it first."""
        await self.store.write(visit.mark, patch, seconds=self._idle, instead_of=instead_of)

    async def delete(self, mark: str) -> None:
        """Forget what is kept about a visit."""
        await self.store.delete(mark)

    async def end_those_of(self, owner: str) -> Sequence[str]:
        """Forget the sessions that are an actor's by what is in them, and refuse their visits; return their marks."""
        marks = await self.store.delete_those_of(owner)
        for mark in marks:
            self.retire(mark)
        return marks

    def end_own_of(self, owner: str) -> None:
        """Do the same for those that no other process can end."""
        if self.store.instant:
            _at_once(self.end_those_of(owner))

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


def _at_once(waiting: Coroutine[Any, Any, T]) -> T:
    """Return what a coroutine that never waits returns."""
    try:
        waiting.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    waiting.close()
    raise SessionUnreadError
