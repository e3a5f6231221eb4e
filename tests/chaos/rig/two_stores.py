"""The long form on two stores, whose figures go into docs/reliability.md; ``python -m rig.two_stores`` prints them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.report import Table

from .hybrid import HybridOutcome, HybridStorm, HybridVerdict
from .redis import Redis

__all__ = ["two_stores"]

STORM = HybridStorm(commands=20_000, seconds=400, hearing=90)
HASTY = HybridStorm(commands=400, fault="hasty", patience=5, hearing=0)
RIGHT = HybridVerdict(*[0] * 10)


def two_stores() -> Table:
    """Let servers and relays be killed while commands change Redis and SQLite; once with a relay that is wrong."""
    columns = ["servers and relays are killed", *_COLUMNS]
    outcome, control = _raged(STORM), _raged(HASTY)
    assert outcome.verdict == RIGHT, outcome.verdict
    assert outcome.heard.is_right, outcome.heard
    assert outcome.drained <= 10, outcome.drained
    assert control.verdict.unfollowed, "the rig does not notice a relay that settles before it delivers"
    rows = [["each store first for half of them", *_figures(outcome)], ["control: a hasty relay", *_figures(control)]]
    return Table("One event on two stores, Redis and SQLite", columns, rows)


_COLUMNS = [
    *("kills of servers", "kills of a relay", "acknowledged", "sent again", "lost", "twice", "stuck"),
    *("not followed", "followed twice", "followed from nowhere", "out of order", "wrong counts", "parked"),
    *("drained after", "behind p50", "behind p99", "told", "not told", "told again"),
    *("p50 ms", "p99 ms", "longest ms", "commands/s"),
]


def _figures(outcome: HybridOutcome) -> list[str]:
    verdict, heard, ledger, lags = outcome.verdict, outcome.heard, outcome.ledger, sorted(outcome.lags)
    done = len(ledger.acknowledged)
    wrong = (
        *(verdict.lost, verdict.duplicated, verdict.stuck, verdict.unfollowed, verdict.followed_twice),
        *(verdict.phantom, verdict.disordered, verdict.miscounted, verdict.parked),
    )
    return [
        *(f"{number:,}" for number in (outcome.kills, outcome.relay_kills, done, ledger.retries, *wrong)),
        f"{outcome.drained:.1f} s",
        *(f"{lags[int(part * (len(lags) - 1))]:.1f} s" for part in (0.5, 0.99)),
        *(f"{number:,}" for number in (heard.recorded, heard.missing, heard.repeated)),
        *(f"{1000 * ledger.seconds(part):.0f}" for part in (0.5, 0.99, 1)),
        f"{done / outcome.seconds:.0f}",
    ]


def _raged(storm: HybridStorm) -> HybridOutcome:
    with Redis() as redis, tempfile.TemporaryDirectory(prefix="rig-") as folder:
        outcome = storm.run(redis.url, f"sqlite:///{folder}/rig.db", Path(folder))
    print("redis and sqlite", outcome.verdict, outcome.heard, outcome.ledger.failures, flush=True)
    return outcome


if __name__ == "__main__":
    print(two_stores())
