"""What an application remembers about a visit, as one request sees and changes it."""

from __future__ import annotations

import json
from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, Any

from starmodel.core.errors import StarModelError
from starmodel.core.session_store import KeptSession, SessionPatch

if TYPE_CHECKING:
    from starmodel.core.actors import Actor

    from .sessions import Sessions, Visit

__all__ = ["MAX_BYTES", "Session", "SessionTooLargeError", "SessionUnreadError", "SessionValueError"]

MAX_BYTES = 64 * 1024
"""What the values of one session may have together, as JSON, with their names."""
_LONGEST_NAME = 200
_NOTHING: dict[str, Any] = {}


class SessionValueError(StarModelError, TypeError):
    """Something was put into a session that cannot be kept there."""

    code = "session_value"

    def __init__(self, name: str, why: str) -> None:
        self.name, self.why = name, why
        super().__init__(
            f"session[{name[:80]!r}] cannot be kept: {why}; sessions hold what JSON can: text, finite numbers, True, "
            "False, None, and lists and dicts of these with text as keys"
        )


class SessionTooLargeError(StarModelError, ValueError):
    """More was put into a session than one may hold."""

    code = "session_too_large"

    def __init__(self, name: str, size: int) -> None:
        self.name, self.size = name, size
        super().__init__(
            f"with session[{name[:80]!r}] the session would have {size:,} bytes, and {MAX_BYTES:,} are allowed; "
            "keep in the session what tells who it is, and the rest in an entity"
        )


class SessionUnreadError(StarModelError, RuntimeError):
    """A session that is kept elsewhere was used before it had been read from there."""

    code = "session_unread"

    def __init__(self) -> None:
        super().__init__(
            "this session is kept where other processes see it too, and has not been read yet: give the page an "
            "argument `session` or `request`, or write `await request.session.read()` before it is used"
        )


