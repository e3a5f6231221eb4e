"""Core statements compiled once and handed to the driver as they are: what every commit runs pays for nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, exc

if TYPE_CHECKING:
    from sqlalchemy import Dialect, Executable, Select

__all__ = ["Prepared", "Reading", "run_raw"]


class Prepared:
    """A statement compiled once; the types' own conversions are made of the values that go in.

    Call it with a connection and the parameters by name; it returns the rows as the driver has them, none for a
    statement that gives none.
    """

    __slots__ = ("_fixed", "_into", "_order", "_sql", "is_whole")

    def __init__(self, statement: Executable, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)  # type: ignore[attr-defined]  # what is executed compiles
        self._sql = str(compiled)
        # Otherwise SQLAlchemy has to do something about the statement each time, and must run it itself.
        self.is_whole = "[POSTCOMPILE" not in self._sql and not compiled.prefetch
        self._order: list[str] | None = compiled.positiontup
        self._fixed = {name: bind.effective_value for name, bind in compiled.binds.items() if not bind.required}
        into = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in compiled.binds.items()}
        self._into = {name: convert for name, convert in into.items() if convert is not None}

    def __call__(self, connection: Connection, /, **parameters: Any) -> Sequence[Sequence[Any]]:
        """Run it."""
        values: dict[str, Any] = {**self._fixed, **parameters} if self._fixed else parameters
        for name, convert in self._into.items():
            values[name] = convert(values[name])
        ordered = values if self._order is None else [values[name] for name in self._order]
        return run_raw(connection, self._sql, ordered)


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
    raw: Any = connection.connection.driver_connection
    dialect = connection.dialect
    try:
        cursor = raw.execute(sql) if values is None else raw.execute(sql, values)
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
