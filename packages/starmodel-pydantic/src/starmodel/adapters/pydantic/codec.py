"""The codec over pydantic: it works on the entity's dataclass as it is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic_core import PydanticSerializationError, to_jsonable_python

from pydantic import PydanticSchemaGenerationError, PydanticUserError, TypeAdapter, ValidationError
from starmodel.core.entity import Entity, fields_of
from starmodel.core.errors import DefinitionError, InvalidError, Problem, hint
from starmodel.core.snapshot import plain
from starmodel.core.visibility import Visibility

from .arguments import ArgumentBinder, arguments_model
from .problems import problems_of, refuse_unwritable

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
        self._public: dict[type[Entity], set[str]] = {}

    def dump(self, entity: Entity, /, *, public: bool = False) -> dict[str, Any]:
        """Return the fields as JSON can hold them; all of them, or only the public ones."""
        snapshot = plain(entity)
        kind = type(snapshot)
        include = self._public_names(kind) if public else None
        data: dict[str, Any] = self._adapter(kind).dump_python(snapshot, mode="json", include=include)
        return data

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
        schema = dict(self._adapter(kind).json_schema())
        public = self._public_names(kind)
        schema["properties"] = {name: part for name, part in schema.get("properties", {}).items() if name in public}
        if "required" in schema:
            schema["required"] = [name for name in schema["required"] if name in public]
        return _without_unused(schema)

    def arguments_schema(self, name: str, parameters: Sequence[Parameter], /) -> dict[str, Any]:
        """Return the JSON Schema of an event's arguments."""
        return arguments_model(name, parameters).model_json_schema()

    def _adapter(self, kind: type[Entity]) -> TypeAdapter[Any]:
        adapter = self._adapters.get(kind)
        if adapter is None:
            fields_of(kind)  # says which name is missing, where pydantic would wait for it
            try:
                adapter = self._adapters[kind] = TypeAdapter(kind)
            except (PydanticSchemaGenerationError, PydanticUserError) as error:
                raise DefinitionError(f"pydantic cannot read the fields of {kind.__name__}: {error}") from error
        return adapter

    def _public_names(self, kind: type[Entity]) -> set[str]:
        names = self._public.get(kind)
        if names is None:
            infos = fields_of(kind).values()
            names = self._public[kind] = {info.name for info in infos if info.visibility is Visibility.PUBLIC}
        return names


def _without_unused(schema: dict[str, Any]) -> dict[str, Any]:
    """Return *schema* without the definitions that nothing in it refers to any more: they describe hidden fields."""
    definitions = schema.pop("$defs", {})
    used: dict[str, Any] = {}
    waiting: list[Any] = [schema]
    while waiting:
        text = json.dumps(waiting.pop())
        for name in definitions.keys() - used.keys():
            if f'"#/$defs/{name}"' in text:
                used[name] = definitions[name]
                waiting.append(definitions[name])
    return {**schema, "$defs": {name: used[name] for name in definitions if name in used}} if used else schema
