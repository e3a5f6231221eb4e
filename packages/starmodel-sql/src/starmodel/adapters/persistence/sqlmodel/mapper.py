"""The data mapper: an entity's table, and the way from snapshots to rows and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    bindparam,
    or_,
    text,
)

from starmodel.core.entity import Entity, fields_of
from starmodel.core.errors import DefinitionError, InvalidError, Problem
from starmodel.core.frozen import freeze
from starmodel.core.marks import Indexed, Unique
from starmodel.core.query import Stored
from starmodel.core.records import revived_by
from starmodel.core.rules import groups_of
from starmodel.core.secrecy import secret_fields

from .columns import column_of, names_before, table_name
from .misfits import misfit
from .schema import PREFIX, is_own, shortened

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from starmodel.core.entity import FieldInfo

__all__ = ["EXPIRES", "VERSION", "Mapper", "Tables", "bookkeeping", "constraints"]

E = TypeVar("E", bound=Entity)

VERSION, EXPIRES = "_version", "_expires"
"""Columns beside the fields; no field begins with an underscore, and no parameter of a statement without one."""

_PLAIN = (str, int, bool, type(None))


class Mapper(Generic[E]):
    """How one class of entities is kept: ``table`` holds a column for each field, the version, and an expiry."""

    def __init__(self, kind: type[E], metadata: MetaData) -> None:
        _refuse_names(kind)
        self.kind = kind
        self.name = kind.__entity_name__
        self.fields = kind.__entity_fields__
        self.infos = fields_of(kind)
        self.secret = secret_fields(kind)
        self.ttl = kind.__entity_config__.get("ttl")
        own: Table | None = getattr(kind, "__table__", None)
        self.table = _table(kind, self.infos, metadata) if own is None else own.to_metadata(metadata)
        self.version: Column[Any] = self.table.c[VERSION]

    @cached_property
    def columns(self) -> Sequence[Column[Any]]:
        """What a snapshot is read from: the fields in their order, then the version."""
        return [*(self.table.c[name] for name in self.fields), self.version]

    @cached_property
    def alive(self) -> tuple[ColumnElement[bool], ...]:
        """The condition that a row has not expired at the parameter ``_now``; none for what never expires."""
        if self.ttl is None:
            return ()
        expires = self.table.c[EXPIRES]
        return (or_(expires.is_(None), expires > bindparam("_now")),)

    @cached_property
    def is_unique(self) -> bool:
        """Whether no two rows may have the same values somewhere, besides the id."""
        indexes = any(index.unique for index in self.table.indexes)
        return indexes or any(isinstance(one, UniqueConstraint) for one in self.table.constraints)

    def moment(self, now: float) -> dict[str, float]:
        """Return the parameter of :attr:`alive`."""
        return {} if self.ttl is None else {"_now": now}

    def stored(self, rows: Iterable[Sequence[Any]]) -> list[Stored[E]]:
        """Return the snapshots in rows of :attr:`columns`."""
        restored, fields = self.kind.__entity_restored__, self.fields
        return [Stored(restored(zip(fields, row, strict=False)), row[-1]) for row in rows]

    def values(self, entity: Entity, names: Sequence[str], *, sqlite: bool) -> dict[str, Any]:
        """Return the fields *names* of *entity* for its row; InvalidError for what no column can hold."""
        values = {name: getattr(entity, name) for name in names}
        problems = [
            Problem((name,), why, "unstorable")
            for name, value in values.items()
            if (why := misfit(value, sqlite=sqlite)) is not None
        ]
        if problems:
            raise InvalidError(problems)
        return values

    def plain(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return field values as JSON can hold them, for the log."""
        return {
            name: value if type(value) in _PLAIN else self._plain_one(name, value) for name, value in values.items()
        }

    def _plain_one(self, name: str, value: Any) -> Any:
        if name not in self.infos:
            return value
        return value.hex() if type(value) is bytes else self._adapter(name).dump_python(value, mode="json")

    def revived(self, values: Mapping[str, Any], /) -> tuple[dict[str, Any], set[str]]:
        """Return the field values that :meth:`plain` made *values* of, and the names of those that fit no longer."""
        return revived_by(
            self._revived_one, values, fields=self.infos, secret=self.secret, present_name=self.present_name
        )

    def present_name(self, written: str) -> str:
        """Return what the field that was called *written* is called now; ``Was`` tells."""
        return written if written in self.infos else self._renamed.get(written, written)

    @cached_property
    def _renamed(self) -> dict[str, str]:
        return {old: name for name, info in self.infos.items() for old in names_before(info.annotation)}

    def _revived_one(self, name: str, value: Any) -> Any:
        if isinstance(value, str) and isinstance(self.table.c[name].type, LargeBinary):
            return bytes.fromhex(value)
        return freeze(self._adapter(name).validate_python(value))

    def _adapter(self, name: str) -> TypeAdapter[Any]:
        adapter = self._adapters.get(name)
        if adapter is None:
            adapter = self._adapters[name] = TypeAdapter(self.infos[name].annotation)
        return adapter

    @cached_property
    def _adapters(self) -> dict[str, TypeAdapter[Any]]:
        return {}


