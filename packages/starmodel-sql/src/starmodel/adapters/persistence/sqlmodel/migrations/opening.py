"""What the store does about its tables when it opens: add what is missing, or say what does not fit."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from alembic.operations import Operations, ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Connection, MetaData, Table, exc, inspect
from sqlalchemy.schema import AddConstraint, CreateColumn, ForeignKeyConstraint

from starmodel.adapters.persistence.sqlmodel.errors import SchemaError

from .applying import overtaken
from .comparing import Difference, differences, each
from .describing import blocking, is_left_over
from .operations import RenameColumn, perform
from .ordering import defer
from .plain import plain_metadata, was
from .revisions import Revisions, current

__all__ = ["bring_up", "drift", "refuse_drift"]

_ADVICE = "make a revision and apply it: starmodel migrate make, then starmodel migrate up"
_FIRST_ADVICE = (
    "these tables were made without a revision, and one for this change begins after the first. With nothing in them "
    f"that matters: begin with an empty database. Else take the change back, {_ADVICE}; then change it and do so again"
)


def bring_up(
    connection: Connection, metadata: MetaData, own: Collection[Table], *, folder: Path | None = None
) -> list[str]:
    """Add to the database what the tables of *metadata* have and it lacks; return a line for each thing done.

    Made for development.  Tables, columns that may be empty or have a default, indexes, and new names that ``Was``
    tells of.  Nothing is taken away.  Has to run in :func:`~.applying.transaction`.  Call
    whatever puts triggers on the tables afterwards: a table may have been made anew.

    *own* are the store's own tables, in *metadata* too.  *folder* holds the project's revisions, if it has any: an
    empty database then begins with these.  SchemaError, and nothing was done, when something needs a revision, or a
    revision is still to be applied.
    """
    metadata.create_all(connection, tables=list(own))
    plain = plain_metadata(metadata)
    done = [] if folder is None else _revised(connection, plain, Revisions(folder))
    if plain.tables.keys().isdisjoint(inspect(connection).get_table_names()):
        return [*done, *_begin(connection, plain)]
    done += _rename(connection, plain)
    found = differences(connection, plain)
    refused = [*_guesses(found), *_not_addable(found, connection)]
    if refused:
        raise SchemaError(f"the tables do not fit the code:\n{_listed(refused)}\n{_advice(folder)}")
    done += _add(connection, plain, found)
    return done


def _advice(folder: Path | None) -> str:
    return _FIRST_ADVICE if folder is not None and not Revisions(folder).in_order() else _ADVICE


def drift(connection: Connection, metadata: MetaData, *, strict: bool = False) -> list[str]:
    """Return in words what in the database does not fit the code; nothing when the code can work with it.

    Columns that only the database has do no harm as long as rows can be added without them: the code of the version
    before runs besides.  If *strict*, columns that take more than the code knows do, an empty value or a longer text.
    """
    return list(blocking(differences(connection, plain_metadata(metadata)), connection.dialect, strict=strict))


def refuse_drift(connection: Connection, metadata: MetaData, *, folder: Path | None = None) -> None:
    """Raise SchemaError when the code cannot work with the tables in the database; see :func:`drift`.

    A database at a revision that is not in *folder* is ahead of the code, and may take more.
    """
    found = drift(connection, metadata, strict=True)
    if found and _is_ahead(connection, folder):
        found = drift(connection, metadata)
    if found:
        raise SchemaError(
            f"the tables in the database are behind or ahead of the code:\n{_listed(found)}\n"
            "make a revision if there is none for it (starmodel migrate make) and apply it (starmodel migrate up); or "
            "run the code that fits (starmodel migrate status)"
        )


def _is_ahead(connection: Connection, folder: Path | None) -> bool:
    known = set() if folder is None else {one.revision for one in Revisions(folder).in_order()}
    return not known.issuperset(current(connection))


def _listed(lines: Iterable[str]) -> str:
    return "\n".join(f"  {line}" for line in lines)


def _revised(connection: Connection, plain: MetaData, revisions: Revisions) -> list[str]:
    at = current(connection)
    pending = revisions.pending(at)
    there = set(inspect(connection).get_table_names())
    if not pending:
        return []
    if not at and not there & plain.tables.keys():
        revisions.run(connection, pending[-1].revision)
        return [f"applied {one.revision}, {one.doc}" for one in pending]
    if overtaken(connection, revisions) is None:
        waiting = _listed(f"{one.revision} {one.doc}" for one in pending)
        raise SchemaError(f"revisions are still to be applied:\n{waiting}\napply them: starmodel migrate up")
    return []


def _begin(connection: Connection, plain: MetaData) -> list[str]:
    """Make all of the tables where there is none of them: to compare would take longer than to make them."""
    defer(plain.tables.values())
    plain.create_all(connection, checkfirst=False)
    tables = plain.sorted_tables
    indexes = [index for table in tables for index in sorted(table.indexes, key=lambda index: str(index.name))]
    return [
        *(f"added the table {table.name}" for table in tables),
        *(f"added the index {index.name}" for index in indexes),
    ]


def _rename(connection: Connection, plain: MetaData) -> list[str]:
    operations = Operations(MigrationContext.configure(connection))
    done = []
    inspector = inspect(connection)
    for table in plain.tables.values():
        if not inspector.has_table(table.name):
            continue
        there = {column["name"] for column in inspector.get_columns(table.name)}
        for column in table.columns:
            old = next((name for name in was(column) if name in there and name not in table.columns), None)
            if old is not None and column.name not in there:
                perform(operations, RenameColumn(table.name, old, column.name))
                done.append(f"renamed {table.name}.{old} to {column.name}")
    return done


def _guesses(found: Collection[Difference]) -> Iterator[str]:
    """Yield what looks like a new name: adding a column beside the old one would leave its data behind."""
    for group in found:
        if not isinstance(group, ops.ModifyTableOps):
            continue
        gone = [one for one in group.ops if isinstance(one, ops.DropColumnOp)]
        for one in group.ops:
            if not isinstance(one, ops.AddColumnOp):
                continue
            for old in gone:
                if old.to_column().type._type_affinity is one.column.type._type_affinity:  # noqa: SLF001  (what SQLAlchemy compares types by)
                    name, new = f"{group.table_name}.{old.column_name}", one.column.name
                    yield (
                        f"{name} is gone and {new} is new. If it was renamed, write "
                        f'{new}: Annotated[..., Was("{old.column_name}")]. If it is another: '
                        f"starmodel migrate make --drop {name}, and up"
                    )


def _not_addable(found: Collection[Difference], connection: Connection) -> Iterator[str]:
    rebuilds = connection.dialect.name != "sqlite" or not connection.exec_driver_sql("PRAGMA foreign_keys").scalar()
    addable = [one for one in each(found) if _is_addable(one, rebuilds=rebuilds)]
    for one in each(found):
        if one in addable:
            continue
        if isinstance(one, ops.AddColumnOp) and not one.column.nullable:
            name = f"{one.table_name}.{one.column.name}"
            yield f"{name} is new and required: give it a default in the class, at least until the next start"
        elif isinstance(one, ops.AddColumnOp):
            yield f"{one.table_name}.{one.column.name} is new and refers to another table"
        elif not (isinstance(one, ops.CreateForeignKeyOp) and one.local_cols[0] in _added(found, one.source_table)):
            yield from blocking([one], connection.dialect)


def _added(found: Collection[Difference], table: str) -> set[str]:
    return {one.column.name for one in each(found) if isinstance(one, ops.AddColumnOp) and one.table_name == table}


def _is_addable(one: Difference, *, rebuilds: bool) -> bool:
    """Tell whether *one* is an addition; a table with a new reference has to be made anew on SQLite."""
    if isinstance(one, ops.AddColumnOp):
        column = one.column
        return bool(column.nullable or column.server_default is not None) and (rebuilds or not column.foreign_keys)
    return isinstance(one, ops.CreateTableOp | ops.CreateIndexOp)


def _add(connection: Connection, plain: MetaData, found: Collection[Difference]) -> list[str]:
    fresh = [plain.tables[one.table_name] for one in each(found) if isinstance(one, ops.CreateTableOp)]
    plain.create_all(connection, tables=fresh, checkfirst=False)  # together: they may refer to each other
    done = [f"added the table {table.name}" for table in fresh]
    for one in each(found):
        if isinstance(one, ops.AddColumnOp):
            _add_column(connection, plain.tables[one.table_name].columns[one.column.name])
            done.append(f"added {one.table_name}.{one.column.name}")
        elif isinstance(one, ops.CreateIndexOp):
            _add_index(connection, one)
            done.append(f"added the index {one.index_name}")
        elif isinstance(one, ops.DropColumnOp) and is_left_over(one):
            done.append(f"left {one.table_name}.{one.column_name}, which the code does not know, as it is")
    return done


def _add_column(connection: Connection, column: Column[Any]) -> None:
    keys = [one for one in column.table.foreign_key_constraints if list(one.columns) == [column]]
    table = connection.dialect.identifier_preparer.format_table(column.table)
    if keys and connection.dialect.name == "sqlite":
        _rebuild_with(connection, column, keys)
        return
    # Written out: Alembic would make the whole table anew on SQLite for a default, and its triggers with it.
    definition = CreateColumn(column).compile(dialect=connection.dialect)
    connection.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN {definition}")
    for key in keys:
        connection.execute(AddConstraint(key))


def _rebuild_with(connection: Connection, column: Column[Any], keys: Iterable[ForeignKeyConstraint]) -> None:
    operations = Operations(MigrationContext.configure(connection))
    bare: Column[Any] = Column(column.name, column.type, nullable=column.nullable, server_default=column.server_default)
    with operations.batch_alter_table(column.table.name) as batch:
        batch.add_column(bare)
        for key in keys:
            batch.create_foreign_key(
                str(key.name),
                key.referred_table.name,
                list(key.column_keys),
                [element.column.name for element in key.elements],
                ondelete=key.ondelete,
                deferrable=key.deferrable,
                initially=key.initially,
            )


def _add_index(connection: Connection, one: ops.CreateIndexOp) -> None:
    index = one.to_index()
    missing = inspect(connection).get_indexes(one.table_name)
    if any(known["name"] == index.name for known in missing):
        return  # came with its table
    try:
        index.create(connection)
    except exc.IntegrityError as error:
        names = ", ".join(column.name for column in index.columns)
        raise SchemaError(
            f"{one.table_name} holds the same {names} more than once, so it cannot be unique; correct the rows first"
        ) from error
