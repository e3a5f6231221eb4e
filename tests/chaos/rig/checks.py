"""What must hold when everything is over: nothing lost, duplicated, stuck or regressed."""

from __future__ import annotations

import json
from collections import Counter as Tally
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from starmodel.core.changes import Commit, Position
from starmodel.core.ports import StatePersistenceBackend

from .ledger import Ledger

__all__ = ["Delivery", "Verdict", "delivery", "log_of", "verdict"]


@dataclass(frozen=True)
class Verdict:
    """What the ledger and the database say about each other; five zeros are right."""

    lost: int
    """Acknowledged, and not in the log."""
    duplicated: int
    """In the log more than once."""
    stuck: int
    """Not acknowledged in the end."""
    regressed: int
    """In the log before what its client had been told was done when it sent it."""
    unknown: int
    """In the log, and sent by nobody."""

    @property
    def is_right(self) -> bool:
        return self == Verdict(0, 0, 0, 0, 0)


def verdict(ledger: Ledger, log: Sequence[Commit], events: Collection[str]) -> Verdict:
    """Compare what clients were told with the commits of *events* in the log."""
    done = Tally(commit.command.id for commit in log if commit.command.event in events)
    told = {one.command for one in ledger.acknowledged.values()}
    unanswered = ledger.sent.keys() - ledger.acknowledged.keys()
    return Verdict(
        lost=len(told - done.keys()),
        duplicated=sum(number - 1 for number in done.values()),
        stuck=len(unanswered),
        regressed=_regressed(ledger, log),
        unknown=max(0, len(done) - len(told) - len(unanswered)),
    )


def _regressed(ledger: Ledger, log: Sequence[Commit]) -> int:
    """Count commands that were sent by a client after another was acknowledged, and stand before it in the log."""
    place = {commit.command.id: commit.position.number for commit in log}
    last: dict[int, int] = {}
    regressed = 0
    for one in ledger.acknowledged.values():  # in the order of the acknowledgements
        number = place.get(one.command, 0)
        regressed += number <= last.get(one.client, 0)
        last[one.client] = max(number, last.get(one.client, 0))
    return regressed


async def log_of(store: StatePersistenceBackend) -> list[Commit]:
    """Return every commit in the log, oldest first."""
    found: list[Commit] = []
    at = Position((await store.position()).epoch, 0)
    while (changes := await store.changes(at)).commits:
        assert not changes.gap
        found += changes.commits
        at = changes.position
    assert [commit.position.number for commit in found] == list(range(1, len(found) + 1))
    return found


@dataclass(frozen=True)
class Delivery:
    """What handlers were told, against what the log holds."""

    recorded: int
    missing: int
    invented: int
    disordered: int
    """Told for the first time after a later one of the same entity."""
    repeated: int
    """Told again, with the same id: that is allowed."""

    @property
    def is_right(self) -> bool:
        return (self.missing, self.invented, self.disordered) == (0, 0, 0)


def delivery(log: Iterable[Commit], told: Path) -> Delivery:
    """Compare the log with the lines that handlers wrote."""
    recorded = {fact.id: fact for commit in log for fact in commit.recorded}
    lines = told.read_text(encoding="utf-8").splitlines() if told.exists() else []
    heard = [json.loads(line) for line in lines]
    first: dict[str, int] = {}
    newest: dict[str, int] = {}
    disordered = 0
    for line in heard:
        if line["id"] not in first:
            first[line["id"]] = line["version"]
            disordered += line["version"] < newest.get(line["account"], 0)
            newest[line["account"]] = max(line["version"], newest.get(line["account"], 0))
    return Delivery(
        recorded=len(recorded),
        missing=len(recorded.keys() - first.keys()),
        invented=len(first.keys() - recorded.keys()),
        disordered=disordered,
        repeated=len(heard) - len(first),
    )
