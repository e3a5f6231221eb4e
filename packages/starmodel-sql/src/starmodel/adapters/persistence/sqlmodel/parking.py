"""What handlers could not be told: one row each, which stays until somebody sees to it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from starmodel.core.parking import Parked, Wish, parked_from, parked_row

from .records import fact_of, row_of

if TYPE_CHECKING:
    from .database import Database
    from .schema import Bookkeeping

__all__ = ["SQLParking"]


class _Statements:
    def __init__(self, own: Bookkeeping) -> None:
        table = own.parked
        of_task = table.c.task == bindparam("of")
        number = of_task & (table.c.number == bindparam("it"))
        same = of_task & (table.c.handler == bindparam("who")) & (table.c.fact == bindparam("what"))
        self.find = select(table.c.number).where(same)
        self.add = insert(table).returning(table.c.number)
        self.replace = update(table).where(number).values(record=bindparam("text"), wish="")
        self.wish = update(table).where(number).values(wish=bindparam("wanted"))
        self.remove = delete(table).where(number)
        self.count = select(func.count()).select_from(table).where(of_task)
        after = of_task & (table.c.number > bindparam("after"))
        listed = select(table.c.number, table.c.wish, table.c.record).order_by(table.c.number).limit(bindparam("most"))
        self.list = {False: listed.where(after), True: listed.where(after, table.c.wish != "")}


class SQLParking:
    """The parking place of :class:`.repository.SQLRepo`, which it is a part of."""

    def __init__(self, own: Bookkeeping, database: Database) -> None:
        self._said, self._base = _Statements(own), database

    async def keep_parked(self, task: str, parked: Parked, /) -> int:
        """Keep *parked* and return its number."""
        key = {"of": task, "who": parked.handler, "what": parked.fact.id}
        return await self._base.write(partial(self._park, key, _json(parked_row(parked, row_of))))

    def _park(self, key: Mapping[str, str], row: str, connection: Connection) -> int:
        number: int | None = connection.execute(self._said.find, key).scalar()
        if number is not None:
            connection.execute(self._said.replace, {"of": key["of"], "it": number, "text": row})
            return number
        values = {"task": key["of"], "handler": key["who"], "fact": key["what"], "wish": "", "record": row}
        return int(connection.execute(self._said.add, values).scalar_one())

    async def parked(self, task: str, /, *, after: int = 0, limit: int = 100, wished: bool = False) -> Sequence[Parked]:
        """Return those with a number above *after*, oldest first; with *wished* only those with a wish."""
        values = {"of": task, "after": after, "most": limit}
        rows: Sequence[Any] = await self._base.read(lambda on: on.execute(self._said.list[wished], values).all())
        return [parked_from(json.loads(row), number, wish, fact_of) for number, wish, row in rows]

    async def count_parked(self, task: str, /) -> int:
        """Return how many are kept."""
        return await self._base.read(lambda on: int(on.execute(self._said.count, {"of": task}).scalar_one()))

    async def wish(self, task: str, number: int, wish: Wish, /) -> bool:
        """Note what somebody asks for; false when there is none of that *number*."""
        values = {"of": task, "it": number, "wanted": wish}
        return await self._base.write(lambda on: bool(on.execute(self._said.wish, values).rowcount))

    async def unpark(self, task: str, number: int, /) -> None:
        """Let go of one."""
        await self._base.write(lambda on: on.execute(self._said.remove, {"of": task, "it": number}))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
