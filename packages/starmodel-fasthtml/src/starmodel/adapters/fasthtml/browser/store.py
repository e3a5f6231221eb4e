"""The stores in browsers: a store of what the request at hand has brought, empty for everybody else."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from starmodel.core.changes import Changes, Position, sealed
from starmodel.core.entity import Entity
from starmodel.core.errors import ConflictError, PastNotKeptError, QueryError
from starmodel.core.ports import Durability

from .carrying import NotCarriedError, carried

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from starmodel.core.changes import Changeset, Commit, Write
    from starmodel.core.query import Page, Query, Stored

    from .carrying import Carried

__all__ = ["BrowserStore", "LocalStore", "SessionStore"]

E = TypeVar("E", bound=Entity)

_WHERE = "in each visitor's browser"


class BrowserStore:
    """Holds nothing itself.  It reads what the request brought, and leaves what is to be kept for its answer.

    A change is checked against the version that was brought; the browser checks it once more, against the version that
    it has by then, and asks again when that is another.
    """

    durability = Durability.EPHEMERAL
    single_process = False
    instant = True
    discreet: Literal[True] = True

    def __init__(self) -> None:
        self._epoch = secrets.token_hex(4)
        self._last = 0

    async def open(self, _kinds: Iterable[type[Entity]] = (), /) -> None:
        """Do nothing: there is nothing here."""

    async def close(self) -> None:
        """Do nothing."""

    async def get(self, kind: type[E], id: str, /) -> Stored[E] | None:
        """Return what the request brought; ``None`` when it brought none."""
        brought = carried.get()
        found = None if brought is None else brought.stored.get((kind.__entity_name__, id))
        return cast("Stored[E] | None", found)

    async def query(self, kind: type[E], query: Query, /) -> Page[E]:
        """Raise QueryError: nobody sees what all the browsers have."""
        del query
        raise _no_list(kind)

    async def count(self, kind: type[Entity], where: Mapping[str, Any], /, *, cap: int) -> int:
        """Raise QueryError, as :meth:`query`."""
        del where, cap
        raise _no_list(kind)

    async def commit(self, changeset: Changeset, /) -> Commit:
        """Leave what is to be kept for the answer of this request; NotCarriedError where there is none.

        A command that is sent again is run again, on what is brought then: that has no second effect, because the
        browser takes the answer to one of them.
        """
        brought = carried.get()
        if brought is None:
            raise NotCarriedError(changeset.command.entity)
        for write in changeset.writes:
            _check(brought, write)
        self._last = max(self._last + 1, time.time_ns() // 1_000_000)  # a version that no former entity had
        position = Position(self._epoch, self._last)
        commit = sealed(changeset, position, changeset.command.at or brought.app.clock.now())
        for write, change in zip(changeset.writes, commit.changes, strict=True):
            brought.take(write.kind, write.id, write.after, change.version)
        return commit

    async def receipt(self, command_id: str, fingerprint: str, /) -> Commit | None:
        """Return ``None``: nothing is remembered."""
        del command_id, fingerprint
        return None

    async def commit_of(self, command_id: str, /) -> Commit | None:
        """Raise PastNotKeptError."""
        raise PastNotKeptError(f"command {command_id!r}", _WHERE)

    async def position(self) -> Position:
        """Return the one position there is."""
        return Position(self._epoch, 0)

    async def changes(self, after: Position, /, *, limit: int = 1000) -> Changes:
        """Return no commits: none is in a log."""
        del limit
        return Changes((), await self.position(), gap=after.epoch != self._epoch)

    async def history(
        self,
        kind: type[Entity],
        id: str,
        /,
        *,
        after_version: int = 0,
        before_version: int | None = None,
        limit: int | None = None,
    ) -> Sequence[Commit]:
        """Raise PastNotKeptError."""
        del id, after_version, before_version, limit
        raise PastNotKeptError(f"a {kind.__entity_name__}", _WHERE)


class SessionStore(BrowserStore):
    """``StateStore.CLIENT_SESSION``: kept by a tab until it is closed, through every reload."""


class LocalStore(BrowserStore):
    """``StateStore.CLIENT_LOCAL``: kept by a browser for all its tabs, also when it is started again."""


def _check(brought: Carried, write: Write) -> None:
    key = (write.kind.__entity_name__, write.id)
    found = brought.stored.get(key)
    version = 0 if found is None else found.version
    if version != write.expected:
        raise ConflictError(f"{key[0]} {key[1]}", write.expected, version)
    if not version and not brought.begins(write.kind, write.id):
        raise NotCarriedError(key[0])


def _no_list(kind: type[Entity]) -> QueryError:
    name = kind.__entity_name__
    return QueryError(
        f"{name} is kept {_WHERE}, so there is no list of them to ask; a page shows the visitor's own: ask for one "
        f"with an argument, as in def page({name.lower()}: {name})"
    )
