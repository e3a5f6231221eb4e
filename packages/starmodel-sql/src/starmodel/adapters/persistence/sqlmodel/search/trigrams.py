"""The index on Postgres: one of pg_trgm."""

# ruff: noqa: D102  (the base class says what each method does)

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from sqlalchemy import Dialect, FromClause, Text, and_, bindparam, literal_column
from sqlalchemy.dialects import postgresql

from starmodel.adapters.persistence.sqlmodel.folding import FUNCTION, install_function, is_installed
from starmodel.adapters.persistence.sqlmodel.schema import PREFIX
from starmodel.core.query import text_fields

from .index import SearchIndex, is_wanted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection

    from starmodel.adapters.persistence.sqlmodel.mapper import Mapper

__all__ = ["Trigrams", "install"]

_POSTGRES: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped


class Trigrams(SearchIndex):
    """The words of one table, in the text that its index is made of."""

    def __init__(self, mapper: Mapper[Any]) -> None:
        self._mapper = mapper

    @classmethod
    def found(cls, connection: Connection, mapper: Mapper[Any]) -> Trigrams | None:
        """Return the index of a table, ``None`` where the database cannot fold letters as Python does."""
        return cls(mapper) if is_installed(connection) else None

    def patterns(self, words: Sequence[str]) -> list[str]:
        escaped = [word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for word in words]
        return [f"%{word}%" for word in escaped]

    def candidates(self, table: FromClause, names: Sequence[str]) -> ColumnElement[bool]:  # noqa: ARG002  (by its name)
        searched = literal_column(_searched_text(self._mapper), Text())
        return and_(*(searched.like(bindparam(name, type_=Text())) for name in names))


def _searched_text(mapper: Mapper[Any]) -> str:
    quote = _POSTGRES.identifier_preparer.quote_identifier
    table = quote(mapper.table.name)
    texts = [f"coalesce(CAST({table}.{quote(name)} AS text), '')" for name in text_fields(mapper.kind)]
    joined = " || E'\\n' || ".join(texts)
    return f'({FUNCTION}({joined}) COLLATE "C")'


def install(connection: Connection, mapper: Mapper[Any]) -> None:
    """Do what this role may do: without the function, the extension or the index, everything is looked at."""
    may_create, has_function, is_owner = connection.exec_driver_sql(_STATE, (mapper.table.name,)).one()
    if not may_create:
        return
    if not has_function:
        install_function(connection)
    if not is_owner:
        return
    if not is_wanted(mapper):
        _drop_indexes(connection, mapper)
        return
    if connection.exec_driver_sql(_MAY_CREATE_EXTENSION).scalar():
        connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    schema = connection.exec_driver_sql(_EXTENSION_SCHEMA).scalar()
    if schema is None:
        return
    text = _searched_text(mapper)
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    quote = _POSTGRES.identifier_preparer.quote_identifier
    name = f"{PREFIX}search_{mapper.table.name[:40]}_{digest}"
    _drop_indexes(connection, mapper, but=name)
    connection.exec_driver_sql(
        f"CREATE INDEX IF NOT EXISTS {quote(name)} ON {quote(mapper.table.name)} "
        f"USING gin ({text} {quote(schema)}.gin_trgm_ops)"
    )


def _drop_indexes(connection: Connection, mapper: Mapper[Any], *, but: str = "") -> None:
    for stale in connection.exec_driver_sql(_INDEXES, (mapper.table.name, but)).scalars().all():
        connection.exec_driver_sql(f"DROP INDEX {_POSTGRES.identifier_preparer.quote_identifier(stale)}")


_MAY_CREATE_EXTENSION = """
    SELECT true FROM pg_available_extension_versions v, pg_roles r
    WHERE v.name = 'pg_trgm' AND r.rolname = current_user
    AND (r.rolsuper OR v.trusted AND has_database_privilege(current_database(), 'CREATE')) LIMIT 1
"""
_STATE = f"""
    SELECT has_schema_privilege(current_schema(), 'CREATE'), to_regprocedure('{FUNCTION}(text)') IS NOT NULL, (
        SELECT pg_has_role(relowner, 'USAGE') FROM pg_class
        WHERE relname = %s AND relnamespace = to_regnamespace(current_schema())
    )
"""  # noqa: S608  (made of a name of our own)
_EXTENSION_SCHEMA = """
    SELECT nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE extname = 'pg_trgm'
"""
_INDEXES = f"""
    SELECT indexname FROM pg_indexes
    WHERE schemaname = current_schema() AND tablename = %s AND starts_with(indexname, '{PREFIX}search_')
    AND indexname <> %s
"""  # noqa: S608  (made of a name of our own)
