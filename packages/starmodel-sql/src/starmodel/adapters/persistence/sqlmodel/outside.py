"""Changes by other programs: triggers on the entities' tables note them, and they get a place in the log like others.

A statement of this store always moves the version of a row; one that does not came from elsewhere.  The trigger then
moves the version itself, so that an event running on the old state conflicts and runs again, and writes down the values
before and after.  Whoever commits next, or looks for news, turns what was noted into commits by the actor
``database``: open pages show it, it has a history, and it can be undone.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, delete, select

from starmodel.core.changes import Change, Commit, Position
from starmodel.core.commands import Command

from .texts import from_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row

    from .mapper import Mapper, Tables
    from .schema import Bookkeeping

__all__ = ["ACTOR", "Outside"]

ACTOR = "database"
"""Who stands in the log for a change that another program made."""


class Outside:
    """Takes what triggers noted into the log."""

    def __init__(self, own: Bookkeeping, tables: Tables, *, sqlite: bool) -> None:
        self._own, self._tables, self._sqlite = own, tables, sqlite
        noted = own.outside
        is_known = noted.c.entity.in_(bindparam("known", expanding=True))
        self._any = select(noted.c.number).where(is_known).limit(1)
        self._noted = select(noted).where(is_known).order_by(noted.c.number).limit(1000)
        self._forget = delete(noted).where(noted.c.number.in_(bindparam("numbers", expanding=True)))

    def is_waiting(self, connection: Connection) -> bool:
        """Tell whether anything was noted that is not in the log yet; classes of other applications are theirs."""
        return connection.execute(self._any, {"known": self._known}).first() is not None

    @property
    def _known(self) -> list[str]:
        return [mapper.name for mapper in self._tables]

    def commits(self, connection: Connection, newest: Position, at: datetime) -> list[Commit]:
        """Return what was noted as the commits after *newest*, and forget the notes."""
        rows = connection.execute(self._noted, {"known": self._known}).all()
        if not rows:
            return []
        connection.execute(self._forget, {"numbers": [row.number for row in rows]})
        return [
            self._commit(row, Position(newest.epoch, newest.number + place), at) for place, row in enumerate(rows, 1)
        ]

    def _commit(self, row: Row[Any], position: Position, at: datetime) -> Commit:
        mapper = self._tables.named(row.entity)
        assert mapper is not None, "only what is known was asked for"  # noqa: S101  (see commits())
        change = self._change(row, mapper)
        event = "create" if change.before is None else "delete" if change.after is None else "update"
        args = mapper.plain(change.after or {})
        command = Command(
            entity=row.entity,
            event=event,
            entity_id=row.entity_id,
            args=args,
            id=f"{ACTOR}-{position}",
            actor=ACTOR,
            at=at,
        )
        return Commit(position, command, ACTOR, (change,), (), None, at)

    def _change(self, row: Row[Any], mapper: Mapper[Any]) -> Change:
        before, after = _Noted(mapper, row.before), _Noted(mapper, row.after)
        hidden = before.unfit | after.unfit
        names = [*mapper.fields, *sorted(hidden - {*mapper.fields})]
        if before and after:
            names = [name for name in names if name != "id" and before.differs(after, name)]
        shown = [name for name in names if name not in hidden]
        return Change(
            row.entity,
            row.entity_id,
            row.version,
            before.only(shown),
            after.only(shown),
            tuple(name for name in names if name in hidden),
        )


class _Noted:
    """What a trigger wrote down of a row, each field by its present name; nothing of a row that was not there.

    ``unfit`` are the fields without a value: secrets, and what is none of this version's fields or values, as the
    trigger may be another version's.
    """

    def __init__(self, mapper: Mapper[Any], written: str | None) -> None:
        self._is_there = written is not None
        self._texts = {mapper.present_name(name): text for name, text in json.loads(written or "{}").items()}
        self._values: dict[str, Any] = {}
        for name in mapper.fields if self._is_there else ():
            column, text = mapper.table.c[name], self._texts.get(name)
            if name not in mapper.secret and (text is not None or column.nullable):
                with suppress(ValueError, TypeError, KeyError, ArithmeticError):
                    self._values[name] = from_text(column.type, text)
        self.unfit = {*mapper.fields, *self._texts} - self._values.keys() if self._is_there else set()

    def __bool__(self) -> bool:
        return self._is_there

    def differs(self, other: _Noted, name: str) -> bool:
        """Tell whether a field has another value in *other*; where there are none, whether its text is another."""
        if name in self._values and name in other._values:
            return bool(self._values[name] != other._values[name])
        return self._texts.get(name) != other._texts.get(name)

    def only(self, names: Sequence[str]) -> dict[str, Any] | None:
        """Return the values of these fields."""
        return {name: self._values[name] for name in names} if self._is_there else None
