"""An empty database in memory in which the revisions are replayed: what they say, whatever is on any disk.

SQLite keeps most of our types as text.  There a column's type keeps its own name, so that a field which goes from text
to JSON is seen to change, as it will have to on Postgres.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    CHAR,
    BigInteger,
    Boolean,
    Connection,
    Date,
    DateTime,
    Double,
    Float,
    Integer,
    LargeBinary,
    Numeric,
    StaticPool,
    String,
    Text,
    Time,
    Uuid,
    create_engine,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import TypeEngine

from starmodel.adapters.persistence.sqlmodel.functions import FUNCTIONS
from starmodel.adapters.persistence.sqlmodel.types import Clock, Exact, Moment, PlainJson, Span, Words

__all__ = ["is_scratch", "nothing", "scratch"]

# SQLite reads the affinity of a column out of its type's name.
NAMES: dict[str, type[Any]] = {
    "WORDS_TEXT": Words,
    "EXACT_TEXT": Exact,
    "MOMENT_TEXT": Moment,
    "CLOCK_TEXT": Clock,
    "SPAN_INT": Span,
    "JSON_TEXT": PlainJson,
}
_NAME_OF = {kind: name for name, kind in NAMES.items()}


def _char(length: int | None = None) -> TypeEngine[Any]:
    """Return what SQLite's CHAR stands for: of 32 letters it is a UUID."""
    return Uuid() if length == 32 else CHAR(length)


# What SQLite calls its types is not what Postgres calls them; a revision that brings a column back has to run on both.
COMMON: dict[str, Any] = {
    "BIGINT": BigInteger,
    "BLOB": LargeBinary,
    "BOOLEAN": Boolean,
    "CHAR": _char,
    "DATE": Date,
    "DATETIME": DateTime,
    "DOUBLE": Double,
    "FLOAT": Float,
    "INTEGER": Integer,
    "NUMERIC": Numeric,
    "TEXT": Text,
    "TIME": Time,
    "VARCHAR": String,
}


@compiles(Words, "sqlite")
@compiles(Exact, "sqlite")
@compiles(Moment, "sqlite")
@compiles(Clock, "sqlite")
@compiles(Span, "sqlite")
@compiles(PlainJson, "sqlite")
def _named(kind: Any, compiler: Any, **options: Any) -> str:
    if is_scratch(compiler.dialect):
        return _NAME_OF[type(kind)]
    text: str = compiler.visit_type_decorator(kind, **options)
    return text


def is_scratch(dialect: Any) -> bool:
    """Tell whether this is the dialect of a database in which types keep their names."""
    return bool(getattr(dialect, "starmodel_names", False))


@contextmanager
def scratch() -> Iterator[Connection]:
    """Lend a connection to a database that is gone afterwards."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    dialect: Any = engine.dialect
    dialect.starmodel_names = True
    dialect.ischema_names = {**dialect.ischema_names, **COMMON, **NAMES}
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            raw: Any = connection.connection.driver_connection
            for name, (function, count) in FUNCTIONS.items():
                raw.create_function(name, count, function, deterministic=True)
            connection.exec_driver_sql("BEGIN")
            yield connection
    finally:
        engine.dispose()


@contextmanager
def nothing() -> Iterator[Connection]:
    """Lend a connection to an empty database in memory: what an SQLite file is that is not there yet."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()
