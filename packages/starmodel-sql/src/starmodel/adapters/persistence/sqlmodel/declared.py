"""What a SQLModel class says about its fields: as the FieldInfo that StarModel reads, and as columns."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import PydanticUserError
from pydantic_core import PydanticUndefined
from sqlalchemy import Column, ForeignKey
from sqlalchemy.types import TypeEngine

from sqlmodel.main import FieldInfoMetadata
from starmodel.core.annotations import marks_in
from starmodel.core.entity import Entity, FieldInfo
from starmodel.core.errors import DefinitionError
from starmodel.core.marks import Reference
from starmodel.core.visibility import visibility_of

from .columns import column_of, table_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo as Declared

__all__ = ["choose_columns", "described_fields"]

_OPTIONS = ("index", "nullable", "unique")


def described_fields(cls: Any) -> dict[str, FieldInfo]:
    """Return the fields of a SQLModel class by name; DefinitionError when its annotations cannot be resolved."""
    try:
        if not cls.__pydantic_complete__:
            cls.model_rebuild()
    except (NameError, PydanticUserError) as error:
        raise DefinitionError(
            f"the annotations of {cls.__name__} name something that cannot be found at run time: {error}; "
            "import it outside `if TYPE_CHECKING`"
        ) from error
    return {name: _described(name, field, _reference(cls, field)) for name, field in cls.model_fields.items()}


def _described(name: str, field: Declared, *more: Any) -> FieldInfo:
    marks = [mark for mark in field.metadata if not isinstance(mark, FieldInfoMetadata)]
    marks += [mark for mark in more if mark is not None]
    annotation: Any = Annotated[(field.annotation, *marks)] if marks else field.annotation
    default = None if field.is_required() else partial(field.get_default, call_default_factory=True)
    return FieldInfo(name, annotation, visibility_of(annotation), default)


def _reference(cls: type[Entity], field: Declared) -> Reference | None:
    """Return the reference that ``foreign_key="author.id"`` makes of *field*, if it does not say so already."""
    key = _setting(field, "foreign_key")
    table, _, column = (key or "").rpartition(".")
    if column != "id" or any(isinstance(mark, Reference) for mark in marks_in(field.annotation)):
        return None
    on_delete: Literal["restrict", "set_null"] = "set_null" if _setting(field, "ondelete") == "SET NULL" else "restrict"
    return Reference(_kept_in(table, cls.__module__) or table, on_delete)


def _kept_in(table: str, module: str) -> type[Entity] | None:
    """Return the class that is kept in *table*: of the same module if there is one, else the one that was made last.

    ``None`` when it is not made yet, or is no entity.
    """
    known = [kind for kind in _derived(Entity) if table_name(kind) == table]
    return next((kind for kind in reversed(known) if kind.__module__ == module), known[-1] if known else None)


def _derived(kind: type[Entity]) -> Iterator[type[Entity]]:
    for sub in kind.__subclasses__():
        yield sub
        yield from _derived(sub)


def _setting(field: Declared, name: str) -> Any:
    """Return what ``Field(...)`` says as *name*; ``None`` when it says nothing."""
    said = next((mark for mark in field.metadata if isinstance(mark, FieldInfoMetadata)), field)
    value = getattr(said, name, None)
    return None if value is PydanticUndefined else value


def choose_columns(cls: Any) -> tuple[str, ...]:
    """Give every field of a SQLModel class its column, of a type that gives back what went in, on every database.

    What the user chose by ``sa_column`` or ``sa_type`` stays as it is; return the names of these fields.
    """
    if not getattr(cls, "__pydantic_fields_complete__", True):
        raise DefinitionError(
            f"the annotations of {cls.__name__} name something that cannot be found when the class is made; "
            "define it before, at the top of a module and outside `if TYPE_CHECKING`"
        )
    chosen = tuple(name for name, field in cls.model_fields.items() if _is_chosen(field))
    for name, field in cls.model_fields.items():
        if _setting(field, "primary_key") and name != "id":
            raise DefinitionError(f"{cls.__name__}.{name} cannot be the primary key: that is id, as in every entity")
        said = next((mark for mark in field.metadata if isinstance(mark, FieldInfoMetadata)), FieldInfoMetadata())
        others = [mark for mark in field.metadata if not isinstance(mark, FieldInfoMetadata)]
        field.metadata = [*others, replace(said, sa_column=_column(name, field))]
    return chosen


def _is_chosen(field: Declared) -> bool:
    marks = (*field.metadata, *marks_in(field.annotation))
    given = (_setting(field, "sa_column"), _setting(field, "sa_type"))
    return any(one is not None for one in given) or any(isinstance(mark, TypeEngine) for mark in marks)


def _column(name: str, field: Declared) -> Column[Any]:
    own = _setting(field, "sa_column")
    if isinstance(own, Column):
        return own
    options = {option: value for option in _OPTIONS if (value := _setting(field, option)) is not None}
    kind = _setting(field, "sa_type")
    if kind is not None:
        options["type_"] = kind
    options.update(_setting(field, "sa_column_kwargs") or {})
    return column_of(_described(name, field), *_keys(field), *(_setting(field, "sa_column_args") or ()), **options)


def _keys(field: Declared) -> list[ForeignKey]:
    """Return the foreign key of *field*, checked when a transaction ends, so that the order of writes is free."""
    target = _setting(field, "foreign_key")
    if target is None:
        return []
    return [ForeignKey(target, ondelete=_setting(field, "ondelete"), deferrable=True, initially="DEFERRED")]
