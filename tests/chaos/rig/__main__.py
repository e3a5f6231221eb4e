"""The long form, whose figures go into docs/reliability.md: ``python -m rig``, from the root of the repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.report import Table, machine, write_between_markers

from .postgres import Postgres
from .storm import TOTAL, Outcome, Storm
from .two_stores import two_stores

PAGE = Path(__file__).parents[3] / "docs" / "reliability.md"
STORM = Storm(increments=10_000, transfers=2_000, seconds=400)
BLIND = Storm(increments=1_000, every=None, fault="blind")
OUTAGES = Storm(increments=2_000, transfers=500, every=3.0, seconds=200)


class FailedError(Exception):
    """A promise that did not hold."""


def check(*, holds: bool, what: str) -> None:
    if not holds:
        raise FailedError(what)


@contextmanager
def databases(*, durable: bool = False) -> Iterator[dict[str, str]]:
    """Give the address of a fresh database of each kind."""
    with tempfile.TemporaryDirectory(prefix="rig-") as folder, Postgres(durable=durable) as postgres:
        yield {"SQLite": f"sqlite:///{folder}/rig.db", "Postgres": f"{postgres.url}/postgres"}


def storms() -> Table:
    """Let servers be killed under load, on each database."""
    rows = []
    with databases(durable=True) as urls:
        for name, url in urls.items():
            outcome = _raged(STORM, url)
            check(holds=outcome.count == outcome.increments == STORM.increments, what=f"{name}: {outcome.count}")
            rows.append([name, *_figures(outcome), f"{outcome.count:,}"])
    columns = ["servers are killed", *_COLUMNS, "the counter"]
    return Table("Three servers, one killed each second", columns, rows)


def outages() -> Table:
    """Kill Postgres under load."""
    with Postgres(durable=True) as postgres:
        outcome = _raged(OUTAGES, f"{postgres.url}/postgres", postgres)
    check(holds=outcome.count == OUTAGES.increments, what=f"after outages: {outcome.count}")
    check(holds=max(outcome.recoveries) <= 5, what=f"recovered after {outcome.recoveries}")
    row = ["Postgres", *_figures(outcome), f"{max(outcome.recoveries):.2f} s"]
    return Table("Postgres killed every three seconds", ["the database is killed", *_COLUMNS, "all serve again"], [row])


def control() -> Table:
    """Take the version check out, kill nobody, and see what is lost."""
    with databases() as urls:
        outcome = _stored(BLIND, urls["SQLite"], None)
    check(holds=outcome.count < BLIND.increments, what="the rig does not notice a store without a version check")
    row = [f"{len(outcome.ledger.acknowledged):,}", f"{outcome.count:,}"]
    return Table("The control: without the version check", ["acknowledged", "the counter"], [row])


def failpoints() -> Table:
    """Die at every step."""
    rows = []
    for kind in ("commit", "process"):
        with databases() as urls:
            for name, url in urls.items():
                found = _walked(kind, url)
                check(holds=found["problems"] == [], what=str(found["problems"]))
                what = "a commit" if kind == "commit" else "a process from opening to closing"
                rows.append([f"{what}, {name}", f"{found['steps']}", f"{found['deaths']}", "0", f"{found['repeated']}"])
    return Table(
        "Death at every step", ["dies within", "steps", "deaths", "between before and after", "told again"], rows
    )


_COLUMNS = [
    *("kills", "acknowledged", "sent again", "lost", "twice", "stuck", "out of order"),
    *("sums read", "wrong sums", "told", "not told", "told again", "p50 ms", "p99 ms", "longest ms", "commands/s"),
]


def _figures(outcome: Outcome) -> list[str]:
    verdict, heard, ledger = outcome.verdict, outcome.heard, outcome.ledger
    check(holds=verdict.is_right and heard.is_right, what=f"{verdict} {heard}")
    check(holds=outcome.sums == {TOTAL}, what=f"sums: {outcome.readings.sums}")
    done = len(ledger.acknowledged)
    return [
        f"{outcome.kills}",
        f"{done:,}",
        f"{ledger.retries:,}",
        *(f"{number}" for number in (verdict.lost, verdict.duplicated, verdict.stuck, verdict.regressed)),
        f"{sum(outcome.readings.sums.values()):,}",
        f"{len(outcome.sums) - 1}",
        f"{heard.recorded:,}",
        f"{heard.missing}",
        f"{heard.repeated}",
        *(f"{1000 * ledger.seconds(part):.0f}" for part in (0.5, 0.99, 1)),
        f"{done / outcome.seconds:.0f}",
    ]


def _raged(storm: Storm, url: str, postgres: Postgres | None = None) -> Outcome:
    outcome = _stored(storm, url, postgres)
    print(url.partition(":")[0], outcome.verdict, outcome.heard, outcome.ledger.failures, flush=True)
    return outcome


def _stored(storm: Storm, url: str, postgres: Postgres | None) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="rig-") as folder:
        return storm.run(url, Path(folder), postgres)


def _walked(kind: str, url: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="rig-") as folder:
        command = [sys.executable, "-m", "rig.failpoints", kind, url, folder]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=900, env=dict(os.environ))
    found: dict[str, Any] = json.loads(done.stdout)
    print(kind, url.partition(":")[0], found, flush=True)
    return found


def transposed(table: Table) -> Table:
    """Return *table* with its rows as columns: many figures of few runs."""
    columns = [table.columns[0], *(row[0] for row in table.rows)]
    rows = [[name, *(row[place] for row in table.rows)] for place, name in enumerate(table.columns) if place]
    return Table(table.title, columns, rows)


if __name__ == "__main__":
    began = time.monotonic()
    tables = [transposed(storms()), transposed(outages()), transposed(two_stores()), failpoints(), control()]
    drivers = f"SQLAlchemy {version('sqlalchemy')}, psycopg {version('psycopg')}"
    taken = f"{machine().removesuffix('.')}, {drivers}. It took {(time.monotonic() - began) / 60:.0f} minutes."
    write_between_markers(PAGE, "\n".join([taken, "", *map(str, tables)]))
