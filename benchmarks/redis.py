"""What a command costs on Redis beside the same Lua script called bare: ``python -m benchmarks.redis``.

Needs ``redis-server`` and the folder ``tests/chaos`` on ``PYTHONPATH``, which starts one.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from redis.asyncio import Redis as Client

from rig.redis import Redis
from starmodel.adapters.persistence.redis import RedisRepo
from starmodel.adapters.persistence.redis.scripts import script
from starmodel.adapters.pydantic import PydanticCodec
from starmodel.app import Application
from starmodel.core import Entity, Indexed, event

from .report import Table

__all__ = ["measure"]

AT_ONCE = 32
COMMANDS = 64
ROUNDS = 20
_COMMAND, _ATTEMPT, _ID, _EXPECTED, _DOCUMENT, _MEMBER = 0, 2, 9, 10, 13, 16
"""Where what differs from call to call stands in what the script of a commit is told."""


class Item(Entity):
    title: str = "title"
    rank: int = 0
    done: bool = False
    note: str = ""
    model_config = {"store": "redis"}

    @event
    def increment(self) -> None:
        self.rank += 1


class Ranked(Item):
    """The same with an index, whose value changes with each command."""

    rank: Annotated[int, Indexed()] = 0

    @event
    def increment(self) -> None:
        self.rank += 1


class Bare:
    """Sends what a commit of *kind* sends, by redis-py's client: the read, then the script; one at a time for an id."""

    def __init__(self, client: Client, arguments: list[Any], kind: type[Entity]) -> None:
        self._client, self._arguments, self._name = client, arguments, kind.__entity_name__
        self._digest = script("commit").digest
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def increment(self, id: str) -> None:
        arguments = list(self._arguments)
        arguments[_COMMAND], arguments[_ATTEMPT] = secrets.token_hex(16), secrets.token_hex(8)
        arguments[_ID] = id
        arguments[_DOCUMENT] = arguments[_DOCUMENT].replace(b'"id":"i0"', b'"id":"%s"' % id.encode())
        if len(arguments) > _MEMBER:
            arguments[_MEMBER] = arguments[_MEMBER].removesuffix(b"i0") + id.encode()
        async with self._turns[id]:
            document = await self._client.get(f"starmodel:{self._name}:{id}")
            arguments[_EXPECTED] = document[12 : document.index(b",")]
            outcome, *_ = await self._client.evalsha(self._digest, 0, *arguments)
        if outcome != b"ok":
            raise RuntimeError(f"the script says {outcome!r}")


def measure() -> Table:
    """Let both do the same commands in turns, on a Redis of their own that writes each second to its disk."""
    with Redis() as redis:
        rows = asyncio.run(_measured(redis.url))
    columns = ["commands/s", "the same script, bare", "StarModel", "of the script's"]
    return Table("A command on Redis", columns, rows)


async def _measured(url: str) -> list[list[str]]:
    store = RedisRepo(url)
    async with (
        Application([Item, Ranked], codec=PydanticCodec(), stores={"redis": store}) as app,
        Client.from_url(url) as client,
    ):
        rows = []
        for kind, what in ((Item, ""), (Ranked, ", with an index")):
            for number in range(100):
                await app.dispatch(kind.create().on(f"i{number}"))
            bare = Bare(client, await _told(app, store, kind), kind)

            async def ours(id: str, kind: type[Any] = kind) -> None:
                await app.dispatch(kind.increment().on(id))

            for count, clients, name in (
                (1, 1, "one entity, one after the other"),
                (1, AT_ONCE, f"one hot entity, {AT_ONCE} clients"),
                (100, AT_ONCE, f"100 entities, {AT_ONCE} clients"),
            ):
                speeds = await _in_turns({"bare": bare.increment, "ours": ours}, count, clients)
                ratio = speeds["ours"] / speeds["bare"]
                rows.append([f"{name}{what}", f"{speeds['bare']:,.0f}", f"{speeds['ours']:,.0f}", f"{ratio:.2f}"])
    return rows


async def _told(app: Application, store: RedisRepo, kind: type[Item]) -> list[Any]:
    """Return what the script is told when an event of *kind* is committed."""
    heard: list[list[Any]] = []
    link_run = store._server.__class__.call  # noqa: SLF001  (what goes over the wire is seen nowhere else)

    async def listening(self: Any, work: Any) -> Any:
        async def heard_work(link: Any) -> Any:
            run = link.run

            async def noting(one: Any, *arguments: Any) -> Any:
                if one is script("commit"):
                    heard.append(list(arguments))
                return await run(one, *arguments)

            link.run = noting
            try:
                return await work(link)
            finally:
                del link.run

        return await link_run(self, heard_work)

    store._server.__class__.call = listening  # type: ignore[method-assign]  # noqa: SLF001
    try:
        await app.dispatch(kind.increment().on("i0"))
    finally:
        store._server.__class__.call = link_run  # type: ignore[method-assign]  # noqa: SLF001
    return heard[-1]


async def _in_turns(
    calls: dict[str, Callable[[str], Awaitable[None]]], entities: int, clients: int
) -> dict[str, float]:
    """Return the commands per second of each: in the best of many rounds."""
    found: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            left = iter(range(COMMANDS))

            async def client(left: Any = left, call: Any = call) -> None:
                for number in left:
                    await call(f"i{number % entities}")

            start = time.perf_counter()
            await asyncio.gather(*(client() for _ in range(clients)))
            found[name].append(COMMANDS / (time.perf_counter() - start))
    return {name: max(speeds) for name, speeds in found.items()}


if __name__ == "__main__":
    print(measure())
