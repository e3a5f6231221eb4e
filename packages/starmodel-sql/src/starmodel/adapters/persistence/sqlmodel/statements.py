"""Core statements compiled once and handed to the driver as they are: what every commit runs pays for nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import Connection, exc

if TYPE_CHECKING:
    from sqlalchemy import Dialect, Executable, Select

__all__ = ["Prepared", "Reading", "run_raw"]


class Prepared:
    """A statement on columns whose values the driver itself understands: text and numbers.

    Call it with a connection and the parameters by name; it returns the rows as tuples, none for a statement that
    gives none.
    """

    __slots__ = ("_fixed", "_order", "_sql")

    def __init__(self, statement: Executable, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)  # type: ignore[attr-defined]  # what is executed compiles
        self._sql = str(compiled)
        self._order: list[str] | None = compiled.positiontup
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}

    def __call__(self, connection: Connection, /, **parameters: Any) -> Sequence[tuple[Any, ...]]:
        """Run it."""
        values: Any = {**self._fixed, **parameters} if self._fixed else parameters
        if self._order is not None:
            values = [values[name] for name in self._order]
        return run_raw(connection, self._sql, values)


class Reading:
    """A SELECT that the driver runs by itself, between the types' own conversions of what goes in and comes out.

    Only :meth:`of` knows whether a statement can be one.
    """

    __slots__ = ("_fixed", "_into", "_order", "_out", "_sql")

    def __init__(self, statement: Select[Any], compiled: Any, dialect: Dialect) -> None:
        self._sql, self._order = str(compiled), compiled.positiontup
        self._fixed = compiled.params
        into = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in compiled.binds.items()}
        self._into = {name: convert for name, convert in into.items() if convert is not None}
        out = [
            column.type.dialect_impl(dialect).result_processor(dialect, None) for column in statement.selected_columns
        ]
        self._out = [(place, convert) for place, convert in enumerate(out) if convert is not None]

    @classmethod
    def of(cls, statement: Select[Any], dialect: Dialect) -> Self | None:
        """Return *statement* as one; ``None`` if it is put together anew for each list of values."""
        compiled: Any = statement.compile(dialect=dialect)
        return None if "[POSTCOMPILE" in str(compiled) else cls(statement, compiled, dialect)

    def __call__(self, connection: Connection, parameters: Mapping[str, Any], /) -> Sequence[Sequence[Any]]:
        """Return the rows."""
        into, given = self._into, {**self._fixed, **parameters}
        values = [into[name](given[name]) if name in into else given[name] for name in self._order]
        rows = run_raw(connection, self._sql, values)
        return [self._converted(list(row)) for row in rows] if self._out else rows

    def _converted(self, row: list[Any]) -> list[Any]:
        for place, convert in self._out:
            row[place] = convert(row[place])
        return row


def run_raw(
    connection: Connection, sql: str, values: Sequence[Any] | Mapping[str, Any] | None = None
) -> Sequence[tuple[Any, ...]]:
    """Run *sql* by the driver alone; what it raises comes as SQLAlchemy would have raised it."""
    raw: Any = connection.connection.driver_connection
    dialect = connection.dialect
    try:
        cursor = raw.cursor()
        if values is None:
            cursor.execute(sql)
        else:
            cursor.execute(sql, values)
        rows: Sequence[tuple[Any, ...]] = cursor.fetchall() if cursor.description else ()
        cursor.close()
    except dialect.loaded_dbapi.Error as error:
        lost = dialect.is_disconnect(error, raw, None)
        if lost:
            connection.invalidate(error)
        raise exc.DBAPIError.instance(
            sql, None, error, dialect.loaded_dbapi.Error, connection_invalidated=lost, dialect=dialect
        ) from error
    return rows
