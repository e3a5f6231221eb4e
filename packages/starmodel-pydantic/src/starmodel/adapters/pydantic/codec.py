"""The codec over pydantic: it works on the entity's dataclass as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, get_args

from pydantic_core import PydanticSerializationError, to_jsonable_python

from pydantic import PydanticSchemaGenerationError, PydanticUserError, TypeAdapter, ValidationError
from starmodel.core.entity import Entity, fields_of
from starmodel.core.errors import DefinitionError, InvalidError, Problem, hint
from starmodel.core.files import File, with_addresses, with_file_schemas
from starmodel.core.showing import with_shown
from starmodel.core.snapshot import plain

from .arguments import ArgumentBinder, arguments_model
from .problems import problems_of, refuse_unwritable
from .schemas import PublicSchema, public_names
from .truths import refuse_truths_as_numbers

if TYPE_CHECKING:
    from starmodel.core.parameters import Parameter

__all__ = ["PydanticCodec"]

E = TypeVar("E", bound=Entity)


class PydanticCodec:
    """Parses, dumps and binds by the annotations of entities and events; ``Annotated`` constraints are kept.

    Compiled once per class and per event, when they are first asked for.
    """

    def __init__(self) -> None:
        self._adapters: dict[type[Entity], TypeAdapter[Any]] = {}

    def dump(self, entity: Entity, /, *, public: bool = False) -> dict[str, Any]:
        """Return the fields as JSON can hold them; all of them, or only the public ones."""
        snapshot = plain(entity)
        kind = type(snapshot)
        include = public_names(kind) if public else None
        data: dict[str, Any] = self._adapter(kind).dump_python(snapshot, mode="json", include=include)
        if not public:
            return data
        return with_addresses(kind, snapshot.id, {**data, **self._shown_entities(snapshot, data)})

    def _shown_entities(self, snapshot: Entity, names: Iterable[str]) -> dict[str, Any]:
        """Return the fields that hold other entities, of which pydantic would show everything."""
        values = {name: getattr(snapshot, name) for name in names}
        shown = {name: with_shown(value, lambda inner: self.dump(inner, public=True)) for name, value in values.items()}
        return {name: self.plain(value) for name, value in shown.items() if value is not values[name]}

    def load(self, kind: type[E], data: Mapping[str, Any], /) -> E:
        """Return the entity that :meth:`dump` made *data* of; unknown keys are ignored: newer code wrote them."""
        known = kind.__entity_fields__
        return self._validated(kind, {name: value for name, value in data.items() if name in known})

    def parse(self, kind: type[E], data: Mapping[str, Any], /) -> E:
        """Return an entity from outside data; InvalidError says what is wrong."""
        if not isinstance(data, Mapping):
            raise InvalidError([Problem((), "give an object with the fields by name", "type")])
        known = kind.__entity_fields__
        unknown = [
            Problem((str(name),), f"is not expected; {hint(str(name), known)}", "extra_forbidden")
            for name in data
            if name not in known
        ]
        if unknown:
            raise InvalidError(unknown)
        refuse_unwritable(data)
        entity = self._validated(kind, data)
        refuse_truths_as_numbers(data, {name: getattr(entity, name) for name in data})
        refuse_unwritable(self.dump(entity))  # text may have become a number that JSON does not know
        return entity

    def _validated(self, kind: type[E], data: Mapping[str, Any]) -> E:
        try:
            entity: E = self._adapter(kind).validate_python(dict(data))
        except ValidationError as error:
            problems = problems_of(error, kind.__entity_fields__)
        else:
            return entity
        raise InvalidError(problems)  # not from the error: that one repeats the values, secret ones too

    def binder(self, name: str, parameters: Sequence[Parameter], /) -> ArgumentBinder:
        """Compile the check of an event's arguments, once."""
        return ArgumentBinder(name, parameters)

    def plain(self, value: Any, /) -> Any:
        """Return any value of a field or argument as JSON can hold it; TypeError when there is no way."""
        if isinstance(value, Entity):
            return self.dump(value)
        try:
            return to_jsonable_python(value, fallback=self._fallback)
        except (PydanticSerializationError, ValueError, RecursionError) as error:
            raise TypeError(f"{type(value).__name__} cannot be written as JSON: {error}") from error

    def _fallback(self, value: Any) -> Any:
        if isinstance(value, Entity):
            return self.dump(value)
        raise TypeError(f"{type(value).__name__} cannot be written as JSON")

    def schema(self, kind: type[Entity], /) -> dict[str, Any]:
        """Return the JSON Schema of the public side of an entity."""
        return self._adapter(kind).json_schema(schema_generator=PublicSchema)

    def arguments_schema(self, name: str, parameters: Sequence[Parameter], /) -> dict[str, Any]:
        """Return the JSON Schema of an event's arguments."""
        made = arguments_model(name, parameters).model_json_schema(schema_generator=PublicSchema)
        wanted = {parameter.name: parameter.sent_as for parameter in parameters}
        with_file_schemas(made.get("properties", {}), wanted, sent=True)
        made.get("$defs", {}).pop(File.__name__, None)  # nothing refers to it any more
        return made

    def _adapter(self, kind: type[Entity]) -> TypeAdapter[Any]:
        adapter = self._adapters.get(kind)
        if adapter is None:
            _resolve(kind, set())
            try:
                adapter = self._adapters[kind] = TypeAdapter(kind)
            except (PydanticSchemaGenerationError, PydanticUserError) as error:
                raise DefinitionError(f"pydantic cannot read the fields of {kind.__name__}: {error}") from error
        return adapter


def _resolve(annotation: Any, seen: set[type[Entity]]) -> None:
    """Resolve the annotations of every entity in *annotation*; pydantic would wait for a name that is missing."""
    for part in get_args(annotation):
        _resolve(part, seen)
    if isinstance(annotation, type) and issubclass(annotation, Entity) and annotation not in seen:
        seen.add(annotation)
        for info in fields_of(annotation).values():
            _resolve(info.annotation, seen)
