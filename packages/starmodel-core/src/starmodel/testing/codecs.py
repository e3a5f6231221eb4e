"""A codec of the standard library alone, so that domain tests need nothing else installed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_origin

from starmodel.core.annotations import field_hints, members_of
from starmodel.core.blanks import without_blanks
from starmodel.core.entity import Entity, FieldInfo, fields_of
from starmodel.core.errors import InvalidError, Problem, hint
from starmodel.core.files import with_addresses, with_file_schemas
from starmodel.core.showing import with_shown
from starmodel.core.snapshot import plain
from starmodel.core.visibility import Visibility

from .atoms import JSON_TYPES
from .conversion import Reading, converted_fields, plain_value

if TYPE_CHECKING:
    from starmodel.core.parameters import Parameter

__all__ = ["PlainBinder", "PlainCodec"]

E = TypeVar("E", bound=Entity)


class PlainCodec:
    """Checks names and types strictly, and nothing else: a constraint inside ``Annotated`` is passed over.

    It knows str, int, float, bool, None, Decimal, the types of :mod:`datetime`, UUID, Enum, Literal, dataclasses,
    entities, unions, and lists, sets, tuples and dicts of them.  For tests; an application takes a real codec.
    """

    def dump(self, entity: Entity, /, *, public: bool = False) -> dict[str, Any]:
        """Return the fields as JSON can hold them; all of them, or only the public ones."""
        snapshot = plain(entity)
        if not public:
            return {name: plain_value(getattr(snapshot, name)) for name in type(snapshot).__entity_fields__}
        kind = type(snapshot)
        shown = {name: plain_value(with_shown(getattr(snapshot, name), _shown)) for name in _public(kind)}
        return with_addresses(kind, snapshot.id, shown)

    def load(self, kind: type[E], data: Mapping[str, Any], /) -> E:
        """Return the entity that :meth:`dump` made *data* of; unknown keys are ignored: newer code wrote them."""
        return self._read(kind, data, known_only=True)

    def parse(self, kind: type[E], data: Mapping[str, Any], /) -> E:
        """Return an entity from outside data; InvalidError says what is wrong."""
        return self._read(kind, data, known_only=False)

    def _read(self, kind: type[E], data: Mapping[str, Any], *, known_only: bool) -> E:
        try:
            entity: E = converted_fields(kind, data, known_only=known_only)
        except RecursionError as error:
            raise InvalidError([Problem((), "is nested too deeply", "depth")]) from error
        for info in fields_of(kind).values():
            _refuse_unwritable(info.name, getattr(entity, info.name))
        return entity

    def binder(self, name: str, parameters: Sequence[Parameter], /) -> PlainBinder:
        """Prepare the check of an event's arguments."""
        return PlainBinder(name, parameters)

    def plain(self, value: Any, /) -> Any:
        """Return any value of a field or argument as JSON can hold it; TypeError when there is no way."""
        return plain_value(plain(value) if isinstance(value, Entity) else value)

    def schema(self, kind: type[Entity], /) -> dict[str, Any]:
        """Return the JSON Schema of the public side of an entity."""
        return _schema_of_entity(kind)

    def arguments_schema(self, name: str, parameters: Sequence[Parameter], /) -> dict[str, Any]:
        """Return the JSON Schema of an event's arguments."""
        wanted = {parameter.name: parameter.sent_as for parameter in parameters}
        made = _object(name, wanted, [parameter.name for parameter in parameters if _must_be_given(parameter)])
        with_file_schemas(made["properties"], wanted, sent=True)
        return made


class PlainBinder:
    """Checks and converts the arguments of one event."""

    def __init__(self, name: str, parameters: Sequence[Parameter]) -> None:
        self.name = name
        self._parameters = {parameter.name: parameter for parameter in parameters}

    def __call__(self, args: Mapping[str, Any], /, *, text: bool = False) -> dict[str, Any]:
        """Return typed values by name: those that were given.  The event's own defaults fill in the rest."""
        given = without_blanks(args, self._parameters) if text else dict(args)
        reading = Reading(text=text)
        bound = {}
        for name, value in given.items():
            parameter = self._parameters.get(name)
            if parameter is None:
                message = f"is not expected; {hint(str(name), self._parameters)}"
                reading.problems.append(Problem((str(name),), message, "extra_forbidden"))
            else:
                bound[name] = reading.take(parameter.sent_as, value, (name,))
        missing = [
            name for name, parameter in self._parameters.items() if name not in given and _must_be_given(parameter)
        ]
        reading.problems += [Problem((name,), "is required", "missing") for name in missing]
        reading.end()
        for name, value in bound.items():
            _refuse_unwritable(name, value)
        return bound


def _public(kind: type[Entity]) -> dict[str, FieldInfo]:
    return {name: info for name, info in fields_of(kind).items() if info.visibility is Visibility.PUBLIC}


def _shown(entity: Entity) -> dict[str, Any]:
    return PlainCodec().dump(entity, public=True)


def _refuse_unwritable(name: str, value: Any) -> None:
    """Refuse what JSON cannot hold, such as a place declared ``Any`` lets in: nothing could store or send it."""
    try:
        json.dumps(plain_value(value), allow_nan=False, ensure_ascii=False).encode()
    except (RecursionError, TypeError, ValueError) as error:
        raise InvalidError([Problem((name,), "is nested too deeply, or holds what JSON cannot", "json")]) from error


def _must_be_given(parameter: Parameter) -> bool:
    return parameter.default is None and not parameter.optional


def _object(title: str, annotations: Mapping[str, Any], required: list[str]) -> dict[str, Any]:
    properties = {name: _schema_of(annotation) for name, annotation in annotations.items()}
    schema: dict[str, Any] = {"title": title, "type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, "required": required} if required else schema


def _schema_of_entity(kind: type[Entity]) -> dict[str, Any]:
    public = _public(kind)
    required = [name for name, info in public.items() if info.default is None]
    annotations = {name: info.annotation for name, info in public.items()}
    made = _object(kind.__name__, annotations, required)
    with_file_schemas(made["properties"], annotations, sent=False)
    return made


def _schema_of(annotation: Any) -> dict[str, Any]:  # noqa: PLR0911  (one line for each kind of type)
    allowed = members_of(annotation)
    if len(allowed) > 1:
        return {"anyOf": [_schema_of(member) for member in allowed]}
    kind = allowed[0]
    origin, args = get_origin(kind) or kind, get_args(kind)
    if origin is Literal:
        return {"enum": list(args)}
    if origin in JSON_TYPES:
        return dict(JSON_TYPES[origin])
    if not isinstance(origin, type):
        return {}
    if issubclass(origin, Enum):
        return {"enum": [member.value for member in origin]}
    if issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _schema_of(args[1]) if args else {}}
    if issubclass(origin, Entity):
        return _schema_of_entity(origin)
    if dataclasses.is_dataclass(origin):
        hints = field_hints(origin, [field.name for field in dataclasses.fields(origin)])
        return _object(origin.__name__, {field.name: hints[field.name] for field in dataclasses.fields(origin)}, [])
    return {"type": "array", "items": _schema_of(args[0]) if args else {}}
