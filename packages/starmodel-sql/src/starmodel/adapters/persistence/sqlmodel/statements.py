"""Core statements compiled once and handed to the driver as they are: what every commit runs pays for nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection, exc

if TYPE_CHECKING:
    import sqlite3

    from sqlalchemy import Dialect, Executable, Select

__all__ = ["Prepared", "Reading", "run_raw"]

T = TypeVar("T")


class Prepared:
    """A statement compiled once; the types' own conversions are made of the values that go in.

    Call it with a connection and the parameters by name; it returns the rows as the driver has them, none for a
    statement that gives none.
    """

    __slots__ = ("_fixed", "_into", "_order", "_rows", "_sql", "is_whole")

    def __init__(self, statement: Executable, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)  # type: ignore[attr-defined]  # what is executed compiles
        self._sql = str(compiled)
        self._rows = _rows_of_sqlite if dialect.driver == "pysqlite" else _rows
        # Otherwise SQLAlchemy has to do something about the statement each time, and must run it itself.
        self.is_whole = "[POSTCOMPILE" not in self._sql and not compiled.prefetch
        self._order: list[str] | None = compiled.positiontup
        self._fixed = {name: bind.effective_value for name, bind in compiled.binds.items() if not bind.required}
        into = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in compiled.binds.items()}
        self._into = {name: convert for name, convert in into.items() if convert is not None}

    def __call__(self, connection: Connection, /, **parameters: Any) -> Sequence[Sequence[Any]]:
        """Run it."""
        return _made(self._rows, connection, self._sql, self._ordered(parameters))

    def changed(self, connection: Connection, /, **parameters: Any) -> int:
        """Run it and return how many rows it changed."""
        return _made(_count, connection, self._sql, self._ordered(parameters))

    def _ordered(self, parameters: dict[str, Any]) -> Sequence[Any] | Mapping[str, Any]:
        values: dict[str, Any] = {**self._fixed, **parameters} if self._fixed else parameters
        for name, convert in self._into.items():
            values[name] = convert(values[name])
        return values if self._order is None else [values[name] for name in self._order]


class Reading(Prepared):
    """A SELECT whose rows are converted by the types of its columns."""

    __slots__ = ("_out",)

    def __init__(self, statement: Select[Any], dialect: Dialect) -> None:
        super().__init__(statement, dialect)
        columns = statement.selected_columns
        out = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        self._out = [(place, convert) for place, convert in enumerate(out) if convert is not None]

    def __call__(self, connection: Connection, /, **parameters: Any) -> Sequence[Sequence[Any]]:
        """Return the rows."""
        rows = super().__call__(connection, **parameters)
        return [self._converted(list(row)) for row in rows] if self._out else rows

    def _converted(self, row: list[Any]) -> list[Any]:
        for place, convert in self._out:
            row[place] = convert(row[place])
        return row


def run_raw(
    connection: Connection, sql: str, values: Sequence[Any] | Mapping[str, Any] | None = None
) -> Sequence[tuple[Any, ...]]:
    """Run *sql* by the driver alone; what it raises comes as SQLAlchemy would have raised it."""
    return _made(_rows, connection, sql, values)


def _rows(cursor: Any) -> Sequence[tuple[Any, ...]]:
    rows: Sequence[tuple[Any, ...]] = cursor.fetchall() if cursor.description else ()
    cursor.close()
    return rows


def _rows_of_sqlite(cursor: sqlite3.Cursor) -> Sequence[tuple[Any, ...]]:
    return cursor.fetchall()  # there are none where there cannot be any, and asking about that takes longer


def _count(cursor: Any) -> int:
    changed: int = cursor.rowcount
    cursor.close()
    return changed


def _made(
    make: Callable[[Any], T], connection: Connection, sql: str, values: Sequence[Any] | Mapping[str, Any] | None
) -> T:
    raw: Any = connection.connection.driver_connection
    try:
        return make(raw.execute(sql) if values is None else raw.execute(sql, values))
    except connection.dialect.loaded_dbapi.Error as error:
        raise _as_sqlalchemy_has_it(error, connection, raw, sql) from error


def _as_sqlalchemy_has_it(error: Any, connection: Connection, raw: Any, sql: str) -> BaseException:
    dialect = connection.dialect
    known = dialect.loaded_dbapi.Error
    lost = dialect.is_disconnect(error, raw, None)
    if lost:
        connection.invalidate(error)
    told: BaseException = exc.DBAPIError.instance(sql, None, error, known, connection_invalidated=lost, dialect=dialect)
    return told
