"""Rules that the database itself keeps, broken: said in the words of the entities."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, exc

from starmodel.core.errors import InvalidError, Problem, RefusedError, StarModelError
from starmodel.core.rules import missing, taken

from .columns import table_name

if TYPE_CHECKING:
    from starmodel.core.changes import Changeset

__all__ = ["broken_rule", "still_needed"]

_COLUMNS = re.compile(r"Key \((?P<columns>[^)]*)\)")


def broken_rule(changeset: Changeset, error: exc.DBAPIError, connection: Connection) -> StarModelError | None:
    """Return what is wrong with *changeset*, whose transaction is not ended yet; ``None`` if that is not known."""
    state: str | None = getattr(error.orig, "sqlstate", None)
    text = str(error.orig)
    if state is not None:
        return _postgres(state, error.orig)
    kind, _, where = text.partition(" constraint failed")
    columns = [part.strip().rpartition(".")[2] for part in where.removeprefix(": ").split(",") if part.strip()]
    if kind == "FOREIGN KEY":
        return _sqlite_reference(changeset, connection)
    return _MAKERS[kind](columns) if kind in _MAKERS else None


def _postgres(state: str, error: Any) -> StarModelError | None:
    detail: str = error.diag.message_detail or ""
    found = _COLUMNS.search(detail)
    columns = [part.strip().strip('"') for part in found["columns"].split(",")] if found else []
    if state == "23503" and "still referenced" in detail:
        return still_needed(str(error.diag.table_name))
    if state == "23503":
        return missing(columns)
    if state == "23502":
        return _empty([str(error.diag.column_name)])
    if state.startswith("22"):  # data_exception: a column whose type the user chose
        return InvalidError([Problem((), f"{_UNFIT.get(state, _UNFIT_ANYHOW)}; see its type", "unstorable")])
    return taken(columns) if state == "23505" else None


def _sqlite_reference(changeset: Changeset, connection: Connection) -> StarModelError | None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if not broken:
        return None
    child, _, parent, number = broken[0]
    deleted = {table_name(write.kind) for write in changeset.writes if write.after is None}
    if parent in deleted:
        return still_needed(child)
    keys = connection.exec_driver_sql(f"PRAGMA foreign_key_list({child!r})").all()
    return missing([key[3] for key in keys if key[0] == number])


def _empty(columns: list[str]) -> StarModelError:
    return InvalidError([Problem((column,), "is required", "missing") for column in columns])


def still_needed(table: str) -> StarModelError:
    """Return the refusal to delete what a row of *table* refers to."""
    return RefusedError(f"there is still a {table} that refers to it; delete or change that first")


_UNFIT_ANYHOW = "a value does not fit the type of its column"
_UNFIT = {
    "22001": "a text is too long for its column",
    "22003": "a number is out of range for its column",
    "22008": "a time is out of range for its column",
}
"""What Postgres says would repeat the value, which may be a secret; it does not say which column."""

_MAKERS = {"UNIQUE": taken, "NOT NULL": _empty}
