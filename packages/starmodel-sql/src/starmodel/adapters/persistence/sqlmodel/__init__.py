"""Entities in SQLite and Postgres: tables made from the fields, or SQLModel's own."""

from .errors import DatabaseUrlError, SchemaError
from .repository import SQLRepo
from .url import DEFAULT_URL, DatabaseUrl

__all__ = ["DEFAULT_URL", "DatabaseUrl", "DatabaseUrlError", "SQLRepo", "SchemaError"]