class Tables:
    """The mappers of one store, by class and by name, all in one ``metadata``."""

    def __init__(self, metadata: MetaData) -> None:
        self.metadata = metadata
        self._by_kind: dict[type[Entity], Mapper[Any]] = {}
        self._by_name: dict[str, Mapper[Any]] = {}

    def of(self, kind: type[E]) -> Mapper[E]:
        """Return the mapper of *kind*, made when it is first asked for."""
        mapper = self._by_kind.get(kind)
        if mapper is None:
            mapper = self._by_kind[kind] = Mapper(kind, self.metadata)
            self._by_name[mapper.name] = mapper
        return mapper

    def named(self, name: str) -> Mapper[Any] | None:
        """Return the mapper of the class called *name*, if it is known."""
        return self._by_name.get(name)

    def __iter__(self) -> Any:
        return iter(self._by_kind.values())

    def __contains__(self, kind: object) -> bool:
        return kind in self._by_kind


def _refuse_names(kind: type[Entity]) -> None:
    """Raise DefinitionError for a name that Postgres would cut off, or that is the store's."""
    table = table_name(kind)
    if is_own(table):
        raise DefinitionError(f"{kind.__name__}: tables that begin with {PREFIX} are the store's; {_RENAME}")
    if shortened(table) != table:
        raise DefinitionError(f"{kind.__name__}: {table} has more than the 63 bytes that Postgres takes; {_RENAME}")
    for name in kind.__entity_fields__:
        if shortened(name) != name:
            raise DefinitionError(f"{kind.__name__}.{name} has more than the 63 bytes that Postgres takes; shorten it")


_RENAME = "give it another name there: model_config = {'namespace': ...}"


def _table(kind: type[Entity], infos: Mapping[str, FieldInfo], metadata: MetaData) -> Table:
    name = table_name(kind)
    columns = [column_of(info) for info in infos.values()]
    return Table(name, metadata, *columns, *bookkeeping(kind), *constraints(name, infos))


def bookkeeping(kind: type[Entity]) -> list[Column[Any]]:
    """Return the columns beside the fields."""
    columns: list[Column[Any]] = [Column(VERSION, BigInteger, nullable=False, server_default=text("0"))]
    if kind.__entity_config__.get("ttl") is not None:
        columns.append(Column(EXPIRES, Double, nullable=True, index=True))
    return columns


def constraints(table: str, infos: Mapping[str, FieldInfo]) -> list[Index | UniqueConstraint]:
    """Return the indexes and rules that the marks of the fields ask for."""
    return [Index(shortened(f"ix_{table}_{label}"), *names) for label, names in groups_of(infos, Indexed)] + [
        UniqueConstraint(*names, name=shortened(f"uq_{table}_{label}")) for label, names in groups_of(infos, Unique)
    ]
