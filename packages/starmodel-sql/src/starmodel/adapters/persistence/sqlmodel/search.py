"""Search for words: an index of every three letters, kept by the database itself, so that others may write as well.

On SQLite a table of FTS5, filled by triggers; on Postgres an index of pg_trgm.  It only narrows down what is looked
at: the words are then compared as in memory.  Where there is none, everything is looked at, and found all the same.
"""

# ruff: noqa: S608  (statements are put together from names of the mapper, quoted; what is searched for is bound)

from __future__ import annotations

import hashlib
import re
import sqlite3
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Dialect, FromClause, Text, and_, bindparam, literal_column, text
from sqlalchemy.dialects import postgresql, sqlite

from starmodel.core.query import text_fields

from .folding import COMMON, FUNCTION, foldable, install_function, is_installed, ranges, replaced
from .schema import PREFIX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection

    from .mapper import Mapper

__all__ = ["SearchIndex", "found", "install"]

_SQLITE: Dialect = sqlite.dialect()
_POSTGRES: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
_LEAST = 3
"""Letters of a word that the index can find."""


class SearchIndex:
    """What narrows down a search in one table."""

    def patterns(self, words: Sequence[str]) -> list[str]:
        """Return what the index is asked for folded *words*; nothing when it cannot help."""
        raise NotImplementedError

    def candidates(self, table: FromClause, names: Sequence[str]) -> ColumnElement[bool]:
        """Return the condition for rows of *table* that may be what the patterns in the parameters *names* mean."""
        raise NotImplementedError


def install(connection: Connection, mapper: Mapper[Any]) -> None:
    """Make the index of a table that is there if its class asks for one; take away what is there and should not be."""
    if connection.dialect.name == "sqlite":
        _install_sqlite(connection, mapper)
    else:
        _install_postgres(connection, mapper)


def _is_wanted(mapper: Mapper[Any]) -> bool:
    return bool(mapper.kind.__entity_config__.get("search_index")) and bool(text_fields(mapper.kind))


def found(connection: Connection, mapper: Mapper[Any]) -> SearchIndex | None:
    """Return the index of a table, ``None`` when there is none that fits."""
    if not _is_wanted(mapper):
        return None
    if connection.dialect.name == "sqlite":
        return _Fts5(mapper) if _does(_present(connection, mapper), mapper) else None
    return _Trigrams(mapper) if is_installed(connection) else None


class _Fts5(SearchIndex):
    def __init__(self, mapper: Mapper[Any]) -> None:
        table, texts = _names(mapper)
        self._sql = (
            f"SELECT id FROM {texts} WHERE number IN (SELECT rowid FROM {table} WHERE {table} MATCH :match) "
            f"UNION ALL SELECT id FROM {texts} WHERE odd"
        )

    def patterns(self, words: Sequence[str]) -> list[str]:
        long = [word for word in words if len(word) >= _LEAST and "\0" not in word]
        quoted = ['"' + word.replace('"', '""') + '"' for word in long]
        return [" AND ".join(quoted)] if long else []

    def candidates(self, table: FromClause, names: Sequence[str]) -> ColumnElement[bool]:
        some = text(self._sql.replace(":match", f":{names[0]}")).bindparams(bindparam(names[0], type_=Text()))
        condition: ColumnElement[bool] = table.c.id.in_(some.columns(id=Text()).scalar_subquery())
        return condition


def _names(mapper: Mapper[Any]) -> tuple[str, str]:
    quote = _SQLITE.identifier_preparer.quote_identifier
    return quote(f"{PREFIX}search_{mapper.table.name}"), quote(f"{PREFIX}text_{mapper.table.name}")


def _definitions(mapper: Mapper[Any], fields: Sequence[str]) -> dict[str, str]:
    """Return what makes the index of these *fields* on SQLite, by name, in the order in which it is made.

    The texts have a table of their own, whose numbers never change: those of rows without a whole number for a key do,
    with VACUUM.  What ``REPLACE`` of another program takes away is noticed when the new row comes.
    """
    quote = _SQLITE.identifier_preparer.quote_identifier
    table, (search, texts) = quote(mapper.table.name), _names(mapper)
    columns = [quote(name) for name in ("id", *fields)]
    differs = " OR ".join(f"old.{column} IS NOT new.{column}" for column in columns)
    add = f"DELETE FROM {texts} WHERE id = new.id; INSERT INTO {texts} (id, text, odd) {_rows(columns, 'new.')}"
    remove = f"DELETE FROM {texts} WHERE id = old.id"
    name = mapper.table.name

    def trigger(label: str, when: str, body: str) -> tuple[str, str]:
        full = f"{PREFIX}search_{name}_{label}"
        return full, f"CREATE TRIGGER {quote(full)} AFTER {when} BEGIN {body}; END"

    into_search = f"INSERT INTO {search}"
    odd_columns = "text TEXT NOT NULL, odd INTEGER NOT NULL"
    return {
        f"{PREFIX}text_{name}": (
            f"CREATE TABLE {texts} (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, {odd_columns})"
        ),
        f"{PREFIX}text_{name}_odd": (
            f"CREATE INDEX {quote(f'{PREFIX}text_{name}_odd')} ON {texts} (odd, id) WHERE odd"
        ),
        f"{PREFIX}search_{name}": (
            f"CREATE VIRTUAL TABLE {search} USING fts5(text, content={texts}, content_rowid=number, tokenize='trigram')"
        ),
        **dict(
            [
                trigger("in", f"INSERT ON {texts}", f"{into_search} (rowid, text) VALUES (new.number, new.text)"),
                trigger(
                    "out",
                    f"DELETE ON {texts}",
                    f"{into_search} ({search}, rowid, text) VALUES ('delete', old.number, old.text)",
                ),
                trigger("insert", f"INSERT ON {table}", add),
                trigger("update", f"UPDATE OF {', '.join(columns)} ON {table} WHEN {differs}", f"{remove}; {add}"),
                trigger("delete", f"DELETE ON {table}", remove),
            ]
        ),
    }


