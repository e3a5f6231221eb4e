"""The Redis store: snapshots as JSON under ``starmodel:{class}:{id}``, and a log of what happened to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from starmodel.app.sources import SystemClock
from starmodel.app.waits import Waits
from starmodel.core.changes import Changes, Changeset, Commit, Position
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError, StoreError
from starmodel.core.ports import Durability
from starmodel.core.query import Page, Query, Stored
from starmodel.core.settings import PluginSetting

from . import outbox
from .building import begin
from .errors import UncertainError
from .life import Life
from .log import Forgotten, Log
from .parking import RedisParking
from .queries import Queries
from .server import Server
from .sessions import RedisSessions
from .shapes import Shapes
from .url import DEFAULT_URL, RedisUrl
from .writing import Attempt

if TYPE_CHECKING:
    from starmodel.core.owed import Debt, Owed
    from starmodel.core.ports import Clock
    from starmodel.core.settings import AdapterSettings

    from .promises import Promise
    from .server import Work

__all__ = ["RedisRepo", "RedisStatePersistence"]

E = TypeVar("E", bound=Entity)
T = TypeVar("T")


class RedisRepo(RedisParking):
    """Keeps entities in the Redis, or Valkey, at *url*.

    The server has the clock: what expires, and when, does not depend on this machine's.  *clock* only dates commands
    that have no date.  *keep* commits stay in the log.  A question that no index answers looks at up to *most* entities
    of its class.
    """

    single_process = False
    instant = False
    declares = (PluginSetting("REDIS_URL", "The Redis that keeps entities.", default=DEFAULT_URL, secret=True),)

    def __init__(
        self, url: str = DEFAULT_URL, *, clock: Clock | None = None, keep: int = 100_000, most: int = 10_000
    ) -> None:
        if keep < 1 or most < 1:
            raise ConfigurationError(f"RedisRepo(keep={keep}, most={most}): both must be at least 1")
        super().__init__(self._call)
        self.url = RedisUrl(url)
        self._keep = keep
        self._clock = clock or SystemClock()
        self._shapes = Shapes()
        self.durability = self.url.asked or Durability.PROCESS  # what it is, the server says when it is met
        self._life = Life(self.url, self._hear)
        self._server = Server(self.url, self._life.greet)
        self._log = Log(self._life, self._shapes)
        self._waits = Waits()
        self._queries = Queries(self._server, self._shapes, most=most)

    @classmethod
    def from_settings(cls, settings: AdapterSettings) -> RedisRepo:
        """Return the store at ``REDIS_URL``."""
        return cls(settings.get("REDIS_URL") or DEFAULT_URL)

    def _hear(self, promise: Promise) -> None:
        self.durability = promise.durability

    async def open(self, kinds: Iterable[type[Entity]] = (), /) -> None:
        """Meet the server, and begin the indexes of *kinds* that are new.

        DurabilityError when it promises less than the address asks for; ConfigurationError when entities are alike that
        a new ``Unique`` wants to be different.
        """
        shapes = [self._shapes.of(kind) for kind in kinds]
        self._server.open()
        try:
            await self.position()
            for shape in shapes:
                await self._call(partial(begin, shape))
        except BaseException:
            await self._server.close()
            raise

    async def close(self) -> None:
        """Close every connection."""
        await self._waits.close()
        await self._server.close()

    def sessions(self) -> RedisSessions:
        """Return what keeps sessions in the same database, over the same connections."""
        return RedisSessions(self._server)

    async def _call(self, work: Work[T]) -> T:
        """Return what *work* makes of a connection; where somebody emptied the database, a new log is begun first."""
        try:
            return await self._server.call(work)
        except Forgotten:
            await self._server.call(self._life.begin)
            return await self._server.call(work)

    async def get(self, kind: type[E], id: str, /) -> Stored[E] | None:
        """Return the newest snapshot, or ``None``."""
        return next(iter(await self._queries.get(kind, [id])), None)

    async def query(self, kind: type[E], query: Query, /) -> Page[E]:
        """Return one page; QueryError when it would take a look at more entities than the store is allowed to."""
        return await self._queries.page(kind, query.checked(kind))

    async def count(self, kind: type[Entity], where: Mapping[str, Any], /, *, cap: int) -> int:
        """Return how many match, at most *cap*; QueryError as with :meth:`query`."""
        return await self._queries.count(kind, Query(where=where).checked(kind).where, cap)

    async def commit(self, changeset: Changeset, /) -> Commit:
        """Store the whole changeset and its place in the log by one script.

        UncertainError when the connection was lost, and it could not be found out whether it was stored; and when
        replicas are asked for, and none has confirmed it.
        """
        at = changeset.command.at or self._clock.now()
        replicas = int(self.durability is Durability.REPLICATED)
        attempt = Attempt(changeset, at, self._shapes, self._log, keep=self._keep, replicas=replicas)
        try:
            commit = await self._call(attempt.send)
        except StoreError as error:
            if attempt.is_uncertain:
                raise UncertainError(str(error), changeset.command.id) from error
            raise
        self._life.saw(commit.position)
        return commit

    async def rehearse(self, changeset: Changeset, /) -> None:
        """Raise what :meth:`commit` would raise for these writes now; nothing is stored."""
        at = changeset.command.at or self._clock.now()
        await self._call(Attempt(changeset, at, self._shapes, self._log, keep=self._keep).rehearse)

    async def receipt(self, command_id: str, fingerprint: str, /) -> Commit | None:
        """Return the commit of a command of the last 24 hours."""
        found = await self._call(lambda link: self._log.of_command(command_id, link, today=True))
        return self._log.receipt(found, command_id, fingerprint)

    async def commit_of(self, command_id: str, /) -> Commit | None:
        """Return the commit of a command, as far back as the log goes."""
        return await self._call(lambda link: self._log.of_command(command_id, link, today=False))

    async def position(self) -> Position:
        """Return the position of the newest commit."""
        return await self._call(self._log.position)

    async def changes(self, after: Position, /, *, limit: int = 1000) -> Changes:
        """Return the commits after a position."""
        return await self._call(lambda link: self._log.after(after, limit, link))

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
        """Return the commits that changed one entity between two versions; with a *limit* the newest of them."""
        key = (self._shapes.of(kind).name, id)
        return await self._call(lambda link: self._log.of_entity(key, after_version, before_version, limit, link))

    async def wait(self, after: Position, /, *, seconds: float) -> None:
        """Return when the log may hold a commit beyond *after*, at the latest after *seconds*."""

        async def wait() -> None:
            await self._call(lambda link: self._log.wait(after, seconds, link))

        await self._waits.together(after, wait, seconds)

    async def lease(self, task: str, holder: str, /, *, seconds: float) -> Position | None:
        """Take the right to work through the log as *task*, or keep it."""
        return await self._call(lambda link: self._log.lease(task, holder, seconds, link))

    async def advance(self, task: str, holder: str, position: Position, /) -> bool:
        """Note that *task* has worked through *position*."""
        return await self._call(lambda link: self._log.advance(task, holder, position, link))

    async def owed(self, store: str, /, *, limit: int = 100, parked: bool = False) -> Sequence[Owed]:
        """Return what waits for *store*, or what is *parked*."""
        return await self._call(lambda link: outbox.owed_to(store, limit, link, parked=parked))

    async def settle(self, landed: Mapping[str, Mapping[str, int]], /) -> None:
        """Forget what is owed no longer."""
        await self._call(lambda link: outbox.settled(landed, link))

    async def park(self, id: str, why: str, /) -> None:
        """Put aside what cannot be followed; without *why* it waits again."""
        await self._call(lambda link: outbox.parked(id, why, link))

    async def debts(self) -> Mapping[str, Debt]:
        """Return how far each store is behind."""
        return await self._call(outbox.debts)


RedisStatePersistence = RedisRepo
"""The name that the manifest gave it."""
