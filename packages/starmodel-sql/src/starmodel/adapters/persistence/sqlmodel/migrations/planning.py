"""From what differs between code and revisions to the steps of a new revision, or to the reasons why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from alembic.operations import Operations, ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy import (
    BindParameter,
    Column,
    Connection,
    DefaultClause,
    ForeignKeyConstraint,
    MetaData,
    inspect,
    literal,
)
from sqlalchemy.types import TypeEngine

from .choices import Choices
from .comparing import differences
from .errors import ChoiceNeededError, MigrationError
from .operations import Convert, Fill, RenameColumn, RenameTable, Step, default_value, perform
from .ordering import in_order, late_keys, reverse, without
from .plain import was
from .revisions import VERSIONS
from .values import give_neutral_default, is_lossless, typed
from .wording import worded

__all__ = ["Count", "Plan"]

Count = Callable[[str, str], int | None]
"""How many rows of a table hold a value in a column (``""`` counts all rows), or ``None`` when nobody knows."""


class Plan:
    """The way from the tables in *connection* to those of *metadata*: ``up`` and ``down``.

    The tables are those that the revisions make, in a scratch database; renames are made in it.  *names* says which
    entity a table is of.  ChoiceNeededError when a person has to say what is meant.
    """

    def __init__(
        self, connection: Connection, metadata: MetaData, choices: Choices, names: Mapping[str, str], count: Count
    ) -> None:
        self._connection = connection
        self._metadata = metadata
        self._choices = choices
        self._names = names
        self._count = count
        self._reasons: list[str] = []
        self._perhaps_renamed: set[tuple[str, str]] = set()
        self.up: list[Step] = []
        self.down: list[Step] = []
        self.losses: list[str] = []
        self._rename()
        self._change()
        if self._reasons:
            raise ChoiceNeededError(self._reasons)

    def _add(self, step: Step, back: Step | None = None) -> None:
        self.up.append(step)
        if back is not None:
            self.down.insert(0, back)

    def _shown(self, table: str, column: str = "") -> str:
        name = self._names.get(table, table)
        return f"{name}.{column}" if column else name

    # --- renames

    def _rename(self) -> None:
        operations = Operations(MigrationContext.configure(self._connection))
        there = set(inspect(self._connection).get_table_names())
        for old, new in self._choices.tables.items():
            if old not in there or new in there or new not in self._metadata.tables:
                raise MigrationError(
                    f"--rename {self._shown(old)}={self._shown(new)}: the revisions need to have a table {old} and "
                    f"none {new}, and the code the other way round; they have {', '.join(sorted(there - {VERSIONS}))}"
                )
            self._perform(operations, RenameTable(old, new))
        for table in self._metadata.tables.values():
            self._rename_columns(operations, table.name)
        renamed = {(table, old) for table, old in self._choices.columns}
        done = {(step.table, step.old) for step in self.up if isinstance(step, RenameColumn)}
        for table_name, old in renamed - done:
            new = self._choices.columns[table_name, old]
            raise MigrationError(
                f"--rename {self._shown(table_name, old)}={new}: the revisions need to have {old} and not {new}, and "
                "the code the other way round"
            )

    def _rename_columns(self, operations: Operations, table: str) -> None:
        inspector = inspect(self._connection)
        if not inspector.has_table(table):
            return
        there = {column["name"] for column in inspector.get_columns(table)}
        wanted = self._metadata.tables[table].columns
        given = {old: new for (of, old), new in self._choices.columns.items() if of == table}
        marked = {old: column.name for column in wanted for old in was(column)}
        for old, new in {**marked, **given}.items():
            if old in there and new not in there and new in wanted and old not in wanted:
                self._perform(operations, RenameColumn(table, old, new))
                there = there - {old} | {new}

    def _perform(self, operations: Operations, step: RenameTable | RenameColumn) -> None:
        perform(operations, step)
        self._add(step, step.reverse())

    # --- everything else

    def _change(self) -> None:
        known = set(inspect(self._connection).get_table_names()) - {VERSIONS}
        found = differences(self._connection, self._metadata, known)
        self._refuse_guesses_of_tables(found)
        dropped = [one for one in found if isinstance(one, ops.DropTableOp)]
        gone, late = {one.table_name for one in dropped}, list[ops.ModifyTableOps]()
        for one in found:
            if isinstance(one, ops.ModifyTableOps):
                if one.table_name not in gone:
                    self._modify(one)
            elif isinstance(one, ops.CreateTableOp):
                late += without(one, late_keys(one))
                self._add(one, one.reverse())
        for one in late:
            self._add(one, reverse(one))
        self._drop(dropped)

    def _drop(self, dropped: list[ops.DropTableOp]) -> None:
        """Drop tables that refer to others before those, and before all what they refer to each other by."""
        tables = MetaData()
        tables.reflect(self._connection)
        order, ring = in_order(tables.tables.values())
        place = {table.name: number for number, table in enumerate(order)}
        late = [key for key in ring if key.table.name in {one.table_name for one in dropped}]
        for key in late:
            step = ops.ModifyTableOps(key.table.name, [ops.DropConstraintOp.from_constraint(key)])
            self._add(step, reverse(step))
        for one in sorted(dropped, key=lambda one: -place[one.table_name]):
            self._drop_table(one, late)

    def _refuse_guesses_of_tables(self, found: list[Step]) -> None:
        gone = [one for one in found if isinstance(one, ops.DropTableOp)]
        fresh = {one.table_name: one for one in found if isinstance(one, ops.CreateTableOp)}
        for one in gone:
            if self._choices.drops_table(one.table_name) or not fresh:
                continue
            old, new = self._shown(one.table_name), self._shown(self._closest(one, fresh))
            self._reasons.append(
                f"{old} is gone and {new} is new. If it was renamed: --rename {old}={new}. "
                f"If it is another: --drop {old}"
            )

    def _closest(self, gone: ops.DropTableOp, fresh: Mapping[str, ops.CreateTableOp]) -> str:
        columns = {column.name for column in gone.to_table().columns}
        return max(fresh, key=lambda name: len(columns & {column.name for column in fresh[name].to_table().columns}))

    def _drop_table(self, one: ops.DropTableOp, late: list[ForeignKeyConstraint]) -> None:
        table = one.table_name
        if not self._choices.drops_table(table):
            rows = self._rows(table, "")
            if not any(reason.startswith(f"{self._shown(table)} is gone and") for reason in self._reasons):
                self._reasons.append(
                    f"{self._shown(table)} is gone: its table goes too, with {rows}: --drop {self._shown(table)}"
                )
            return
        self.losses.append(f"the table {table}, with {self._rows(table, '')}")
        back = one.reverse()
        without(back, late)  # they come back after all tables have
        for column in back.columns:
            if isinstance(column, Column):
                give_neutral_default(column)
        self._add(one, back)

    def _rows(self, table: str, column: str) -> str:
        count = self._count(table, column)
        if count is None:
            return "whatever it holds"
        return f"the values of {count} rows" if column else f"{count} rows"

    def _modify(self, group: ops.ModifyTableOps) -> None:
        table = group.table_name
        self._refuse_guesses(group)
        up: list[Step] = []
        down: list[Step] = []
        for one in group.ops:
            if isinstance(one, ops.AlterColumnOp):
                self._alter(table, one, up, down)
                continue
            if isinstance(one, ops.AddColumnOp):
                self._require_default(table, one.column)
            if isinstance(one, ops.DropColumnOp):
                self._lose_column(table, one.column_name)
            up.append(one)
            down.insert(0, self._reversed(one))
        if up:
            self._add(ops.ModifyTableOps(table, up), ops.ModifyTableOps(table, down))

    def _reversed(self, one: Step) -> Step:
        back: Step = one.reverse()
        if isinstance(back, ops.AddColumnOp):
            back.column = back.column._copy()  # noqa: SLF001  (the original belongs to a table that was read)
            give_neutral_default(back.column)
        return back

    def _refuse_guesses(self, group: ops.ModifyTableOps) -> None:
        table = group.table_name
        gone = {one.column_name: one for one in group.ops if isinstance(one, ops.DropColumnOp)}
        fresh = {one.column.name: one.column for one in group.ops if isinstance(one, ops.AddColumnOp)}
        for old, one in gone.items():
            if self._choices.drops_column(table, old):
                continue
            alike = [name for name, column in fresh.items() if _is_alike(one, column)]
            if alike:
                shown, new = self._shown(table, old), alike[0]
                self._perhaps_renamed.add((table, new))
                value = f" --default {self._shown(table, new)}=..." if self._lacks_value(table, fresh[new]) else ""
                self._reasons.append(
                    f"{shown} is gone and {new} is new. If it was renamed: --rename {shown}={new}, or write "
                    f'{new}: Annotated[..., Was("{old}")]. If it is another: --drop {shown}{value}'
                )

    def _lose_column(self, table: str, column: str) -> None:
        shown = self._shown(table, column)
        if self._choices.drops_column(table, column):
            self.losses.append(f"{shown}, with {self._rows(table, column)}")
        elif not any(reason.startswith(f"{shown} is gone and") for reason in self._reasons):
            self._reasons.append(f"{shown} is gone: {self._rows(table, column)} would be lost: --drop {shown}")

    def _require_default(self, table: str, column: Column[Any]) -> None:
        given = self._given(table, column)
        if given is not None:
            column.server_default = DefaultClause(given)
        elif self._lacks_value(table, column) and (table, column.name) not in self._perhaps_renamed:
            shown = self._shown(table, column.name)
            self._reasons.append(f"{shown} is new and required: what do rows get that are there? --default {shown}=...")

    def _lacks_value(self, table: str, column: Column[Any]) -> bool:
        """Tell whether nobody has said what a new column holds in the rows that are there."""
        return not column.nullable and column.server_default is None and self._given(table, column) is None

    def _given(self, table: str, column: Column[Any]) -> BindParameter[Any] | None:
        value = self._choices.defaults.get((table, column.name))
        return (
            None if value is None else literal(typed(value, column.type, self._shown(table, column.name)), column.type)
        )

    def _alter(self, table: str, one: ops.AlterColumnOp, up: list[Step], down: list[Step]) -> None:
        column = self._metadata.tables[table].columns[one.column_name]
        if one.modify_type is not None:
            self._convert(table, one, column)
        if one.modify_nullable is False:
            self._fill(table, column)
        one.modify_type = None
        if one.modify_server_default is False and one.modify_nullable is None:
            return
        if isinstance(one.existing_server_default, DefaultClause):
            there = cast("TypeEngine[Any]", one.existing_type)
            one.existing_server_default = default_value(str(one.existing_server_default.arg), there)
        one.existing_type = column.type
        one.kw.clear()
        up.append(one)
        down.insert(0, one.reverse())

    def _convert(self, table: str, one: ops.AlterColumnOp, column: Column[Any]) -> None:
        shown = self._shown(table, column.name)
        old, new = cast("TypeEngine[Any]", one.existing_type), column.type
        if not self._choices.allow_loss and not is_lossless(old, new):
            self._reasons.append(
                f"{shown} was {worded(old)} and becomes {worded(new)}: {self._rows(table, column.name)} may lose "
                "something: --allow-loss"
            )
        before = one.existing_server_default
        old_default = default_value(str(before.arg), old) if isinstance(before, DefaultClause) else None
        step = Convert(table, column.name, old, new, old_default, column.server_default)
        self._add(step, step.reverse())
        one.modify_server_default = False

    def _fill(self, table: str, column: Column[Any]) -> None:
        given = self._given(table, column)
        default = column.server_default
        if given is None and isinstance(default, DefaultClause) and isinstance(default.arg, BindParameter):
            given = default.arg
        if given is None:
            shown = self._shown(table, column.name)
            self._reasons.append(f"{shown} is required now: what do rows get that have none? --default {shown}=...")
        else:
            self._add(Fill(table, column.name, given))


def _is_alike(gone: ops.DropColumnOp, fresh: Column[Any]) -> bool:
    column = gone.to_column()
    return column.type._type_affinity is fresh.type._type_affinity  # noqa: SLF001  (what SQLAlchemy compares types by)
