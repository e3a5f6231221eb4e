"""Entities in SQLite and Postgres: tables made from the fields, or SQLModel's own."""

from .errors import DatabaseUrlError, SchemaError, UnloadedError
from .repository import SQLRepo
from .table import BaseTable, table_config
from .url import DEFAULT_URL, DatabaseUrl

__all__ = [
    "DEFAULT_URL",
    "BaseTable",
    "DatabaseUrl",
    "DatabaseUrlError",
    "SQLRepo",
    "SchemaError",
    "UnloadedError",
    "table_config",
]