def _rows(columns: Sequence[str], of: str, source: str = "") -> str:
    """Return the SELECT of rows for the table of texts: without what is often there and folds to several letters.

    Odd is what holds letters that FTS5 folds otherwise than Python does, or a NUL, at which it stops.
    """
    text = " || char(10) || ".join(f"coalesce({of}{column}, '')" for column in columns[1:])
    common = f"text GLOB '*[{''.join(COMMON)}]*'"
    return (
        f"SELECT id, CASE WHEN {common} THEN {replaced('text', COMMON.items())} ELSE text END, "
        f"instr(text, char(0)) > 0 OR text GLOB '*[{ranges(_odd())}]*' "
        f"FROM (SELECT {of}{columns[0]} AS id, {text} AS text{source})"
    )


@cache
def _odd() -> tuple[str, ...]:
    """Return the letters that this SQLite folds otherwise than Python: rows that hold one are always looked at."""
    memory = sqlite3.connect(":memory:")
    memory.execute("CREATE VIRTUAL TABLE t USING fts5(x, tokenize='trigram')")
    letters = [letter for letter in foldable() if letter not in COMMON]
    memory.executemany("INSERT INTO t (rowid, x) VALUES (?, ?)", [(ord(letter), f"ab{letter}") for letter in letters])
    has = "SELECT 1 FROM t WHERE rowid = ? AND t MATCH ?"
    odd = [
        letter for letter in letters if not memory.execute(has, (ord(letter), f'"ab{letter.casefold()}"')).fetchone()
    ]
    memory.close()
    return tuple(odd)


def _present(connection: Connection, mapper: Mapper[Any]) -> dict[str, str]:
    name = mapper.table.name
    like = [f"{PREFIX}search_{name}", f"{PREFIX}text_{name}"]
    labels = ("in", "out", "insert", "update", "delete")
    wanted = [*like, f"{PREFIX}text_{name}_odd", *(f"{PREFIX}search_{name}_{label}" for label in labels)]
    marks = ", ".join("?" * len(wanted))
    rows = connection.exec_driver_sql(f"SELECT name, sql FROM sqlite_master WHERE name IN ({marks})", tuple(wanted))
    return {row.name: row.sql for row in rows}


def _does(present: dict[str, str], mapper: Mapper[Any]) -> bool:
    """Tell whether the index that is there holds all fields that are searched here; another version may have more."""
    listed = _LISTED.search(present.get(f"{PREFIX}search_{mapper.table.name}_update", ""))
    names = [] if listed is None else [name.strip('"') for name in listed[1].split(", ")]
    return {*text_fields(mapper.kind)} <= {*names} and present == _definitions(mapper, names[1:])


_LISTED = re.compile("UPDATE OF (.*?) ON ")


def _install_sqlite(connection: Connection, mapper: Mapper[Any]) -> None:
    present = _present(connection, mapper)
    try:
        wanted = _definitions(mapper, text_fields(mapper.kind)) if _is_wanted(mapper) else {}
        if present == wanted or (wanted and _does(present, mapper)):
            return
    except sqlite3.OperationalError:  # a SQLite without FTS5, or older than its tokenizer: search does without
        return
    quote = _SQLITE.identifier_preparer.quote_identifier
    search, texts = _names(mapper)
    for label in ("insert", "update", "delete", "in", "out"):
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {quote(f'{PREFIX}search_{mapper.table.name}_{label}')}")
    for name in (search, texts):
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")
    for sql in wanted.values():
        connection.exec_driver_sql(sql)
    if not wanted:
        return
    columns = [quote(name) for name in ("id", *text_fields(mapper.kind))]
    rows = _rows(columns, "", f" FROM {quote(mapper.table.name)}")
    connection.exec_driver_sql(f"INSERT INTO {texts} (id, text, odd) {rows}")


class _Trigrams(SearchIndex):
    def __init__(self, mapper: Mapper[Any]) -> None:
        self._mapper = mapper

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


def _install_postgres(connection: Connection, mapper: Mapper[Any]) -> None:
    """Do what this role may do: without the function, the extension or the index, everything is looked at."""
    if not connection.exec_driver_sql("SELECT has_schema_privilege(current_schema(), 'CREATE')").scalar():
        return
    install_function(connection)
    if not connection.exec_driver_sql(_IS_OWNER, (mapper.table.name,)).scalar():
        return
    if not _is_wanted(mapper):
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
_IS_OWNER = """
    SELECT pg_has_role(relowner, 'USAGE') FROM pg_class
    WHERE relname = %s AND relnamespace = to_regnamespace(current_schema())
"""
_EXTENSION_SCHEMA = """
    SELECT nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE extname = 'pg_trgm'
"""
_INDEXES = f"""
    SELECT indexname FROM pg_indexes
    WHERE schemaname = current_schema() AND tablename = %s AND starts_with(indexname, '{PREFIX}search_')
    AND indexname <> %s
"""
