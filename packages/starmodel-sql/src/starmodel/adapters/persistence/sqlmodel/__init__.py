"""Entities in SQLite and Postgres: tables made from the fields, or SQLModel's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import DatabaseUrlError, SchemaError, UnloadedError
from .repository import SQLRepo
from .sessions import SQLSessions
from .url import DEFAULT_URL, DatabaseUrl

if TYPE_CHECKING:
    from .table import BaseTable, table_config

__all__ = [
    "DEFAULT_URL",
    "BaseTable",
    "DatabaseUrl",
    "DatabaseUrlError",
    "SQLRepo",
    "SQLSessions",
    "SchemaError",
    "UnloadedError",
    "table_config",
]


def __getattr__(name: str) -> Any:
    """Bring in SQLModel when a table of one's own is first asked for: it takes as long to import as all the rest."""
    if name not in ("BaseTable", "table_config"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import table  # noqa: PLC0415  (see above)

    return getattr(table, name)
