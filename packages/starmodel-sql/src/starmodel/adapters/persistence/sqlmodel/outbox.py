"""The outbox in the database: what other stores have to follow with, in the transaction of the commit it belongs to."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, case, delete, func, insert, select, update

from starmodel.core.errors import ConflictError, OnItsWayError
from starmodel.core.owed import LANDED_SECONDS, Debt, Owed

from .records import fact_of, row_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Row

    from .schema import Bookkeeping

__all__ = ["Outbox"]


class Outbox:
    """Reads and writes what is owed.  Who commits holds the lock on the log, so that nothing comes in between."""

    def __init__(self, own: Bookkeeping) -> None:
        owed, held = own.owed, own.held
        named: Any = bindparam("names", expanding=True)
        self._held = select(held).where(held.c.key.in_(named))
        self._forget = delete(held).where(held.c.key.in_(named))
        self._add, self._hold = insert(owed), insert(held)
        of_store = owed.c.store == bindparam("away")
        waiting, parked = owed.c.parked == "", owed.c.parked != ""
        in_order = (owed.c.number, owed.c.place)
        self._waiting = select(owed).where(of_store, waiting).order_by(*in_order).limit(bindparam("most"))
        self._parked = select(owed).where(of_store, parked).order_by(*in_order).limit(bindparam("most"))
        self._settle = delete(owed).where(owed.c.id.in_(named))
        self._let_go = delete(held).where(held.c.owed.in_(named))
        self._expire = delete(held).where(held.c.until <= bindparam("now"))
        arrived = update(held).where(held.c.key == bindparam("which"), held.c.owed == bindparam("part"))
        self._land = arrived.values(owed="", version=bindparam("found"), until=bindparam("end"))
        self._park = update(owed).where(owed.c.id == bindparam("part")).values(parked=bindparam("why"))
        self._debts = select(
            owed.c.store,
            func.count(case((waiting, 1))),
            func.min(case((waiting, owed.c.at))),
            func.count(case((parked, 1))),
        ).group_by(owed.c.store)

    def add(self, connection: Connection, owed: Sequence[Owed], number: int) -> None:
        """Keep what the commit of this *number* owes.

        Raise when a change of the same entity waits, or has arrived since this one was made.
        """
        if not owed:
            return
        made_on = {key: (one.store, expected) for one in owed for key, expected in one.keys.items()}
        names = {"names": list(made_on)}
        for row in connection.execute(self._held, names):
            store, expected = made_on[row.key]
            if row.owed:
                raise OnItsWayError(row.key, store)
            if row.version > expected:
                raise ConflictError(row.key, expected, row.version)
        connection.execute(self._add, [_row(one, number, place) for place, one in enumerate(owed)])
        keys = [{"key": key, "owed": one.id, "version": 0, "until": None} for one in owed for key in one.keys]
        if keys:
            connection.execute(self._forget, names)
            connection.execute(self._hold, keys)

    def of(self, store: str, limit: int, parked: bool, connection: Connection) -> Sequence[Owed]:  # noqa: FBT001  (of the port)
        """Return what waits for *store*, or what is *parked*."""
        rows = connection.execute(self._parked if parked else self._waiting, {"away": store, "most": limit})
        return [_owed(row) for row in rows]

    def settle(self, landed: Mapping[str, Mapping[str, int]], now: float, connection: Connection) -> None:
        """Forget these, and remember for a while what has become of their entities."""
        names = {"names": list(landed)}
        connection.execute(self._settle, names)
        arrived = [
            {"which": key, "part": id, "found": version, "end": now + LANDED_SECONDS}
            for id, versions in landed.items()
            for key, version in versions.items()
        ]
        if arrived:
            connection.execute(self._land, arrived)
        connection.execute(self._let_go, names)
        connection.execute(self._expire, {"now": now})

    def park(self, id: str, why: str, connection: Connection) -> None:
        """Put one aside, or back in its place."""
        connection.execute(self._park, {"part": id, "why": why})
        connection.execute(self._let_go, {"names": [id]})

    def debts(self, connection: Connection) -> Mapping[str, Debt]:
        """Return how far each store is behind."""
        return {
            store: Debt(waiting, None if oldest is None else datetime.fromisoformat(oldest), parked)
            for store, waiting, oldest, parked in connection.execute(self._debts)
        }


def _row(one: Owed, number: int, place: int) -> dict[str, Any]:
    recorded = json.dumps([row_of(fact) for fact in one.recorded], ensure_ascii=False)
    return {
        "id": one.id,
        "store": one.store,
        "number": number,
        "place": place,
        "keys": json.dumps(dict(one.keys), ensure_ascii=False),
        "body": one.body,
        "recorded": recorded,
        "at": one.at.isoformat(),
        "parked": one.parked,
    }


def _owed(row: Row[Any]) -> Owed:
    recorded = tuple([fact_of(data) for data in json.loads(row.recorded)])
    return Owed(row.id, row.store, json.loads(row.keys), row.body, recorded, datetime.fromisoformat(row.at), row.parked)
