"""Rows and views that another process has drawn: asked for once for a page, and written down after it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

from starmodel.app.ending import ended
from starmodel.core.errors import StoreError

from .rights import rights_of
from .sealing import Sealer

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from starmodel.app.signing import Signer
    from starmodel.core.actors import Actor
    from starmodel.core.entity import Entity
    from starmodel.core.ports import Codec, FragmentCache
    from starmodel.core.query import Stored

    from .fragments import Fragments
    from .views import View

__all__ = ["SharedFragments"]

logger = logging.getLogger("starmodel.fragments")

PATIENCE: Final = 0.005
"""Seconds that a page waits for what others have drawn."""
FEWEST: Final = 4
"""Pieces that are worth a question; fewer are drawn before an answer is there."""
_LASTS: Final = 3600.0
_FAILURES: Final = 3
_PAUSES: Final = (2.0, 60.0)
_AT_ONCE: Final = 8
_ABSENT: Final = 4096
_BYTES: Final = 64 * 1024 * 1024
_VIEWS: Final = 3


class SharedFragments:
    """Fills *kept* from *cache*, and *cache* with what is drawn into *kept*.

    Whoever can write into the cache must not be able to write into pages: a value counts only with a signature by
    *signer* over it and its key.  *max_bytes* are written in *seconds* at most, for so long a value lasts.
    """

    def __init__(
        self,
        cache: FragmentCache,
        kept: Fragments,
        signer: Signer,
        codec: Codec,
        *,
        patience: float = PATIENCE,
        seconds: float = _LASTS,
        max_bytes: int = _BYTES,
    ) -> None:
        self.cache = cache
        self.found = self.asked = self.refused = 0
        self._kept, self._sealer = kept, Sealer(signer, codec)
        self._patience, self._seconds, self._max_bytes = patience, seconds, max_bytes
        self._absent: OrderedDict[Hashable, str] = OrderedDict()
        self._drawn: dict[str, bytes] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._uses: dict[type[Entity], OrderedDict[tuple[View[Any, Any], str], None]] = {}
        self._failures, self._asks_again_at = 0, 0.0
        self._written, self._window_ends = 0, 0.0

    async def open(self, fingerprint: str) -> None:
        """Begin, for code that *fingerprint* stands for; waits for no server."""
        await self.cache.open()
        self._sealer.begin(fingerprint)
        self._kept.shared = self
        hello = f"{self._sealer.fingerprint}:hello"  # so that the first page finds a connection
        self._begun(self.cache.get_many([hello]))

    async def close(self) -> None:
        """Forget what was not written yet."""
        self._kept.shared = None
        self._drawn.clear()
        for task in list(self._tasks):
            await ended(task)
        await self.cache.close()

    async def bring(self, pieces: Iterable[tuple[tuple[Any, ...], Entity, str]]) -> None:
        """Keep here what others have drawn of *pieces*: the key of each, what it shows, and what else decides about it.

        Never raises, and never waits long: what is not there in time is drawn here.
        """
        wanted = {key: (entity, look) for key, entity, look in pieces if key not in self._kept}
        if len(wanted) < FEWEST or len(self._tasks) >= _AT_ONCE or time.monotonic() < self._asks_again_at:
            return
        names = {name: key for key, (entity, look) in wanted.items() if (name := self._sealer.name(key, entity, look))}
        if len(names) < FEWEST:
            return
        values = await self._answer(list(names))
        for (name, key), value in zip(names.items(), values, strict=True):
            html = None if value is None else self._sealer.opened(name, value)
            if html is None:
                self.refused += value is not None
                self._absent[key] = name
            else:
                self.found += 1
                self._kept.put(key, html)
        while len(self._absent) > _ABSENT:
            self._absent.popitem(last=False)

    def shows(self, kind: type[Entity], view: View[Any, Any], params: str) -> None:
        """Note that pages show *kind* by *view*, so that the next one asks for that."""
        if view.look is None:
            return
        uses = self._uses.setdefault(kind, OrderedDict())
        uses[view, params] = None
        uses.move_to_end((view, params))
        if len(uses) > _VIEWS:
            uses.popitem(last=False)

    async def bring_views(self, kind: type[Entity], found: Sequence[Stored[Any]], actor: Actor) -> None:
        """Bring what a page shows of what it *found*, if it uses the views that pages have shown *kind* by so far."""
        uses = self._uses.get(kind)
        if uses is None:
            uses = self._uses[kind] = OrderedDict(((one, ""), None) for one in _views_of(kind)[:_VIEWS])
        if uses and len(found) >= FEWEST:
            rights = rights_of([kind], actor)
            await self.bring(
                (view.key(stored, params, rights), stored.entity, view.look or "")
                for view, params in uses
                for stored in found
            )

    def drew(self, key: Hashable, made: Any) -> None:
        """Write down, a moment later, what was drawn here because nobody else had; called for all that is drawn."""
        name = self._absent.pop(key, None)
        if name is None or not isinstance(made, str):
            return
        value = self._sealer.sealed(name, made)
        if value is None or not self._has_room(len(value)):
            return
        self._drawn[name] = value
        if len(self._drawn) == 1:
            asyncio.get_running_loop().call_later(self._patience, self._write)

    async def _answer(self, names: Sequence[str]) -> Sequence[bytes | None]:
        self.asked += 1
        task = self._begun(self.cache.get_many(names))
        done, _ = await asyncio.wait({task}, timeout=self._patience)  # it is left to end: its connection stays whole
        if not done:
            self._fail("it takes too long")
        elif task.exception() is None:
            self._failures = 0
            answer: Sequence[bytes | None] = task.result()
            if len(answer) == len(names):
                return answer
        return [None] * len(names)

    def _write(self) -> None:
        drawn, self._drawn = self._drawn, {}
        if drawn and time.monotonic() >= self._asks_again_at and len(self._tasks) < _AT_ONCE:
            self._begun(self.cache.put_many(drawn, seconds=self._seconds))

    def _begun(self, call: Any) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(call, name="starmodel fragments")
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._fail(str(error))
            if not isinstance(error, StoreError):
                logger.error("the cache of fragments failed", exc_info=error)

    def _fail(self, why: str) -> None:
        """Ask no more for a while when it happens again and again, each time for longer."""
        self._failures += 1
        if self._failures >= _FAILURES:
            first, longest = _PAUSES
            pause = min(longest, first * 2 ** min(self._failures - _FAILURES, 10))
            self._asks_again_at = time.monotonic() + pause
            logger.warning("fragments are drawn here alone for %.0f s: %s", pause, why)

    def _has_room(self, size: int) -> bool:
        now = time.monotonic()
        if now >= self._window_ends:
            self._written, self._window_ends = 0, now + self._seconds
        self._written += size
        return self._written <= self._max_bytes


def _views_of(kind: type[Entity]) -> list[View[Any, Any]]:
    """Return the views of the program that are made for *kind*, for a process that has shown none yet."""
    from .views import views  # noqa: PLC0415  (it knows this module)

    return [one for one in views.values() if one.kind is kind and one.look is not None]
