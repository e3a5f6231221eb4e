"""A page of 20 that this node has never drawn, with and without what others have: ``python -m benchmarks.fragments``.

Needs ``redis-server`` and the folder ``tests/chaos`` on ``PYTHONPATH``, which starts one.
"""

from __future__ import annotations

import asyncio
import time
from statistics import median
from typing import Any

from fasthtml.common import H3, A, Div, P, Span
from redis.asyncio import Redis as RedisClient

from rig.redis import Redis
from starmodel.adapters.fasthtml import StarModelApp, find, view
from starmodel.adapters.fasthtml.testing import Client
from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.adapters.persistence.redis import RedisFragments
from starmodel.bootstrap import Settings, create_app
from starmodel.core import Entity, event

from .report import Table

__all__ = ["measure"]

ROWS, ROUNDS = 20, 200
PAGES = {
    "rows of a list (each node draws them)": "/bolt",
    "rows with a cell of the application's own": "/part",
    "views of 12 elements": "/cards",
}


class Part(Entity):
    title: str = "a title of some length"
    note: str = "what somebody has written down about it"
    rank: int = 0
    done: bool = False

    @event
    def finish(self) -> None:
        self.done = True


class Bolt(Part):
    """The same in a list that nothing of the application stands in."""


def own_cell(part: Part) -> Any:
    """A cell that the application draws: the facts of a card."""
    return facts(part)


def facts(part: Part) -> Any:
    """Some elements."""
    return Div(Span("rank"), Span(part.rank), Span("done" if part.done else "open"), cls="facts")


@view
def card(part: Part) -> Any:
    """One part, as an application may show it: some 12 elements."""
    return Div(
        H3(A(part.title, href=f"/part/{part.id}")),
        P(part.note),
        facts(part),
        Div(*[Span(f"{number}", cls="tick") for number in range(4)]),
        cls="card",
    )


def measure(rounds: int = ROUNDS) -> Table:
    """Let pages be made in turn by a node that draws, and by one that is brought what another has drawn."""
    with Redis() as server:
        return asyncio.run(_measured(server, rounds))


async def _measured(server: Redis, rounds: int) -> Table:
    store = MemoryRepo()
    drawing, brought, first = [await _node(store, url) for url in (None, server.url, server.url)]
    for number in range(ROWS):
        for kind in (Part, Bolt):
            await drawing.application.dispatch(kind.create(title=f"Part {number}", rank=number).on(f"p{number}"))
    rows = []
    for name, path in PAGES.items():
        await _made(first, path)  # draws them, and writes them down
        await asyncio.sleep(0.1)
        redis_began = await _redis_cpu(server)
        times: dict[StarModelApp, list[tuple[float, float]]] = {drawing: [], brought: []}
        for _ in range(rounds):
            for app, found in times.items():
                found.append(await _made(app, path))
        before, after = (tuple(median(one) * 1000 for one in zip(*found, strict=True)) for found in times.values())
        redis = (await _redis_cpu(server) - redis_began) / rounds * 1000
        cells = [f"{number:.2f}" for pair in zip(before, after, strict=True) for number in pair] + [f"{redis:.2f}"]
        rows.append([name, *cells, f"{before[0] / after[0]:.2f}"])
    shared = brought.runtime.fragments.shared
    if shared is None or shared.found < rounds * ROWS * 2 * 0.9:
        raise RuntimeError("what was drawn elsewhere was not brought: nothing was measured")
    columns = [
        "20 that this node has not drawn (ms)",
        *("drawn", "brought", "CPU: drawn", "CPU: brought", "CPU of Redis", "gain"),
    ]
    for app in (drawing, brought, first):
        await app.runtime.close()
    return Table("A page of 20 that another node has drawn", columns, rows)


async def _redis_cpu(server: Redis) -> float:
    """Return the seconds that the server has used so far."""
    async with RedisClient.from_url(server.url) as client:
        told = await client.info("cpu")
    return float(told["used_cpu_user"]) + float(told["used_cpu_sys"])


async def _node(store: MemoryRepo, url: str | None) -> StarModelApp:
    cache = None if url is None else RedisFragments(url)
    settings = Settings(secret="a secret of all nodes, long enough", env="development")
    app = create_app(Part, Bolt, settings=settings, stores={"memory": store}, fragments=cache, ui="plain", api=None)
    app.get("/cards")(cards)
    app.pages.cell(Part, "rank")(own_cell)
    await app.runtime.open()
    return app


async def cards() -> list[Any]:
    """Show all of them."""
    return [card(one) for one in await find(Part)]


async def _made(app: StarModelApp, path: str) -> tuple[float, float]:
    """Return the seconds that a page takes which this node has never made, and those of its processor."""
    kept = app.runtime.fragments
    kept._kept.clear()  # noqa: SLF001  (as in a process that has just begun)
    kept.size = 0
    app.pages.kept.clear()
    client = Client(app)
    began, used = time.perf_counter(), time.process_time()
    answer = await client.get(path)
    seconds = time.perf_counter() - began, time.process_time() - used
    if answer.status != 200 or (answer.text.count("facts") >= ROWS) is (path == "/bolt"):
        raise RuntimeError(f"{path} answered {answer.status}")
    return seconds


if __name__ == "__main__":
    print(measure())
