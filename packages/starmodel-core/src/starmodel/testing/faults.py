"""A store that fails on demand: how code behaves when a store does can be tested with any store."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from starmodel.core.entity import Entity
from starmodel.core.errors import ConflictError, StoreError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from starmodel.core.changes import Changes, Changeset, Commit, Position
    from starmodel.core.ports import StatePersistenceBackend
    from starmodel.core.query import Page, Query, Stored

__all__ = ["FaultyStore"]

E = TypeVar("E", bound=Entity)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Fault:
    error: Callable[[], Exception] | None
    after: bool
    delay: float


class FaultyStore:
    """Hands every call to *store*, unless a fault was planned for it.

    ::

        store = FaultyStore(MemoryRepo())
        store.fail("commit")                  # the next commit raises StoreError and stores nothing
        store.fail("commit", after=True)      # the one after stores everything, and then raises
        store.conflict(times=3)               # the next three find a newer version than they expect
        store.delay("get", 0.1, times=2)      # the next two reads take their time

    Planned faults of one method happen in the order they were planned, one for each call.
    """

    def __init__(self, store: StatePersistenceBackend) -> None:
        self.store = store
        self.durability = store.durability
        self.single_process = store.single_process
        self.instant = False  # a planned delay is a moment in which a commit can be cancelled
        self.calls: list[str] = []
        self._faults: defaultdict[str, deque[_Fault]] = defaultdict(deque)

    def fail(self, method: str, error: Exception | None = None, *, times: int = 1, after: bool = False) -> None:
        """Let the next calls of *method* raise *error* (a StoreError): before anything happens, or *after* it has."""
        self._plan(method, _Fault(lambda: error or StoreError(f"planned failure of {method}()"), after, 0), times)

    def conflict(self, *, times: int = 1) -> None:
        """Let the next commits be refused as if somebody else had been faster."""
        self._plan("commit", _Fault(lambda: ConflictError("planned", 1, 2), after=False, delay=0), times)

    def delay(self, method: str, seconds: float, *, times: int = 1) -> None:
        """Let the next calls of *method* wait before they begin."""
        self._plan(method, _Fault(None, after=False, delay=seconds), times)

    def _plan(self, method: str, fault: _Fault, times: int) -> None:
        if not callable(getattr(self.store, method, None)):
            raise AttributeError(f"{type(self.store).__name__} has no method {method!r} to fail")  # noqa: TRY004  (a name)
        self._faults[method].extend([fault] * times)

    async def _call(self, method: str, call: Callable[[], Awaitable[T]]) -> T:
        self.calls.append(method)
        planned = self._faults[method]
        fault = planned.popleft() if planned else _Fault(None, after=False, delay=0)
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.error is not None and not fault.after:
            raise fault.error()
        result = await call()
        if fault.error is not None:
            raise fault.error()
        return result

    async def open(self, kinds: Iterable[type[Entity]] = (), /) -> None:
        """Open the store behind it."""
        await self._call("open", lambda: self.store.open(kinds))

    async def close(self) -> None:
        """Close the store behind it."""
        await self._call("close", self.store.close)

    async def get(self, kind: type[E], id: str, /) -> Stored[E] | None:
        """Return the newest snapshot, or ``None``."""
        return await self._call("get", lambda: self.store.get(kind, id))

    async def query(self, kind: type[E], query: Query, /) -> Page[E]:
        """Return one page of what *query* asks for."""
        return await self._call("query", lambda: self.store.query(kind, query))

    async def count(self, kind: type[Entity], where: Mapping[str, Any], /, *, cap: int) -> int:
        """Return how many match, at most *cap*."""
        return await self._call("count", lambda: self.store.count(kind, where, cap=cap))

    async def commit(self, changeset: Changeset, /) -> Commit:
        """Store the whole changeset, or raise."""
        return await self._call("commit", lambda: self.store.commit(changeset))

    async def receipt(self, command_id: str, fingerprint: str, /) -> Commit | None:
        """Return the first commit of a repeated command."""
        return await self._call("receipt", lambda: self.store.receipt(command_id, fingerprint))

    async def commit_of(self, command_id: str, /) -> Commit | None:
        """Return the commit of a command."""
        return await self._call("commit_of", lambda: self.store.commit_of(command_id))

    async def position(self) -> Position:
        """Return the position of the newest commit."""
        return await self._call("position", self.store.position)

    async def changes(self, after: Position, /, *, limit: int = 1000) -> Changes:
        """Return the commits after a position."""
        return await self._call("changes", lambda: self.store.changes(after, limit=limit))

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
        """Return the commits that changed one entity between two versions."""
        wanted: dict[str, Any] = {"after_version": after_version, "before_version": before_version, "limit": limit}
        return await self._call("history", lambda: self.store.history(kind, id, **wanted))
