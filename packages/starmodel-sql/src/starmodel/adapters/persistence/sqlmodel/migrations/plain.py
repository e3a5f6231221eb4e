"""The tables as migrations see them: without the classes of the application, and every constraint with a name.

A revision runs long after the enum or class that a column type knows has moved.  So it only knows what is stored.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Column,
    DefaultClause,
    Index,
    MetaData,
    Table,
    UniqueConstraint,
    literal,
)
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from starmodel.adapters.persistence.sqlmodel.schema import is_own, shortened
from starmodel.adapters.persistence.sqlmodel.types import Choice, Json, PlainJson, Words

__all__ = ["NAMING", "plain_metadata", "plain_type", "was"]

NAMING = {
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
}
"""Only what has a name can be dropped again."""

_OURS = "starmodel."


def plain_metadata(metadata: MetaData) -> MetaData:
    """Return the tables of entities in *metadata* as revisions know them; the store's own are left out.

    Uniqueness is an index, which both databases can add to a table and take away again without making it anew.
    """
    plain = MetaData(naming_convention=NAMING)
    for table in metadata.tables.values():
        if not is_own(table.name):
            _simplify(table.to_metadata(plain))
    return plain


def plain_type(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """Return *kind* without the classes that it knows."""
    if isinstance(kind, Choice):
        return BigInteger() if kind.is_number else Words()
    if isinstance(kind, Json):
        return PlainJson()
    if isinstance(kind, TypeDecorator) and not type(kind).__module__.startswith(_OURS):
        return kind.impl_instance
    return kind


def was(column: Column[Any]) -> tuple[str, ...]:
    """Return the names that the column had before."""
    names: tuple[str, ...] = tuple(column.info.get("was", ()))
    return names


def _simplify(table: Table) -> None:
    table.info = {}
    for column in table.columns:
        kind, column.type = column.type, plain_type(column.type)
        _simplify_default(column, kind)
    for constraint in [one for one in table.constraints if isinstance(one, UniqueConstraint)]:
        table.constraints.discard(constraint)
        names = [column.name for column in constraint.columns]
        Index(shortened(str(constraint.name or f"uq_{table.name}_{'_'.join(names)}")), *constraint.columns, unique=True)


def _simplify_default(column: Column[Any], kind: TypeEngine[Any]) -> None:
    default = column.server_default
    if not isinstance(default, DefaultClause) or not isinstance(default.arg, BindParameter):
        return
    value = default.arg.value
    if isinstance(kind, Choice):
        value = kind.process_bind_param(value, DefaultDialect())
    elif isinstance(kind, Json):
        value = kind.plain(value)
    column.server_default = DefaultClause(literal(value, column.type))
