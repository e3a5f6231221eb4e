"""Differences and steps in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from alembic.operations import ops
from sqlalchemy import Dialect, String

from .comparing import Difference, each, type_text
from .operations import Convert, Fill, RenameColumn, RenameTable, Step
from .scratch import is_scratch
from .values import is_lossless
from .wording import worded

__all__ = ["blocking", "is_left_over", "summary", "told"]


def told(steps: Iterable[Step]) -> Iterator[str]:
    """Yield a sentence for each step of a revision."""
    for step in each(steps):
        said = _said(step)
        if said:
            yield said


def summary(steps: Iterable[Step]) -> str:
    """Return a name for a revision that was given none."""
    said = list(told(steps))
    return "" if not said else said[0] if len(said) == 1 else f"{said[0]} and {len(said) - 1} more"


def _said(step: Step) -> str:
    say = _WORDS.get(type(step))
    return "" if say is None else say(step)


_WORDS: dict[type[Any], Callable[[Any], str]] = {
    RenameTable: lambda step: f"rename {step.old} to {step.new}",
    RenameColumn: lambda step: f"rename {step.table}.{step.old} to {step.new}",
    Fill: lambda step: f"fill {step.table}.{step.column}",
    Convert: lambda step: f"convert {step.table}.{step.column}",
    ops.CreateTableOp: lambda step: f"add {step.table_name}",
    ops.DropTableOp: lambda step: f"drop {step.table_name}",
    ops.AddColumnOp: lambda step: f"add {step.table_name}.{step.column.name}",
    ops.DropColumnOp: lambda step: f"drop {step.table_name}.{step.column_name}",
    ops.AlterColumnOp: lambda step: f"change {step.table_name}.{step.column_name}",
    ops.CreateIndexOp: lambda step: f"index {step.table_name} by {', '.join(_indexed(step))}",
    ops.DropIndexOp: lambda step: f"drop the index {step.index_name}",
    ops.CreateForeignKeyOp: lambda step: f"let {step.source_table}.{step.local_cols[0]} refer to {step.referent_table}",
    ops.DropConstraintOp: lambda step: f"drop {step.constraint_name} of {step.table_name}",
}


def _indexed(step: ops.CreateIndexOp) -> list[str]:
    return [str(getattr(column, "name", column)) for column in step.columns]


def is_left_over(one: ops.DropColumnOp) -> bool:
    """Tell whether rows can be added without a column that only the database has."""
    column = one.to_column()
    return bool(column.nullable or column.server_default is not None or column.computed or column.identity)


def blocking(found: Iterable[Difference], dialect: Dialect, *, strict: bool = False) -> Iterator[str]:
    """Yield in words what code cannot work with; what only the database has is left to older or newer code.

    If *strict*, there is no newer code, for which the database may take more than this code knows.
    """
    differences = list(each(found))
    missing = {one.table_name for one in differences if isinstance(one, ops.CreateTableOp)}
    for one in differences:
        match one:
            case ops.CreateTableOp():
                yield f"the table {one.table_name} is missing"
            case ops.AddColumnOp():
                yield f"{one.table_name}.{one.column.name} is missing"
            case ops.DropColumnOp() if not is_left_over(one):
                yield f"{one.table_name}.{one.column_name} is required by the database and unknown to the code"
            case ops.AlterColumnOp():
                yield from _altered(one, dialect, strict=strict)
            case ops.CreateIndexOp() if one.unique and one.table_name not in missing:
                yield f"{one.table_name} allows the same {', '.join(_indexed(one))} twice"
            case ops.CreateForeignKeyOp():
                yield f"{one.source_table}.{one.local_cols[0]} does not refer to {one.referent_table}"
            case _:
                pass


def _is_wider(one: ops.AlterColumnOp) -> bool:
    """Tell whether the database only takes longer texts than the code makes."""
    there, wanted = one.existing_type, one.modify_type
    return isinstance(there, String) and isinstance(wanted, String) and is_lossless(wanted, there)


def _altered(one: ops.AlterColumnOp, dialect: Dialect, *, strict: bool) -> Iterator[str]:
    name = f"{one.table_name}.{one.column_name}"
    if one.modify_type is not None and one.existing_type is not None and (strict or not _is_wider(one)):
        say = worded if is_scratch(dialect) else partial(type_text, dialect=dialect)
        yield f"{name} is {say(one.existing_type)} in the database and {say(one.modify_type)} in the code"
    if one.modify_nullable is True:
        yield f"{name} is required by the database and optional in the code"
    if one.modify_nullable is False and strict:
        yield f"{name} may be empty in the database and is required in the code"
