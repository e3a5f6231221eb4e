"""What a list can be asked, as parameters of an OpenAPI document: the grammar of addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starmodel.app import MAX_PAGE
from starmodel.app.short_forms import WORDS
from starmodel.core.conditions import only_type
from starmodel.core.entity import fields_of
from starmodel.core.files import file_fields
from starmodel.core.query import text_fields

from .pieces import query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starmodel.core.entity import Entity

__all__ = ["RESERVED", "chosen_fields", "questions"]

_OPERATORS = {
    "boolean": ("ne", "isnull"),
    "string": ("contains", "startswith", "in", "ne", "lt", "le", "gt", "ge", "isnull"),
    "other": ("lt", "le", "gt", "ge", "in", "ne", "isnull"),
}
RESERVED = ("count", "fields")
"""What a list takes beside the grammar of addresses."""

_WORDS = (*WORDS, *RESERVED)
"""Parameters of a list that a field of the same name is hidden by; it is asked for as ``limit.eq``."""


def questions(kind: type[Entity], properties: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the parameters of a list of *kind*; *properties* are the schemas of its fields, by name."""
    words = [query("q", "Words that must all occur.", {"type": "string"})] if text_fields(kind) else []
    files = file_fields(kind)
    asked = {name: schema for name, schema in properties.items() if name not in files}
    return [
        *words,
        *(_test(kind, name, schema) for name, schema in asked.items()),
        query("sort", f'Fields, "-" before one for descending: {", ".join(asked)}.', {"type": "string"}),
        query("limit", "How many.", {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": 20}),
        query("after", "The cursor in next of the page before.", {"type": "string"}),
        query(
            "where",
            'Any condition as JSON: {"or": [{"id": "a"}, {"id": {"ne": "b"}}]}.',
            {"type": "string"},
        ),
        query("count", "Count, too.", {"type": "boolean"}),
        chosen_fields(properties),
    ]


def _test(kind: type[Entity], name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameter that tests one field, and say which others do."""
    kinds = {one.get("type") for one in (schema, *schema.get("anyOf", []))}
    if "array" in kinds:
        return query(f"{name}.contains", f"Holds this. Also: {name}.isnull.", {"type": "string"})
    is_text = only_type(fields_of(kind)[name].annotation) is str
    others = _OPERATORS["boolean" if "boolean" in kinds else "string" if is_text else "other"]
    named = ", ".join(f"{name}.{operator}" for operator in others)
    own = f"{name}.eq" if name in _WORDS else name
    return query(own, f"Is this; given twice or more, any of these. Also: {named}.", {"type": "string"})


def chosen_fields(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameter that says which fields an answer has."""
    named = "|".join(properties)
    schema = {"type": "string", "pattern": f"^(({named})(,({named}))*)?$"}
    return query("fields", "Only these fields, separated by commas.", schema)
