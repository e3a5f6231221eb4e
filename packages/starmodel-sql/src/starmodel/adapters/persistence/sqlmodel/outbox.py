"""The outbox in the database: what other stores have to follow with, in the transaction of the commit it belongs to."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, case, delete, func, insert, select, update

from starmodel.core.errors import OnItsWayError
from starmodel.core.owed import Debt, Owed

from .records import fact_of, row_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Row

    from .schema import Bookkeeping

__all__ = ["Outbox"]


class Outbox:
    """Reads and writes what is owed.  Who commits holds the lock on the log, so that nothing comes in between."""

    def __init__(self, own: Bookkeeping) -> None:
        owed, held = own.owed, own.held
        named: Any = bindparam("names", expanding=True)
        self._held = select(held.c.key).where(held.c.key.in_(named)).limit(1)
        self._add, self._hold = insert(owed), insert(held)
        of_store = owed.c.store == bindparam("away")
        waiting, parked = owed.c.parked == "", owed.c.parked != ""
        in_order = (owed.c.number, owed.c.place)
        self._waiting = select(owed).where(of_store, waiting).order_by(*in_order).limit(bindparam("most"))
        self._parked = select(owed).where(of_store, parked).order_by(*in_order).limit(bindparam("most"))
        self._settle = delete(owed).where(owed.c.id.in_(named))
        self._let_go = delete(held).where(held.c.owed.in_(named))
        self._park = update(owed).where(owed.c.id == bindparam("part")).values(parked=bindparam("why"))
        self._debts = select(
            owed.c.store,
            func.count(case((waiting, 1))),
            func.min(case((waiting, owed.c.at))),
            func.count(case((parked, 1))),
        ).group_by(owed.c.store)

    def add(self, connection: Connection, owed: Sequence[Owed], number: int) -> None:
        """Keep what the commit of this *number* owes; OnItsWayError while something waits with one of its keys."""
        if not owed:
            return
        store_of = {key: one.store for one in owed for key in one.keys}
        found = connection.execute(self._held, {"names": list(store_of)}).scalar()
        if found is not None:
            raise OnItsWayError(found, store_of[found])
        connection.execute(self._add, [_row(one, number, place) for place, one in enumerate(owed)])
        keys = [{"key": key, "owed": one.id} for one in owed for key in one.keys]
        if keys:
            connection.execute(self._hold, keys)

    def of(self, store: str, limit: int, parked: bool, connection: Connection) -> Sequence[Owed]:  # noqa: FBT001  (of the port)
        """Return what waits for *store*, or what is *parked*."""
        rows = connection.execute(self._parked if parked else self._waiting, {"away": store, "most": limit})
        return [_owed(row) for row in rows]

    def settle(self, ids: Iterable[str], connection: Connection) -> None:
        """Forget these."""
        names = {"names": list(ids)}
        connection.execute(self._settle, names)
        connection.execute(self._let_go, names)

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
        "keys": json.dumps(one.keys),
        "body": one.body,
        "recorded": recorded,
        "at": one.at.isoformat(),
        "parked": one.parked,
    }


def _owed(row: Row[Any]) -> Owed:
    recorded = tuple([fact_of(data) for data in json.loads(row.recorded)])
    return Owed(
        row.id, row.store, tuple(json.loads(row.keys)), row.body, recorded, datetime.fromisoformat(row.at), row.parked
    )