class Session(MutableMapping[str, Any]):
    """What the application remembers about a visit; kept on the server from the first value on.

    It is read when a page asks for it, and what was changed is stored before the answer begins: single values, so that
    requests at the same time that change others lose nothing.
    """

    __slots__ = (
        "_deleted",
        "_first",
        "_is_late",
        "_kept",
        "_owner",
        "_sessions",
        "_stored_as",
        "_texts",
        "_values",
        "actor",
        "ended",
        "has_lost",
        "visit",
    )

    def __init__(self, sessions: Sessions, visit: Visit, *, is_late: bool = False) -> None:
        self._sessions, self.visit = sessions, visit
        self._is_late = is_late
        self.actor: Actor | None = None
        """Who the visitor was taken for, where that was asked in the course of this request."""
        self._begin(visit)

    def _begin(self, visit: Visit) -> None:
        self._first = visit
        self._stored_as = visit.mark
        self._deleted: tuple[str, ...] = ()
        self._kept: KeptSession | None = None
        self._texts: dict[str, str] = _NOTHING  # every request begins here, and few go on
        self._values: dict[str, Any] = _NOTHING
        self._owner = ""
        self.ended: tuple[Visit, ...] = ()
        """The visits that ended in the course of this request."""
        self.has_lost = False
        """Whether a value is another now, or gone: whoever the visitor was by it, they may be no longer."""

    # -- as a mapping ----------------------------------------------------------------------------------------------

    def __getitem__(self, name: str) -> Any:
        texts = self._known()
        if name not in self._values:
            self._values[name] = json.loads(texts[name])
        return self._values[name]

    def __setitem__(self, name: str, value: Any) -> None:
        before = self._known().get(name)
        self._put(name, value)
        self.has_lost = self.has_lost or before not in (None, self._texts[name])

    def __delitem__(self, name: str) -> None:
        del self._known()[name]
        self._values.pop(name, None)
        self.has_lost = True

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._known()))

    def __len__(self) -> int:
        return len(self._known())

    def __contains__(self, name: object) -> bool:
        return name in self._known()

    def clear(self) -> None:
        """Forget everything about this visit, as after a logout; where there was anything, it has a new id as well.

        Its open pages lose their streams, on every node, and come back as whoever the visitor is then.
        """
        if not (self._texts if self._kept is not None else self._sessions.may_know(self._first)):
            return
        self._deleted += (self._stored_as,)
        self._kept, self._texts, self._values, self._owner = KeptSession(), {}, {}, ""
        self.rotate()
        self._stored_as = self.visit.mark

    def rotate(self) -> None:
        """Give the visit a new id, as after a login: the old cookie is then worth nothing, on any node.

        Its open pages lose their streams, and come back with the new one.
        """
        self.ended += (self.visit,)
        self.visit = self._sessions.renewed(self.visit, is_kept=self.visit.is_kept and self._kept is None)

    def belongs_to(self, owner: str) -> None:
        """Note whose it is by what is in it: the mark of an actor."""
        if self._kept is not None and self._texts:
            self._owner = owner

    @property
    def owner(self) -> str:
        """The mark of the actor whose it is, or was until now; ``""`` for nobody's."""
        return self._owner or (self._kept.owner if self._kept is not None else "")

    def _known(self) -> dict[str, str]:
        """Return the texts by name, reading them here and now where that takes no waiting."""
        if self._kept is None:
            self._take(self._sessions.read_now(self._first))
        return self._texts

    def _put(self, name: str, value: Any) -> None:
        text = _text(name, value)
        texts = {**self._texts, name: text}
        size = sum(len(name.encode()) + len(text) for name, text in texts.items())
        if size > MAX_BYTES:
            raise SessionTooLargeError(name, size)
        self._texts, self._values[name] = texts, value

    # -- where it is kept --------------------------------------------------------------------------------------------

    @property
    def is_used(self) -> bool:
        """False where there is nothing to store: nobody has looked at it."""
        return self._kept is not None or bool(self.ended)

    @property
    def is_behind(self) -> bool:
        """Whether something was changed that is not stored yet."""
        patch = self._patch()
        return bool(self._deleted or patch.changed) or patch.owner is not None or self._stored_as != self.visit.mark

    async def read(self) -> None:
        """Read it from where it is kept, unless that was done; StoreError when that cannot be reached."""
        if self._kept is None:
            self._take(await self._sessions.read(self._first))

    def _take(self, kept: KeptSession) -> None:
        if self._kept is None:
            self._kept, self._texts, self._values, self._owner = kept, dict(kept.values), {}, kept.owner

    async def store(self) -> None:
        """Store what was changed; the error that says why that cannot be done, and then nothing was.

        Afterwards the visits that have ended are refused by this process.
        """
        try:
            await self._store()
        except BaseException:
            self.visit = self._first
            self._begin(self._first)
            raise

    async def _store(self) -> None:
        if self._is_late and not self.ended:
            return  # its visit has ended, and what was put into it with it
        patch = self._patch()
        moved = self._stored_as if self._stored_as != self.visit.mark else None
        if self._texts and not self.visit.is_kept:
            self.visit = self._sessions.kept(self.visit)
        for mark in self._deleted:
            await self._sessions.delete(mark)
        if moved is not None or patch.changed or patch.owner is not None:
            await self._sessions.write(self.visit, patch, instead_of=moved)
        self._deleted, self._stored_as, self._first = (), self.visit.mark, self.visit
        if self._kept is not None:
            self._kept = KeptSession(self._texts, self._owner)
        for visit in self.ended:
            self._sessions.retire(visit.mark)

    def _patch(self) -> SessionPatch:
        """Return what was changed, also inside of the lists and dicts that were looked at."""
        if self._kept is None:
            return SessionPatch()
        before = self._kept.values
        for name, value in self._values.items():
            if isinstance(value, list | dict):
                self[name] = value
        names = [name for name in {**before, **self._texts} if before.get(name) != self._texts.get(name)]
        owner = None if self._owner == self._kept.owner else self._owner
        return SessionPatch({name: self._texts.get(name) for name in names}, owner)


def _text(name: str, value: Any) -> str:
    """Return *value* as JSON; SessionValueError where that would come back as something else."""
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
        raise SessionValueError(str(name), f"its name must be text of 1 to {_LONGEST_NAME} characters that can be read")
    try:
        text = json.dumps(value, allow_nan=False, separators=(",", ":"))
        is_whole = json.loads(text) == value
    except (TypeError, ValueError, RecursionError) as error:
        raise SessionValueError(name, str(error)) from error
    if not is_whole:
        raise SessionValueError(name, "it would come back as something else")
    return text
