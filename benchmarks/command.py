"""One increment over HTTP, on the memory store, beside a bare ASGI application: ``python -m benchmarks.command``."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from .report import Table
from .server import Server
from .wrk import CONNECTIONS, Load, load

__all__ = ["measure"]

SCRIPT = str(Path(__file__).with_name("command.lua"))
PATH = "/counter/lobby/increment"


@dataclass
class Contender:
    name: str
    run: Callable[[int], Load]
    loads: list[Load] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return median(found.per_second for found in self.loads)

    @property
    def cpu_microseconds(self) -> float:
        return sum(found.cpu_seconds for found in self.loads) / sum(found.requests for found in self.loads) * 1e6


def measure(rounds: int = 5, seconds: int = 3) -> Table:
    """Let every contender run in turn, *rounds* times for *seconds* each."""
    with ExitStack() as running:
        bare = running.enter_context(Server("benchmarks.contenders.bare:app"))
        starlette = running.enter_context(Server("benchmarks.contenders.dictionaries:starlette"))
        fastapi = running.enter_context(Server("benchmarks.contenders.dictionaries:fastapi"))
        ours = running.enter_context(Server("benchmarks.contenders.counter:app"))
        cookie = (ours.request("GET", "/")[0]["set-cookie"] or "").partition(";")[0]
        contenders = [
            Contender("bare ASGI, GET hello (control)", lambda s: load(bare, "/", s)),
            Contender("bare ASGI, POST, a dictionary", lambda s: load(bare, PATH, s, [SCRIPT, PATH])),
            Contender("Starlette, POST, a dictionary", lambda s: load(starlette, PATH, s, [SCRIPT, PATH])),
            Contender("FastAPI, POST, a dictionary", lambda s: load(fastapi, PATH, s, [SCRIPT, PATH])),
            Contender("StarModel, with an Idempotency-Key", lambda s: load(ours, PATH, s, _script(cookie, key=True))),
            Contender("StarModel, without one", lambda s: load(ours, PATH, s, _script(cookie, key=False))),
        ]
        for contender in contenders:
            contender.run(1)
        start = _count(ours, cookie)
        for turn in range(rounds):
            for place in range(len(contenders)):
                contender = contenders[(place + turn) % len(contenders)]
                contender.loads.append(contender.run(seconds))
        _check_that_nothing_was_lost(contenders[-2:], _count(ours, cookie) - start)
    return _table(contenders)


def _script(cookie: str, *, key: bool) -> list[str]:
    return [SCRIPT, PATH, cookie, f"{secrets.token_hex(8)}-" if key else ""]


def _count(server: Server, cookie: str) -> int:
    """Return what the page says."""
    found = re.search(r"<h1>(\d+)</h1>", server.request("GET", "/", None, {"Cookie": cookie})[1])
    if found is None:
        raise RuntimeError("the page shows no count")
    return int(found[1])


def _check_that_nothing_was_lost(contenders: list[Contender], counted: int) -> None:
    """Every acknowledged increment is in the counter, and none twice; wrk leaves some unread when it ends."""
    loads = [found for contender in contenders for found in contender.loads]
    acknowledged = sum(found.requests for found in loads)
    if not acknowledged <= counted <= acknowledged + CONNECTIONS * len(loads):
        raise RuntimeError(f"{acknowledged} increments were acknowledged and {counted} are in the counter")


def _table(contenders: list[Contender]) -> Table:
    control = contenders[0]
    rows = [
        [
            contender.name,
            f"{contender.per_second:,.0f}",
            f"{contender.per_second / control.per_second:.2f}",
            f"{contender.cpu_microseconds:.0f}",
            f"{contender.cpu_microseconds / control.cpu_microseconds:.1f}",
        ]
        for contender in contenders
    ]
    return Table(
        "A command over HTTP",
        ["contender", "requests/s", "of the control", "CPU µs/request", "times the control"],
        rows,
    )


if __name__ == "__main__":
    print(measure())
