"""Steps that Alembic has no word for, and how all steps are written in a revision."""

from __future__ import annotations

import dataclasses
import datetime  # noqa: ICN001  (as revisions write it)
import decimal
import json
from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

from alembic.autogenerate import render_python_code, renderers
from alembic.operations import Operations, ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy import BindParameter, Boolean, DefaultClause, TextClause, literal
from sqlalchemy.types import TypeEngine

from starmodel.adapters.persistence.sqlmodel import types as own_types
from starmodel.adapters.persistence.sqlmodel.types import PlainJson

from .plain import plain_type

__all__ = ["Convert", "Fill", "RenameColumn", "RenameTable", "Step", "default_value", "perform", "rendered"]

Step = ops.MigrateOperation


@dataclasses.dataclass(eq=False)
class RenameTable(ops.MigrateOperation):
    """A table gets another name, and keeps what is in it."""

    old: str
    new: str

    def reverse(self) -> RenameTable:
        """Return the way back."""
        return RenameTable(self.new, self.old)


@dataclasses.dataclass(eq=False)
class RenameColumn(ops.MigrateOperation):
    """A column gets another name, and keeps what is in it."""

    table: str
    old: str
    new: str

    def reverse(self) -> RenameColumn:
        """Return the way back."""
        return RenameColumn(self.table, self.new, self.old)


@dataclasses.dataclass(eq=False)
class Fill(ops.MigrateOperation):
    """Rows that hold nothing in a column get a value, so that it may be required."""

    table: str
    column: str
    value: BindParameter[Any]


@dataclasses.dataclass(eq=False)
class Convert(ops.MigrateOperation):
    """A column gets another type, and its values with it."""

    table: str
    column: str
    old: TypeEngine[Any]
    new: TypeEngine[Any]
    old_default: Any
    new_default: Any

    def reverse(self) -> Convert:
        """Return the way back."""
        return Convert(self.table, self.column, self.new, self.old, self.new_default, self.old_default)


@renderers.dispatch_for(RenameTable)
def _rename_table(_: Any, step: RenameTable) -> str:
    return f"op.rename_table({step.old!r}, {step.new!r})"


@renderers.dispatch_for(RenameColumn)
def _rename_column(_: Any, step: RenameColumn) -> str:
    return f"op.alter_column({step.table!r}, {step.old!r}, new_column_name={step.new!r})"


@renderers.dispatch_for(Fill)
def _fill(_: Any, step: Fill) -> str:
    return f"st.fill({step.table!r}, {step.column!r}, {_literal(step.value)})"


@renderers.dispatch_for(Convert)
def _convert(_: Any, step: Convert) -> str:
    end = "" if step.new_default is None else f", default={_default(step.new_default)}"
    return f"st.convert({step.table!r}, {step.column!r}, {_type(step.old)}, {_type(step.new)}{end})"


def perform(operations: Operations, step: RenameTable | RenameColumn) -> None:
    """Do what renames *step* says, as its revision will."""
    if isinstance(step, RenameTable):
        operations.rename_table(step.old, step.new)
    else:
        operations.alter_column(step.table, step.old, new_column_name=step.new)


def rendered(steps: Sequence[Step], context: MigrationContext) -> tuple[str, frozenset[str]]:
    """Return *steps* as the body of a function, and what it needs imported."""
    imports: set[str] = set()

    def item(kind: str, value: Any, _: Any) -> str | Literal[False]:
        if kind == "type":
            return _type_or_false(value, imports)
        if kind == "server_default" and value is not None:
            return _default(value) or False
        return False

    code = render_python_code(
        ops.UpgradeOps(list(steps)), render_as_batch=True, render_item=item, migration_context=context
    )
    lines = [line for line in code.splitlines() if not line.lstrip().startswith("# ### ")]
    body = "\n".join(line.rstrip() for line in lines)
    if "datetime." in body:
        imports.add("import datetime")
    if "decimal." in body:
        imports.add("import decimal")
    return body, frozenset(imports)


def _type_or_false(kind: TypeEngine[Any], imports: set[str]) -> str | Literal[False]:
    module = type(kind).__module__
    if module == own_types.__name__:
        return _type(kind)
    if plain_type(kind) is not kind:
        return _type(plain_type(kind))
    if not module.startswith("sqlalchemy."):
        imports.add(f"import {module}")
    return False


def _type(kind: TypeEngine[Any]) -> str:
    plain = plain_type(kind)
    module = type(plain).__module__
    if module == own_types.__name__:
        return f"st.{type(plain).__name__}()"
    if module.startswith("sqlalchemy.dialects."):
        return f"{module.removesuffix('.' + module.rpartition('.')[2])}.{plain!r}"
    return f"sa.{plain!r}" if module.startswith("sqlalchemy.") else f"{module}.{plain!r}"


def _default(value: Any) -> str:
    """Return a server default as revisions write it, or nothing for one that Alembic knows better."""
    arg = value.arg if isinstance(value, DefaultClause) else value
    if isinstance(arg, BindParameter):
        return _literal(arg)
    return f"sa.text({arg.text!r})" if isinstance(arg, TextClause) else ""


def _literal(value: BindParameter[Any]) -> str:
    return f"sa.literal({_python(value.value)}, {_type(value.type)})"


def _python(value: Any) -> str:
    """Return *value* as Python writes it; what is written here is read by people and by later versions."""
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return f"datetime.{type(value).__name__}.fromisoformat({value.isoformat()!r})"
    if isinstance(value, datetime.timedelta):
        return f"datetime.timedelta(microseconds={value // datetime.timedelta(microseconds=1)})"
    if isinstance(value, decimal.Decimal):
        return f"decimal.Decimal({str(value)!r})"
    if isinstance(value, UUID):
        return f"__import__('uuid').UUID({str(value)!r})"
    return repr(value)


def default_value(text: str, kind: TypeEngine[Any]) -> Any:
    """Return a default that was read from SQLite so that it means the same on Postgres."""
    bare = text.strip()
    while bare.startswith("(") and bare.endswith(")"):
        bare = bare[1:-1]
    if isinstance(kind, Boolean) and bare.lower() in {"0", "1", "true", "false"}:
        return DefaultClause(literal(bare.lower() in {"1", "true"}, kind))
    if len(bare) > 1 and bare[0] == bare[-1] == "'":
        said = bare[1:-1].replace("''", "'")
        if isinstance(kind, PlainJson):
            return DefaultClause(literal(json.loads(said), kind))
        if isinstance(kind, own_types.Words):
            return DefaultClause(literal(said, kind))
    return DefaultClause(TextClause(text))
