"""Whether the code from before some revisions can go on while they are applied, and beside the code they are for."""

from __future__ import annotations

from sqlalchemy import MetaData, exc, inspect

from .comparing import differences
from .describing import blocking
from .revisions import VERSIONS, Revisions
from .scratch import scratch

__all__ = ["breaks", "warned"]


def breaks(revisions: Revisions, start: str, to: str) -> list[str]:
    """Return what code that fits the revision *start* has against the tables at *to*: nothing when it can go on.

    What is said is what :func:`.opening.drift` would say to it.  Revisions that only run on Postgres say nothing.
    """
    if start in {"base", to}:
        return []
    try:
        before = _tables_at(revisions, start)
        with scratch() as after:
            revisions.run(after, to)
            return list(blocking(differences(after, before), after.dialect))
    except exc.SQLAlchemyError:
        return []


def _tables_at(revisions: Revisions, at: str) -> MetaData:
    tables = MetaData()
    with scratch() as replayed:
        revisions.run(replayed, at)
        tables.reflect(replayed, only=[name for name in inspect(replayed).get_table_names() if name != VERSIONS])
    return tables


def warned(reasons: list[str]) -> list[str]:
    """Return the lines that tell people of *reasons*."""
    if not reasons:
        return []
    return ["⚠ code from before cannot run beside this; stop it first, or change over in steps:"] + [
        f"    for it {reason}" for reason in reasons
    ]
