"""Who works through the log for all processes, and how far they are: one row per task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from starmodel.core.changes import Position

if TYPE_CHECKING:
    from .journal import Journal
    from .schema import Bookkeeping

__all__ = ["Tasks"]


class Tasks:
    """Leases: the right to work as a task runs out by itself, so that a process that died holds nobody up."""

    def __init__(self, own: Bookkeeping, journal: Journal) -> None:
        task = own.task
        self._journal = journal
        named = task.c.name == bindparam("task")
        free = or_(task.c.holder == bindparam("who"), task.c.until <= bindparam("now"))
        self._look = select(task.c.number, task.c.holder, task.c.until).where(named)
        self._begin = insert(task)
        self._take = update(task).where(named, free).values(holder=bindparam("who"), until=bindparam("end"))
        self._move = update(task).where(named, task.c.holder == bindparam("who")).values(number=bindparam("to"))

    def is_held(self, task: str, holder: str, now: float, connection: Connection) -> bool:
        """Tell whether somebody else has the right."""
        row = connection.execute(self._look, {"task": task}).first()
        return row is not None and row.holder != holder and row.until > now

    def lease(self, task: str, holder: str, now: float, seconds: float, connection: Connection) -> Position | None:
        """Take or keep the right; see :meth:`starmodel.core.ports.SharedPersistenceBackend.lease`."""
        newest = self._journal.lock(connection)
        row = connection.execute(self._look, {"task": task}).first()
        if row is None:
            values = {"name": task, "number": newest.number, "holder": holder, "until": now + seconds}
            connection.execute(self._begin, values)
            return newest
        taken = connection.execute(self._take, {"task": task, "who": holder, "now": now, "end": now + seconds})
        return Position(newest.epoch, row.number) if taken.rowcount else None

    def advance(self, task: str, holder: str, position: Position, connection: Connection) -> bool:
        """Note how far the holder is."""
        moved = connection.execute(self._move, {"task": task, "who": holder, "to": position.number})
        return bool(moved.rowcount)
