"""Which index of words a database has: each its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import fts5, trigrams
from .index import is_wanted

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from starmodel.adapters.persistence.sqlmodel.mapper import Mapper

    from .index import SearchIndex

__all__ = ["found", "install"]


def install(connection: Connection, mapper: Mapper[Any]) -> None:
    """Make the index of a table that is there if its class asks for one; take away what is there and should not be."""
    kept_by = fts5 if connection.dialect.name == "sqlite" else trigrams
    kept_by.install(connection, mapper)


def found(connection: Connection, mapper: Mapper[Any]) -> SearchIndex | None:
    """Return the index of a table, ``None`` when there is none that fits."""
    if not is_wanted(mapper):
        return None
    kept_by = fts5.Fts5 if connection.dialect.name == "sqlite" else trigrams.Trigrams
    return kept_by.found(connection, mapper)
