"""The index on SQLite: a table of FTS5, filled by triggers."""

# ruff: noqa: D102  (the base class says what each method does)
# ruff: noqa: S608  (statements are put together from names of the mapper, quoted; what is searched for is bound)

from __future__ import annotations

import re
import sqlite3
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Dialect, FromClause, Text, bindparam, text
from sqlalchemy.dialects import sqlite

from starmodel.adapters.persistence.sqlmodel.folding import COMMON, foldable, ranges, replaced
from starmodel.adapters.persistence.sqlmodel.schema import PREFIX
from starmodel.core.query import text_fields

from .index import SearchIndex, is_wanted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection

    from starmodel.adapters.persistence.sqlmodel.mapper import Mapper

__all__ = ["Fts5", "install"]

_SQLITE: Dialect = sqlite.dialect()
_LEAST = 3
"""Letters of a word that the index can find."""


class Fts5(SearchIndex):
    """The words of one table, every three letters of them."""

    def __init__(self, mapper: Mapper[Any]) -> None:
        table, texts = _names(mapper)
        self._sql = (
            f"SELECT id FROM {texts} WHERE number IN (SELECT rowid FROM {table} WHERE {table} MATCH :match) "
            f"UNION ALL SELECT id FROM {texts} WHERE odd"
        )

    @classmethod
    def found(cls, connection: Connection, mapper: Mapper[Any]) -> Fts5 | None:
        """Return the index of a table, ``None`` when there is none that fits."""
        return cls(mapper) if _does(_present(connection, mapper), mapper) else None

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


def install(connection: Connection, mapper: Mapper[Any]) -> None:
    """Make the index of a table that is there if its class asks for one, else take away what is there."""
    present = _present(connection, mapper)
    try:
        wanted = _definitions(mapper, text_fields(mapper.kind)) if is_wanted(mapper) else {}
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
