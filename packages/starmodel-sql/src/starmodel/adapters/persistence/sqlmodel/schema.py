"""The tables of the store itself: where the log stands, what happened, and who works through it."""

from __future__ import annotations

import hashlib

from sqlalchemy import BigInteger, Column, Double, Index, Integer, MetaData, Table, Text

__all__ = ["PREFIX", "Bookkeeping", "is_own", "shortened"]

PREFIX = "starmodel_"
_LONGEST = 63
"""Bytes of a name that Postgres keeps: it cuts off what follows, and takes two names that begin alike for one."""


def is_own(table: str) -> bool:
    """Tell whether *table* is the store's and no entity's."""
    return table.startswith(PREFIX)


def shortened(name: str) -> str:
    """Return *name*, or what takes its place where that would be cut off."""
    whole = name.encode()
    if len(whole) <= _LONGEST:
        return name
    return f"{whole[: _LONGEST - 9].decode(errors='ignore')}_{hashlib.sha256(whole).hexdigest()[:8]}"


class Bookkeeping:
    """The store's own tables, in *metadata*.

    ``head``: one row, the epoch of the log and the number of its newest commit; whoever commits on Postgres locks it,
    so that commits become visible in the order of their numbers.  ``log``: one row per command that took effect.
    ``change``: one row per entity it changed, with the values before and after.  ``task``: how far each task has
    worked through the log.  ``parked``: what one could not finish.  ``outside``: what other programs changed, until it
    has a place in the log.  ``owed``: what other stores have to follow with.  ``held``: the entities that something
    waits with a change of, or which version of them has arrived.
    """

    def __init__(self, metadata: MetaData) -> None:
        self.head = Table(
            f"{PREFIX}head",
            metadata,
            Column("id", Integer, primary_key=True, autoincrement=False),
            Column("epoch", Text, nullable=False),
            Column("number", BigInteger, nullable=False),
        )
        self.log = Table(
            f"{PREFIX}log",
            metadata,
            Column("number", Integer().with_variant(BigInteger, "postgresql"), primary_key=True, autoincrement=False),
            Column("command_id", Text, nullable=False),
            Column("entity", Text, nullable=False),
            Column("entity_id", Text),
            Column("event", Text, nullable=False),
            Column("actor", Text),
            Column("at", Text, nullable=False),
            Column("stored_at", Double, nullable=False),
            Column("fingerprint", Text, nullable=False),
            Column("command", Text, nullable=False),
            Column("recorded", Text, nullable=False),
            Column("answer", Text, nullable=False),
            Index(f"ix_{PREFIX}log_command", "command_id"),
        )
        self.change = Table(
            f"{PREFIX}change",
            metadata,
            Column("number", BigInteger, primary_key=True, autoincrement=False),
            Column("place", Integer, primary_key=True, autoincrement=False),
            Column("entity", Text, nullable=False),
            Column("entity_id", Text, nullable=False),
            Column("version", BigInteger, nullable=False),
            Column("before", Text),
            Column("after", Text),
            Column("hidden", Text, nullable=False),
            Index(f"ix_{PREFIX}change_entity", "entity", "entity_id", "version"),
        )
        self.task = Table(
            f"{PREFIX}task",
            metadata,
            Column("name", Text, primary_key=True),
            Column("number", BigInteger, nullable=False),
            Column("holder", Text, nullable=False),
            Column("until", Double, nullable=False),
        )
        self.parked = Table(
            f"{PREFIX}parked",
            metadata,
            Column("number", Integer().with_variant(BigInteger, "postgresql"), primary_key=True, autoincrement=True),
            Column("task", Text, nullable=False),
            Column("handler", Text, nullable=False),
            Column("fact", Text, nullable=False),
            Column("wish", Text, nullable=False),
            Column("record", Text, nullable=False),
            Index(f"ix_{PREFIX}parked_fact", "fact"),
            sqlite_autoincrement=True,  # a number is never given twice
        )
        self.outside = Table(
            f"{PREFIX}outside",
            metadata,
            Column("number", Integer().with_variant(BigInteger, "postgresql"), primary_key=True, autoincrement=True),
            Column("entity", Text, nullable=False),
            Column("entity_id", Text, nullable=False),
            Column("version", BigInteger, nullable=False),
            Column("before", Text),
            Column("after", Text),
        )
        self.owed = Table(
            f"{PREFIX}owed",
            metadata,
            Column("id", Text, primary_key=True),
            Column("store", Text, nullable=False),
            Column("number", BigInteger, nullable=False),
            Column("place", Integer, nullable=False),
            Column("keys", Text, nullable=False),
            Column("body", Text, nullable=False),
            Column("recorded", Text, nullable=False),
            Column("at", Text, nullable=False),
            Column("parked", Text, nullable=False),
            Index(f"ix_{PREFIX}owed_store", "store", "parked", "number", "place"),
        )
        self.held = Table(
            f"{PREFIX}held",
            metadata,
            Column("key", Text, primary_key=True),
            Column("owed", Text, nullable=False),
            Column("version", BigInteger, nullable=False),
            Column("until", Double),
            Index(f"ix_{PREFIX}held_owed", "owed"),
            Index(f"ix_{PREFIX}held_until", "until"),
        )

    @property
    def tables(self) -> list[Table]:
        """All of them."""
        return [self.head, self.log, self.change, self.task, self.parked, self.outside, self.owed, self.held]
