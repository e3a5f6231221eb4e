"""Sessions in SQL: a row for each and one for each of its values, so that two requests change one without harm."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Column, Connection, Double, Index, MetaData, Table, Text, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from starmodel.core.session_store import KeptSession, SessionPatch

from .database import Database
from .schema import PREFIX
from .shared_time import SharedTime
from .url import DEFAULT_URL, DatabaseUrl

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["SQLSessions"]

_SWEEP_EVERY: Final = 60.0
_RENEW_BELOW: Final = 0.9


class SQLSessions:
    """Keeps sessions in the database at *url*, or over the connections of a store that is there already."""

    instant = False

    def __init__(self, url: str | Database = DEFAULT_URL) -> None:
        self._is_own = isinstance(url, str)
        self._database = Database(DatabaseUrl(url)) if isinstance(url, str) else url
        self.url = self._database.url
        self.single_process = self.url.is_memory
        self._metadata = MetaData()
        self._session = Table(
            f"{PREFIX}session",
            self._metadata,
            Column("key", Text, primary_key=True),
            Column("owner", Text, nullable=False),
            Column("until", Double, nullable=False),
            Index(f"ix_{PREFIX}session_owner", "owner"),
            Index(f"ix_{PREFIX}session_until", "until"),
        )
        self._value = Table(
            f"{PREFIX}session_value",
            self._metadata,
            Column("key", Text, primary_key=True),
            Column("name", Text, primary_key=True),
            Column("text", Text, nullable=False),
        )
        self._insert: Any = sqlite.insert if self.url.is_sqlite else postgresql.insert
        self._time = SharedTime(None, sqlite=self.url.is_sqlite)
        self._swept = 0.0

    async def open(self) -> None:
        """See to the tables."""
        if self._is_own:
            self._database.open()
        try:
            if self.url.is_memory:
                await self._database.write(self._metadata.create_all)
            else:
                await asyncio.to_thread(self._make_tables)
        except BaseException:
            await self.close()
            raise

    def _make_tables(self) -> None:
        from .migrations import transaction  # noqa: PLC0415  (Alembic is needed here alone)

        with transaction(self._database) as connection:
            self._metadata.create_all(connection)

    async def close(self) -> None:
        """Close the connections, if they are its own."""
        if self._is_own:
            await self._database.close()

    async def read(self, key: str, /, *, seconds: float) -> KeptSession | None:
        """Return what is kept under *key*."""
        rows = await self._database.glance(partial(self._rows, key))
        if not rows:
            return None
        if rows[0].until - self._time.now < seconds * _RENEW_BELOW:
            await self._database.commit(partial(self._renew, key, seconds))
        return KeptSession({row.name: row.text for row in rows}, rows[0].owner)

    async def write(self, key: str, patch: SessionPatch, /, *, seconds: float, instead_of: str | None = None) -> None:
        """Do what *patch* says, in one transaction."""
        await self._database.commit(partial(self._write, key, patch, seconds, instead_of))

    async def delete(self, key: str, /) -> None:
        """Forget everything under *key*."""
        await self._database.commit(partial(self._forget, [key]))

    async def delete_those_of(self, owner: str, /) -> Sequence[str]:
        """Forget every session of *owner*."""
        return await self._database.commit(partial(self._forget_those_of, owner)) if owner else []

    # -- in a thread of the database ---------------------------------------------------------------------------------

    def _rows(self, key: str, connection: Connection) -> Sequence[Any]:
        self._time.compare(connection)
        session, value = self._session, self._value
        both = select(session.c.owner, session.c.until, value.c.name, value.c.text).join_from(
            session, value, value.c.key == session.c.key
        )
        return connection.execute(both.where(session.c.key == key, session.c.until > self._time.now)).all()

    def _renew(self, key: str, seconds: float, connection: Connection) -> None:
        now = self._now(connection)
        alive = update(self._session).where(self._session.c.key == key, self._session.c.until > now)
        connection.execute(alive.values(until=now + seconds))

    def _write(
        self, key: str, patch: SessionPatch, seconds: float, instead_of: str | None, connection: Connection
    ) -> None:
        now = self._now(connection)
        self._sweep(now, connection)
        self._forget_expired(
            self._session.c.key.in_([key] if instead_of is None else [key, instead_of]), now, connection
        )
        if instead_of is not None:
            self._move(instead_of, key, connection)
        owner = {} if patch.owner is None else {"owner": patch.owner}
        until = {"until": now + seconds}
        begun = self._insert(self._session).values(key=key, owner=patch.owner or "", **until)
        # Whoever writes to a session holds its row until the end, so that none thinks it is empty.
        connection.execute(begun.on_conflict_do_update(index_elements=["key"], set_={**until, **owner}))
        for name, text in sorted(patch.changed.items()):
            self._change(key, name, text, connection)
        if connection.execute(select(self._value.c.name).where(self._value.c.key == key).limit(1)).first() is None:
            self._forget([key], connection)

    def _change(self, key: str, name: str, text: str | None, connection: Connection) -> None:
        value = self._value
        if text is None:
            connection.execute(delete(value).where(value.c.key == key, value.c.name == name))
        else:
            begun = self._insert(value).values(key=key, name=name, text=text)
            connection.execute(begun.on_conflict_do_update(index_elements=["key", "name"], set_={"text": text}))

    def _move(self, old: str, new: str, connection: Connection) -> None:
        for table in (self._session, self._value):
            connection.execute(update(table).where(table.c.key == old).values(key=new))

    def _forget(self, keys: Sequence[str], connection: Connection) -> None:
        for table in (self._session, self._value):
            connection.execute(delete(table).where(table.c.key.in_(keys)))

    def _forget_those_of(self, owner: str, connection: Connection) -> Sequence[str]:
        theirs = select(self._session.c.key).where(
            self._session.c.owner == owner, self._session.c.until > self._now(connection)
        )
        keys = list(connection.execute(theirs.with_for_update()).scalars())
        self._forget(keys, connection)
        return keys

    def _sweep(self, now: float, connection: Connection) -> None:
        """Free what has expired, from time to time: it could not be read before that either."""
        if time.monotonic() - self._swept > _SWEEP_EVERY:
            self._swept = time.monotonic()
            self._forget_expired(self._session.c.until <= now, now, connection)

    def _forget_expired(self, which: Any, now: float, connection: Connection) -> None:
        expired = select(self._session.c.key).where(which, self._session.c.until <= now)
        keys = list(connection.execute(expired.with_for_update(skip_locked=True)).scalars())
        if keys:
            self._forget(keys, connection)

    def _now(self, connection: Connection) -> float:
        self._time.compare(connection)
        return self._time.now
