"""Tables that refer to others come after those; where they refer to each other, a reference comes after both."""

from __future__ import annotations

from collections.abc import Iterable

from alembic.operations import ops
from sqlalchemy import ForeignKeyConstraint, Table
from sqlalchemy.schema import sort_tables_and_constraints

__all__ = ["defer", "in_order", "late_keys", "reverse", "without"]


def in_order(tables: Iterable[Table]) -> tuple[list[Table], list[ForeignKeyConstraint]]:
    """Return *tables*, each after those that it refers to, and the references for which that is not so: of a ring."""
    found = sort_tables_and_constraints(sorted(tables, key=lambda table: table.name))  # type: ignore[no-untyped-call]  # of SQLAlchemy
    late = [key for table, keys in found if table is None for key in keys]
    return [table for table, _ in found if table is not None], sorted(late, key=lambda key: str(key.name))


def defer(tables: Iterable[Table]) -> None:
    """Mark the references of tables that refer to each other as those that are made when both are there."""
    for key in in_order(tables)[1]:
        key.use_alter = True


def late_keys(made: ops.CreateTableOp) -> list[ForeignKeyConstraint]:
    """Return the references of a new table that :func:`defer` has marked."""
    return [one for one in made.columns if isinstance(one, ForeignKeyConstraint) and one.use_alter]


def without(made: ops.CreateTableOp, keys: Iterable[ForeignKeyConstraint]) -> list[ops.ModifyTableOps]:
    """Take references out of a new table, by their names, and return the steps that make them afterwards."""
    names = {str(key.name) for key in keys}
    late = [one for one in made.columns if isinstance(one, ForeignKeyConstraint) and str(one.name) in names]
    made.columns = [one for one in made.columns if not any(one is key for key in late)]
    return [ops.ModifyTableOps(made.table_name, [_made_by(key)]) for key in late]


def _made_by(key: ForeignKeyConstraint) -> ops.CreateForeignKeyOp:
    step = ops.CreateForeignKeyOp.from_constraint(key)
    step.kw.pop("use_alter", None)  # it is a step of its own
    return step


def reverse(group: ops.ModifyTableOps) -> ops.ModifyTableOps:
    """Return what takes the steps of a table back."""
    return ops.ModifyTableOps(group.table_name, [one.reverse() for one in reversed(group.ops)])
