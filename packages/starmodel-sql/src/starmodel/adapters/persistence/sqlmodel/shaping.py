"""How ``class BlogPost(Entity, BaseTable, table=True)`` becomes an entity and a SQLModel table at once."""

from __future__ import annotations

import dataclasses
from copy import copy
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import PydanticUserError

from sqlmodel._compat import SQLModelConfig
from sqlmodel.main import SQLModelMetaclass
from starmodel.core.annotations import is_class_variable, own_annotations
from starmodel.core.config import EntityConfig, StateStore
from starmodel.core.entity import Entity, refuse_reserved
from starmodel.core.errors import DefinitionError

from .mapper import bookkeeping, constraints
from .readers import ColumnReader, RelationReader
from .relations import relation_annotation

if TYPE_CHECKING:
    from sqlalchemy import Table

__all__ = ["TableMeta", "shape_table"]

TAKEN_OVER = ("__init__", "__getattr__", "__entity_next__", "__entity_restored__")
"""What comes from BaseTable although Entity stands before it in ``class BlogPost(Entity, BaseTable)``."""

_LIBRARY_KEYS = frozenset(SQLModelConfig.__annotations__)


class TableMeta(SQLModelMetaclass):
    """Makes the table as SQLModel does, and the instances plain: no session ever knows them."""

    if TYPE_CHECKING:
        model_config: EntityConfig  # type: ignore[assignment]  # as a class writes it: the keys of an entity

    def __new__(cls, name: str, bases: tuple[type[Any], ...], namespace: dict[str, Any], **kwargs: Any) -> Any:
        """Make the class, its settings told apart: those of the entity, and those of SQLModel and pydantic."""
        _refuse_what_cannot_work(name, bases, namespace)
        own, theirs = _told_apart(namespace.get("model_config", {}))
        body = {"__entity_settings__": own, **namespace}
        body.pop("model_config", None)
        if kwargs.get("table"):
            theirs = {**theirs, "table": True}  # SQLModel says so itself only after the fields are read
        if theirs.get("table") and not any(issubclass(base, Entity) for base in bases):  # before any type is looked at
            raise DefinitionError(f"{name} is no entity; write class {name}(Entity, BaseTable, table=True)")
        if theirs:
            body["model_config"] = theirs
        annotations = {**_inherited_annotations(bases, namespace), **namespace.get("__annotations__", {})}
        body["__annotations__"] = {key: relation_annotation(body.get(key), kind) for key, kind in annotations.items()}
        try:
            return super().__new__(cls, name, bases, body, **kwargs)
        except PydanticUserError as error:
            raise DefinitionError(f"{name}: {error.message}") from error

    def __init__(cls, name: str, bases: tuple[type[Any], ...], namespace: dict[str, Any], **kwargs: Any) -> None:
        made: Any = cls
        if not _is_table(cls):
            super().__init__(name, bases, namespace, **kwargs)
            _describe_as_dataclass(made)
            return
        _make_room(made)
        own_init = vars(cls)["__init__"]
        super().__init__(name, bases, namespace, **kwargs)
        type.__setattr__(cls, "__init__", own_init)  # in place of SQLAlchemy's, which would watch the instance
        _add_own_columns(made)
        _make_plain(made)
        _describe_as_dataclass(made)


def _refuse_what_cannot_work(name: str, bases: tuple[type[Any], ...], namespace: dict[str, Any]) -> None:
    table = next(filter(_is_table, bases), None)
    if table is not None:
        raise DefinitionError(
            f"{name} cannot inherit the table of {table.__name__}; put what both share into a class without table=True "
            "and derive both from it"
        )
    if "model_post_init" in namespace and any(isinstance(base, TableMeta) for base in bases):
        raise DefinitionError(f"{name}.model_post_init would run before the snapshot is frozen; write check() instead")


def _is_table(cls: type[Any]) -> bool:
    return bool(getattr(cls, "model_config", {}).get("table"))


