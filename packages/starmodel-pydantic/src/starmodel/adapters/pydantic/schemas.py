"""JSON Schema of the public side of entities, wherever in a schema they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema
from starmodel.core.entity import Entity, fields_of
from starmodel.core.files import with_file_schemas
from starmodel.core.showing import with_shown
from starmodel.core.visibility import Visibility

if TYPE_CHECKING:
    from pydantic_core import core_schema

    from pydantic.json_schema import JsonSchemaValue

__all__ = ["PublicSchema", "public_names"]


_PUBLIC: dict[type[Entity], set[str]] = {}


def public_names(kind: type[Entity]) -> set[str]:
    """Return the names of the fields of *kind* that are public."""
    known = _PUBLIC.get(kind)
    if known is None:
        infos = fields_of(kind).values()
        known = _PUBLIC[kind] = {info.name for info in infos if info.visibility is Visibility.PUBLIC}
    return known


class PublicSchema(GenerateJsonSchema):
    """Leaves out fields that are not public, and with them the definitions that nothing else refers to."""

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
        """Return the schema of a dataclass; of an entity its public side."""
        return _public_side(schema["cls"], super().dataclass_schema(schema))

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Return the schema of a model; of an entity that is one its public side."""
        return _public_side(schema["cls"], super().model_schema(schema))

    def encode_default(self, dft: Any) -> Any:
        """Return a default as JSON holds it; of an entity its public side."""
        return super().encode_default(with_shown(dft, self._shown))

    def _shown(self, entity: Entity) -> Any:
        return {name: self.encode_default(getattr(entity, name)) for name in sorted(public_names(type(entity)))}


def _public_side(kind: type[Any], made: JsonSchemaValue) -> JsonSchemaValue:
    if not issubclass(kind, Entity):
        return made
    public = public_names(kind)
    properties = {name: part for name, part in made.get("properties", {}).items() if name in public}
    annotations = {name: info.annotation for name, info in fields_of(kind).items()}
    made["properties"] = with_file_schemas(properties, annotations, sent=False)
    if "required" in made:
        made["required"] = [name for name in made["required"] if name in public]
    return made
