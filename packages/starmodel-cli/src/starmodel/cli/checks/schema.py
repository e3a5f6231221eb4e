"""Whether code, revisions and database fit together."""

from __future__ import annotations

from collections.abc import Iterator

from .facts import Facts
from .finding import Found, Rule

__all__ = ["RULES"]


def _unreachable(facts: Facts) -> Iterator[Found]:
    if facts.schema is not None and facts.schema.failure:
        yield Found(f"the database cannot be looked at: {facts.schema.failure}", "mend that; then check again")


def _absent(facts: Facts) -> Iterator[Found]:
    for database in facts.databases:
        if database.file is not None and not database.file.exists():
            yield Found("there is no database yet", "make it: starmodel migrate up", str(database.file))


def _unrevised(facts: Facts) -> Iterator[Found]:
    if facts.databases and not any((facts.folder / "migrations").glob("*.py")):
        advice = "starmodel migrate make, and keep what it writes in git"
        yield Found("there is no revision, and production makes no tables by itself", advice)


def _pending(facts: Facts) -> Iterator[Found]:
    for line in facts.schema.pending if facts.schema is not None else ():
        yield Found(f"{line} is to be applied", "starmodel migrate up")


def _drift(facts: Facts) -> Iterator[Found]:
    for line in facts.schema.drift if facts.schema is not None else ():
        yield Found(line, "starmodel migrate make, then starmodel migrate up")


def _behind(facts: Facts) -> Iterator[Found]:
    if facts.schema is not None and (facts.schema.pending or facts.schema.drift) and not facts.deploy:
        count = len(facts.schema.pending) + len(facts.schema.drift)
        advice = "starmodel migrate check says how; starmodel run adds what it can, and says what needs a revision"
        yield Found(f"the database is behind the code in {count} {'ways' if count > 1 else 'way'}", advice)


RULES = (
    Rule("schema.unreachable", "error", _unreachable),
    Rule("schema.behind", "warning", _behind),
    Rule("schema.absent", "warning", _absent, deploy=True),
    Rule("schema.unrevised", "error", _unrevised, deploy=True),
    Rule("schema.pending", "error", _pending, deploy=True),
    Rule("schema.drift", "error", _drift, deploy=True),
)