def _told_apart(config: Any) -> tuple[Any, dict[str, Any]]:
    """Return the settings of the entity and those of SQLModel.  The custom store of a table is the SQL store."""
    if not isinstance(config, dict):
        return config, {}  # which Entity refuses
    own = {key: value for key, value in config.items() if key not in _LIBRARY_KEYS}
    if own.get("store") == StateStore.CUSTOM:
        own["store"] = StateStore.SERVER_SQL
    return own, {key: value for key, value in config.items() if key in _LIBRARY_KEYS}


def _inherited_annotations(bases: tuple[type[Any], ...], namespace: dict[str, Any]) -> dict[str, Any]:
    """Return the types of inherited fields that get a new default, as in ``price = 5``: pydantic asks for both."""
    fields = {name: field for base in reversed(bases) for name, field in getattr(base, "model_fields", {}).items()}
    return {name: field.rebuild_annotation() for name, field in fields.items() if name in namespace}


def shape_table(cls: type[Entity]) -> None:
    """Let SQLModel, and not the dataclass machinery, own the fields of *cls*."""
    base = _base_of(cls)
    if cls.__mro__.index(base) < cls.__mro__.index(Entity):
        raise DefinitionError(f"{cls.__name__}: write Entity first, class {cls.__name__}(Entity, {base.__name__})")
    for name in _declared_names(cls):
        refuse_reserved(cls, name)
        if name != "id" and hasattr(base, name):
            raise DefinitionError(f"{cls.__name__}.{name} hides {base.__name__}.{name}; choose another name")
    ours = [other for other in cls.__mro__ if issubclass(other, base)]
    for name in TAKEN_OVER:
        type.__setattr__(cls, name, next(vars(other)[name] for other in ours if name in vars(other)))
    if "id" not in vars(cls):  # else pydantic would take the reader of Entity.id for its default
        parent: Any = ours[1]
        type.__setattr__(cls, "id", copy(parent.model_fields["id"]))


def _base_of(cls: type[Any]) -> type[Any]:
    """Return BaseTable, which is declared by means of this module."""
    return next(base for base in cls.__mro__ if "__entity_shape__" in vars(base))


def _declared_names(cls: type[Any]) -> list[str]:
    fields = [name for name, kind in own_annotations(cls).items() if not is_class_variable(kind)]
    return [name for name in (*fields, *vars(cls).get("__sqlmodel_relationships__", ())) if not name.startswith("_")]


def _make_room(cls: Any) -> None:
    """Let a class that is defined again, as in a notebook, take the place of the older one."""
    older: Table | None = cls.metadata.tables.get(cls.__tablename__)
    former: Any = None if older is None else older.info.get("entity")
    if older is not None and former is not None and former.__name__ == cls.__name__:
        cls.metadata.remove(older)
        former._sa_registry._dispose_cls(former)  # noqa: SLF001  (SQLAlchemy lets go of single classes in no other way)
        former.__mapper__._set_dispose_flags()  # noqa: SLF001  (the same)


def _add_own_columns(cls: Any) -> None:
    """Add what the store keeps beside the fields, and what the marks of the fields ask for."""
    table: Table = cls.__table__
    table.info["entity"] = cls
    for column in bookkeeping(cls):
        table.append_column(column)
    for constraint in constraints(table.name, cls.__entity_described__()):
        table.append_constraint(constraint)


def _make_plain(cls: Any) -> None:
    """Take SQLAlchemy's attributes off the instances; on the class they stay what they are, for expressions."""
    for name in cls.__entity_fields__:
        type.__setattr__(cls, name, ColumnReader(name, vars(cls)[name]))
    for name in cls.__sqlmodel_relationships__:
        type.__setattr__(cls, name, RelationReader(name, vars(cls)[name]))


def _describe_as_dataclass(cls: Any) -> None:
    """Answer those who ask for the fields of any entity, which is a dataclass."""
    fields = [(name, field.annotation, _dataclass_field(field)) for name, field in cls.model_fields.items()]
    answer: Any = dataclasses.make_dataclass(cls.__name__, fields, kw_only=True)
    type.__setattr__(cls, "__dataclass_fields__", answer.__dataclass_fields__)


def _dataclass_field(field: Any) -> Any:
    if field.is_required():
        return dataclasses.field()
    return dataclasses.field(default_factory=partial(field.get_default, call_default_factory=True))
