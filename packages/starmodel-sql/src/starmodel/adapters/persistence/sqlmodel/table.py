"""``BaseTable``: an entity that is a SQLModel table of its own, with relationships, indexes and column types."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from pydantic import ValidationError
from sqlalchemy.orm import declared_attr

from sqlmodel import Field, SQLModel
from starmodel.core.entity import Entity, FieldInfo, new_id
from starmodel.core.events import ClassEvent, Event
from starmodel.core.frozen import freeze
from starmodel.core.snapshot import Snapshot

from .active import ActiveRecord
from .columns import table_name
from .declared import choose_columns, described_fields
from .errors import UnloadedError
from .problems import refusal_of
from .shaping import TableMeta, shape_table

if TYPE_CHECKING:
    from sqlalchemy import MetaData, Table

__all__ = ["BaseTable", "table_config"]

if TYPE_CHECKING:

    class _Model(metaclass=TableMeta):
        """SQLModel as type checkers see it here: ``model_config`` is the entity's, so that its keys are checked."""

        __table__: ClassVar[Table]
        __tablename__: ClassVar[str]
        __pydantic_complete__: ClassVar[bool]
        __pydantic_validator__: ClassVar[Any]
        __private_attributes__: ClassVar[dict[str, Any]]
        __sqlmodel_relationships__: ClassVar[Mapping[str, Any]]
        metadata: ClassVar[MetaData]
        model_fields: ClassVar[dict[str, Any]]

        def model_dump(self, **options: Any) -> dict[str, Any]: ...
        def model_dump_json(self, **options: Any) -> str: ...
        @classmethod
        def model_validate(cls, obj: Any, **options: Any) -> Self: ...
        @classmethod
        def model_json_schema(cls, **options: Any) -> dict[str, Any]: ...

else:
    _Model = SQLModel


def table_config(**settings: Any) -> Any:
    """Return *settings* for ``model_config``, keys of pydantic's among them, which no type checker expects there."""
    return settings


class BaseTable(ActiveRecord, _Model, metaclass=TableMeta):
    """Makes an entity a SQLModel table.

    ::

        class BlogPost(Entity, BaseTable, table=True):
            title: str = Field(index=True, max_length=200)
            body: str
            author_id: str | None = Field(default=None, foreign_key="author.id")
            author: Author | None = Relationship(back_populates="posts")

    Every instance is an immutable snapshot whose fields have been checked; it never belongs to a session.  Its store
    is ``"sql"``, also under the name ``StateStore.CUSTOM``, unless ``model_config`` names another.  Without
    ``table=True`` a class only shares its fields with those derived from it.
    """

    if not TYPE_CHECKING:
        model_config = {
            "extra": "forbid",
            "from_attributes": False,
            "hide_input_in_errors": True,
            "ignored_types": (Event, ClassEvent),
            "populate_by_name": True,
        }
    __entity_settings__: ClassVar[dict[str, Any]] = {"store": "sql"}
    __entity_shape__: ClassVar[Callable[[type[Entity]], None]] = staticmethod(shape_table)
    __entity_fields__: ClassVar[tuple[str, ...]] = ()
    __entity_chosen__: ClassVar[tuple[str, ...]] = ()  # fields whose column type is the user's

    id: str = Field(default_factory=new_id, primary_key=True)

    if not TYPE_CHECKING:

        @declared_attr
        def __tablename__(cls) -> str:  # noqa: N805  (of the class, as SQLAlchemy has it)
            """Name the table as that of any other entity is named."""
            return table_name(cls)

    def __init__(self, **data: Any) -> None:
        _fill(self, data)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Give what is not in ``__dict__`` yet; a relationship never is."""
            if name in type(self).__sqlmodel_relationships__:
                raise UnloadedError(type(self).__name__, name)
            return Snapshot.__getattr__(self, name)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Take over what pydantic read: fields, and working state, which is the snapshot's own affair."""
        super().__pydantic_init_subclass__(**kwargs)  # type: ignore[misc]  # pydantic's; see _Model
        if not issubclass(cls, Entity):
            return
        entity: Any = cls
        entity.__entity_fields__ = tuple(cls.model_fields)
        own = {name: attribute.get_default for name, attribute in cls.__private_attributes__.items()}
        entity.__entity_private__ = {**entity.__entity_private__, **own}
        cls.__private_attributes__.clear()
        if cls.model_config.get("table"):
            cls.__entity_chosen__ = choose_columns(cls)

    @classmethod
    def __entity_described__(cls) -> dict[str, FieldInfo]:
        """Describe the fields by what pydantic and SQLModel know of them."""
        return described_fields(cls)

    @classmethod
    def __entity_next__(cls, base: Any, changes: dict[str, Any]) -> Any:
        """Build the snapshot that follows *base*, checked as a whole; what did not change is shared with it."""
        kept = {name: base.__dict__[name] for name in cls.__entity_fields__ if name not in changes}
        new = cls.__new__(cls)
        _fill(new, {**kept, **changes})
        new.__dict__.update(kept)
        return new

    @classmethod
    def __entity_restored__(cls, state: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> Any:
        """Build the snapshot that a store kept as *state*; a column type of the user's may not have frozen it."""
        kept = cls.__new__(cls)
        values = kept.__dict__
        values.update(state)
        for name in cls.__entity_chosen__:
            values[name] = freeze(values[name])
        return kept

    def model_post_init(self, _context: Any, /) -> None:
        """Freeze and check what pydantic has read, wherever it came from."""
        entity = cast("Any", self)  # an Entity, as TableMeta has seen to
        entity.__post_init__()

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:
        """Return a snapshot of outside data; pydantic's ValidationError when it does not fit."""
        return cast("Self", cls.__pydantic_validator__.validate_python(obj, **options))

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:  # noqa: ARG002  (as pydantic has it)
        """Return the next snapshot, with *update* applied and checked."""
        entity = cast("Any", self)  # as above
        return cast("Self", entity.evolve(**(update or {})))

    def model_dump(self, **options: Any) -> dict[str, Any]:
        """Return every field, also inside an event; see pydantic."""
        return super(BaseTable, _complete(self)).model_dump(**options)

    def model_dump_json(self, **options: Any) -> str:
        """Return every field as JSON, also inside an event; see pydantic."""
        return super(BaseTable, _complete(self)).model_dump_json(**options)

    def __str__(self) -> str:
        return repr(self)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Show nothing: ``repr`` is the entity's, which hides what must not be seen."""
        return iter(())


def _fill(snapshot: Any, data: dict[str, Any]) -> None:
    """Give *snapshot* its fields, converted and checked; InvalidError, or what a rule of the entity raised."""
    kind = type(snapshot)
    try:
        kind.__pydantic_validator__.validate_python(data, self_instance=snapshot)
    except ValidationError as error:
        related = {name: f"is a relationship: {_instead(kind, name)}" for name in kind.__sqlmodel_relationships__}
        refusal = refusal_of(error, kind.__entity_fields__, related)
    else:
        return
    raise refusal  # not from the error: that one may repeat the values, secret ones too


def _instead(kind: Any, name: str) -> str:
    key = f"{name}_id"
    return f"give {key}" if key in kind.__entity_fields__ else "set the foreign key on the other side"


def _complete(table: Any) -> Any:
    """Return *table* with every field in its ``__dict__``, where pydantic looks for them: a draft reads them late."""
    for name in type(table).__entity_fields__:
        getattr(table, name)
    return table
