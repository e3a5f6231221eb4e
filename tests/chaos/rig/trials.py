"""What three nodes have to stand, in full: ``python -m rig.trials``, whose figures go into docs/many-nodes.md.

Names of trials as arguments run those alone; the rows of the others stay as they were last.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.report import Table, machine, write_between_markers

from .nemesis import freezes, repeatedly, rolls
from .nodes import Cluster
from .postgres import Postgres
from .proxy import Proxy
from .redis import Redis
from .storm import TOTAL, Outcome, Storm
from .watching import Harm, Seen, Watching

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "many-nodes.md"
KEPT = ROOT / ".cache" / "trials.json"

KILLED = Storm(increments=10_000, all_each=0, seconds=200)
OUTAGES = {"Redis": Storm(increments=7_000, every=0.8, seconds=60), "Postgres": Storm(increments=3_000, every=1.5)}
FROZEN = Storm(increments=250, transfers=50, seconds=150)
SKEWED = Storm(increments=1_000, transfers=300, seconds=150, clocks=(3600.0, -3600.0))
CUT = Watching(10_000, tabs=95, browsers=5)
ROLLED = Watching(3_000, tabs=40, browsers=3)


class FailedError(Exception):
    """A promise that did not hold."""


def check(*, holds: bool, what: object) -> None:
    if not holds:
        raise FailedError(what)


def killed() -> Iterator[list[str]]:
    """Kill a random node each second under 10,000 increments."""
    for name, at_most, server in (("Redis", 60, Redis()), ("Postgres", 180, Postgres(durable=True))):
        with _raging(KILLED, server) as outcome:
            check(holds=outcome.count == outcome.increments == KILLED.increments, what=outcome)
            check(holds=outcome.seconds <= at_most, what=f"{name}: {outcome.seconds:.0f} s")
            yield [f"a node killed each second, {name}", *_stormy(outcome), "10,000 counted"]


def database_dies() -> Iterator[list[str]]:
    """Kill the database ten times."""
    servers = {
        "Redis, class process": Redis(),
        "Redis, class disk": Redis(appendfsync="always"),
        "Postgres": Postgres(durable=True),
    }
    for name, server in servers.items():
        with _raging(OUTAGES[name.partition(",")[0]], server, dies=True) as outcome:
            check(holds=len(outcome.recoveries) >= 10, what=f"{name}: killed {len(outcome.recoveries)} times")
            check(holds=max(outcome.recoveries) <= 5, what=outcome.recoveries)
            check(holds=outcome.count == outcome.increments, what=outcome.count)
            yield [f"{name}, killed", *_stormy(outcome), f"all serve after {max(outcome.recoveries):.2f} s"]


def frozen() -> Iterator[list[str]]:
    """Stop a node for 15 seconds in the middle of what it does, again and again."""
    for name, server in (("Redis", Redis()), ("Postgres", Postgres(durable=True))):
        with _raging(FROZEN, server, lambda cluster: freezes(cluster.nodes, seconds=15, every=0.2)) as outcome:
            yield [f"a node stopped for 15 s, {name}", *_stormy(outcome), _sums(outcome)]


def skewed() -> Iterator[list[str]]:
    """Let one clock be an hour ahead and one an hour behind, and kill nodes."""
    for name, server in (("Redis", Redis()), ("Postgres", Postgres(durable=True))):
        with _raging(SKEWED, server) as outcome:
            yield [f"clocks an hour wrong, {name}", *_stormy(outcome), _sums(outcome)]


def cut() -> Iterator[list[str]]:
    """Cut a connection each second, while tabs watch."""
    for name, server in (("Redis", Redis()), ("Postgres", Postgres(durable=True))):
        seen = _seen(CUT, server, lambda _, proxy: repeatedly(lambda: proxy.cut(1), every=1.0))
        yield [f"a connection cut each second, {name}", f"{seen.cuts}", *_tabs(seen), ""]


def rolled() -> Iterator[list[str]]:
    """Restart the nodes one after the other, ten times, while tabs watch."""
    gone: list[float] = []

    @contextmanager
    def rolling(cluster: Cluster, _: Proxy) -> Iterator[None]:
        with rolls(cluster.nodes, times=10, rest=1.5) as took:
            yield
        gone.extend(took)

    for name, server in (("Redis", Redis()), ("Postgres", Postgres(durable=True))):
        gone.clear()
        seen = _seen(ROLLED, server, rolling)
        check(holds=max(gone) <= 10, what=gone)
        yield [f"{len(gone)} restarts in turn, {name}", f"{len(gone)}", *_tabs(seen), f"{max(gone):.2f} s"]


STORMS = {"killed": killed, "database_dies": database_dies, "frozen": frozen, "skewed": skewed}
VIEWS = {"cut": cut, "rolled": rolled}

_STORMY = [
    "what is done",
    "times",
    "commands",
    "sent again",
    "lost, twice, stuck, out of order",
    "longest ms",
    "seconds",
    "",
]
_VIEWED = [
    *("what is done", "times", "tabs, Chromium", "shown", "stream opened again", "backwards, behind in the end"),
    *("longest behind", "longest without stream", "a node was gone after"),
]


@contextmanager
def _raging(
    storm: Storm, server: Postgres | Redis, wreck: Callable[[Cluster], object] | None = None, *, dies: bool = False
) -> Iterator[Outcome]:
    with server, tempfile.TemporaryDirectory(prefix="rig-") as folder:
        outcome = storm.run(_url(server), Path(folder), server if dies else None, wreck)
        print(outcome.verdict, outcome.heard, outcome.kills, f"{outcome.seconds:.0f} s", flush=True)
        check(holds=outcome.verdict.is_right and outcome.heard.is_right, what=(outcome.verdict, outcome.heard))
        yield outcome


def _seen(watching: Watching, server: Postgres | Redis, harm: Harm) -> Seen:
    with server, tempfile.TemporaryDirectory(prefix="rig-") as folder:
        seen = watching.run(_url(server), Path(folder), harm)
    print(seen.watched, seen.browsed, seen.verdict, flush=True)
    check(holds=seen.watched.is_right and seen.browsed.is_right and seen.verdict.is_right, what=seen)
    check(holds=max(seen.watched.away, seen.browsed.away) <= 5, what=(seen.watched, seen.browsed))
    return seen


def _url(server: Postgres | Redis) -> str:
    return server.url if isinstance(server, Redis) else f"{server.url}/postgres"


def _stormy(outcome: Outcome) -> list[str]:
    zeros = outcome.verdict
    return [
        f"{outcome.kills or '-'}",
        f"{len(outcome.ledger.acknowledged):,}",
        f"{outcome.ledger.retries:,}",
        f"{zeros.lost}, {zeros.duplicated}, {zeros.stuck}, {zeros.regressed}",
        f"{1000 * outcome.ledger.seconds(1):.0f}",
        f"{outcome.seconds:.0f}",
    ]


def _sums(outcome: Outcome) -> str:
    check(holds=outcome.sums == {TOTAL}, what=outcome.sums)
    return f"{sum(outcome.readings.sums.values()):,} sums right"


def _tabs(seen: Seen) -> list[str]:
    plain, real = seen.watched, seen.browsed
    return [
        f"{plain.tabs}, {real.tabs}",
        f"{plain.shown + real.shown:,}",
        f"{plain.reopened + real.reopened}",
        f"{plain.backwards + real.backwards}, {plain.behind + real.behind}",
        f"{max(plain.stale, real.stale):.2f} s",
        f"{max(plain.away, real.away):.2f} s",
    ]


def main() -> None:
    kept: dict[str, list[list[str]]] = json.loads(KEPT.read_text()) if KEPT.exists() and sys.argv[1:] else {}
    for name in sys.argv[1:] or [*STORMS, *VIEWS]:
        kept[name] = []
        for row in {**STORMS, **VIEWS}[name]():
            kept[name].append(row)
            KEPT.parent.mkdir(exist_ok=True)
            KEPT.write_text(json.dumps(kept))
            print(" | ".join(row), flush=True)
    tables = [
        Table(title, columns, [row for name in trials for row in kept.get(name, ())])
        for title, columns, trials in (("Commands", _STORMY, STORMS), ("Open pages", _VIEWED, VIEWS))
    ]
    write_between_markers(PAGE, "\n".join([machine(), "", *map(str, tables)]))


if __name__ == "__main__":
    main()
