"""JSON Schemas of a codec, put where an OpenAPI document keeps them, with examples made from them."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

__all__ = ["Schemas", "example_of"]

_RULES = frozenset({"const", "default", "enum", "example", "examples", "format", "pattern"})
_PREFIX = "#/components/schemas/"
_FORMATS = {
    "date": "2030-01-31",
    "date-time": "2030-01-31T12:00:00Z",
    "time": "12:00:00",
    "duration": "PT1H",
    "uuid": "123e4567-e89b-42d3-a456-426614174000",
    "email": "ada@example.org",
    "uri": "https://example.org/",
    "decimal": "1.00",
}


_NAMED = {"id": "8b95494c1642bc42", "email": "ada@example.org", "name": "Ada", "url": "https://example.org/"}
"""What a text without a format is probably like, by the last word of its name."""


class Schemas:
    """The schemas of one document by name."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}

    def add(self, name: str, schema: dict[str, Any]) -> dict[str, Any]:
        """Keep *schema* as *name*, with what it defines inside beside it; return the reference to it."""
        own = deepcopy(schema)
        inner = own.pop("$defs", {})
        names = {f"#/$defs/{key}": f"{_PREFIX}{name}.{key}" for key in inner}
        self.found[name] = _renamed(own, names)
        for key, definition in inner.items():
            self.found[f"{name}.{key}"] = _renamed(definition, names)
        return {"$ref": f"{_PREFIX}{name}"}

    def properties(self, name: str) -> dict[str, Any]:
        """Return the properties of the object *name*, also of one that only refers to another."""
        schema = self.found[name]
        if "$ref" in schema:
            return self.properties(schema["$ref"].removeprefix(_PREFIX))
        found: dict[str, Any] = schema.get("properties", {})
        return found

    def example(self, name: str) -> Any:
        """Return an example of *name*."""
        return example_of(self.found[name], self.found)


def _renamed(value: Any, names: dict[str, str]) -> Any:
    """Return a part of a schema with its references renamed."""
    if isinstance(value, dict):
        return {
            key: names.get(item, item) if key == "$ref" and isinstance(item, str) else _renamed(item, names)
            for key, item in value.items()
        }
    return [_renamed(item, names) for item in value] if isinstance(value, list) else value


def example_of(schema: Any, known: dict[str, Any], depth: int = 0) -> Any:  # noqa: PLR0911  (one for each keyword)
    """Return a value that fits *schema* and shows what is meant; *known* are the schemas it may refer to."""
    if not isinstance(schema, dict) or depth > 6:
        return None
    for key in ("example", "default", "const"):
        if key in schema:
            return schema[key]
    if schema.get("examples"):
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    if "$ref" in schema:
        return example_of(known.get(schema["$ref"].removeprefix(_PREFIX), {}), known, depth + 1)
    for key in ("allOf", "anyOf", "oneOf"):
        if schema.get(key):
            return example_of(schema[key][0], known, depth + 1)
    return _of_type(schema, known, depth)


def _of_type(schema: dict[str, Any], known: dict[str, Any], depth: int) -> Any:
    match schema.get("type"):
        case "object":
            properties = schema.get("properties", {})
            return {name: _part(name, inner, known, depth + 1) for name, inner in properties.items()}
        case "array":
            parts = schema.get("prefixItems") or [schema.get("items", {})] * schema.get("minItems", 0)
            return [example_of(part, known, depth + 1) for part in parts]
        case "integer" | "number":
            return _number(schema)
        case "boolean":
            return True
        case "string":
            return _text(schema)
    return None


def _part(name: str, schema: Any, known: dict[str, Any], depth: int) -> Any:
    """Return an example of the part *name* of an object; a text without any rule is one that its name lets expect."""
    if not isinstance(schema, dict) or schema.get("type") != "string" or not _RULES.isdisjoint(schema):
        return example_of(schema, known, depth)
    return _fitting(_NAMED.get(name.rpartition("_")[2]) or name.replace("_", " ").capitalize(), schema)


def _number(schema: dict[str, Any]) -> Any:
    lowest = schema.get("minimum", schema.get("exclusiveMinimum"))
    if lowest is not None:
        return lowest + 1 if "minimum" not in schema else lowest
    highest = schema.get("maximum", schema.get("exclusiveMaximum"))
    return min(1, highest - 1) if highest is not None else 1


def _text(schema: dict[str, Any]) -> str:
    return _fitting(_FORMATS.get(schema.get("format", ""), "1.00" if "pattern" in schema else "text"), schema)


def _fitting(text: str, schema: Any) -> str:
    text += "x" * max(0, int(schema.get("minLength", 0)) - len(text))
    return text[: int(schema.get("maxLength", len(text)))]
