"""Reading: one entity, a page of them, how many there are."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection, Integer, bindparam, exc, func, literal_column, select
from sqlalchemy import Dialect as Spoken
from sqlalchemy.dialects.sqlite import pysqlite

from starmodel.core.entity import Entity
from starmodel.core.ordering import cursor_at, places_at
from starmodel.core.query import Page, Query, Stored, directions, order_key

from . import search
from .filters import Filter
from .folding import Dialect, is_installed
from .paging import Start, beyond, ordering
from .schema import PREFIX
from .statements import Reading

if TYPE_CHECKING:
    from sqlalchemy import Select

    from .mapper import Mapper, Tables

__all__ = ["MAX_STATEMENTS", "Queries"]

E = TypeVar("E", bound=Entity)
T = TypeVar("T")

_SQLITE: Spoken = pysqlite.dialect()

MAX_STATEMENTS = 500
"""How many statements are kept; each for all queries of one shape."""


class Queries:
    """Answers queries by statements that are built once for each shape."""

    def __init__(self, tables: Tables, *, sqlite: bool) -> None:
        self._tables = tables
        self._sqlite = sqlite
        self._filters: dict[type[Entity], Filter] = {}
        self._statements: OrderedDict[Any, Select[Any] | Reading] = OrderedDict()
        self._by_id: dict[type[Entity], Select[Any] | Reading] = {}
        self._lock = threading.Lock()

    def get(self, kind: type[E], id: str, now: float, connection: Connection) -> Stored[E] | None:
        """Return the newest snapshot, or ``None``."""
        mapper = self._tables.of(kind)
        statement = self._by_id.get(kind)  # one for each class: these are never too many
        if statement is None:
            statement = self._by_id[kind] = self._built(_by_id(mapper))
        rows = self._rows(connection, statement, {"the_id": id, "_now": now})
        return next(iter(mapper.stored(rows)), None)

    def page(self, kind: type[E], query: Query, now: float, connection: Connection) -> Page[E]:
        """Return one page of what the checked *query* asks for; one row more than it tells whether there is another."""
        return self._asked(kind, connection, lambda of_kind: self._page(kind, of_kind, query, now, connection))

    def _page(self, kind: type[E], of_kind: Filter, query: Query, now: float, connection: Connection) -> Page[E]:
        mapper = self._tables.of(kind)
        shape, values = of_kind.read(query.where, query.search)
        order = directions(query)
        places = None if query.after is None else places_at(query.after, len(order))
        start = Start.at(of_kind, order, places)
        statement = self._statement(
            (kind, "page", shape, tuple(order), start.shape),
            lambda: _page(mapper, of_kind, shape, order, start.shape),
        )
        parameters = {**values, **start.values, "_now": now, "most": query.limit + 1}
        rows = self._rows(connection, statement, parameters)
        items = tuple(mapper.stored(rows[: query.limit]))
        more = cursor_at(order_key(query, items[-1].entity)) if len(rows) > query.limit else None
        return Page(items, more)

    def count(self, kind: type[Entity], where: Mapping[str, Any], cap: int, now: float, connection: Connection) -> int:
        """Return how many meet the checked *where*, at most *cap*."""
        mapper, of_kind = self._tables.of(kind), self._filter(kind, connection)
        shape, values = of_kind.read(where)
        statement = self._statement((kind, "count", shape), lambda: _count(mapper, of_kind, shape))
        return int(self._rows(connection, statement, {**values, "_now": now, "most": cap})[0][0])

    def _asked(self, kind: type[Entity], connection: Connection, ask: Callable[[Filter], T]) -> T:
        """Return what *ask* makes of the filter of *kind*; without an index that another version has taken away."""
        try:
            return ask(self._filter(kind, connection))
        except exc.OperationalError as error:
            if f"no such table: {PREFIX}" not in str(error.orig):
                raise
        with self._lock:
            self._filters.pop(kind, None)
            for key in [key for key in self._statements if key[0] is kind]:
                del self._statements[key]
        return ask(self._filter(kind, connection))

    def _filter(self, kind: type[Entity], connection: Connection) -> Filter:
        known = self._filters.get(kind)
        if known is None:
            mapper = self._tables.of(kind)
            dialect = Dialect(self._sqlite, self._sqlite or is_installed(connection))
            known = self._filters[kind] = Filter(self._tables, mapper, dialect, search.found(connection, mapper))
        return known

    def _rows(
        self, connection: Connection, statement: Select[Any] | Reading, parameters: Mapping[str, Any]
    ) -> Sequence[Sequence[Any]]:
        if isinstance(statement, Reading):
            return statement(connection, **parameters)
        return connection.execute(statement, parameters).all()

    def _built(self, made: Select[Any]) -> Select[Any] | Reading:
        reading = Reading(made, _SQLITE) if self._sqlite else None
        return reading if reading is not None and reading.is_whole else made

    def _statement(self, key: Any, build: Callable[[], Select[Any]]) -> Select[Any] | Reading:
        """Return the statement for a shape; those that were not needed for longest are forgotten."""
        known = self._statements.get(key)
        if known is None:
            known = self._built(build())
        with self._lock:
            self._statements[key] = known
            self._statements.move_to_end(key)
            if len(self._statements) > MAX_STATEMENTS:
                self._statements.popitem(last=False)
        return known


def _by_id(mapper: Mapper[Any]) -> Select[Any]:
    return select(*mapper.columns).where(mapper.table.c.id == bindparam("the_id"), *mapper.alive)


def _page(
    mapper: Mapper[Any], of_kind: Filter, shape: Any, order: Sequence[tuple[str, bool]], start: Any
) -> Select[Any]:
    found = select(*mapper.columns).where(*mapper.alive, of_kind.built(shape))
    if start is not None:
        found = found.where(beyond(of_kind, order, start))
    return found.order_by(*ordering(of_kind, order)).limit(bindparam("most", type_=Integer))


def _count(mapper: Mapper[Any], of_kind: Filter, shape: Any) -> Select[Any]:
    some: Select[Any] = select(literal_column("1").label("one")).select_from(mapper.table)
    some = some.where(*mapper.alive, of_kind.built(shape)).limit(bindparam("most", type_=Integer))
    return select(func.count()).select_from(some.subquery())
