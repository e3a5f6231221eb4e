"""Values as JSON and back: what JSON does not know becomes an object with one key, the name of its type."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from pkgutil import resolve_name
from typing import Any
from uuid import UUID

from starmodel.core import Entity

__all__ = ["from_json", "to_json"]

_TEXTS: dict[str, Any] = {kind.__name__: kind for kind in (Decimal, UUID)}
_TIMES: dict[str, Any] = {kind.__name__: kind for kind in (date, datetime, time)}


def to_json(value: Any) -> Any:  # noqa: PLR0911  (one line for each kind of value)
    """Return *value* as JSON can hold it, with its types."""
    kind = type(value)
    if value is None or kind in (str, int, float, bool):
        return value
    if isinstance(value, Enum):
        return {"Enum": [_name_of(kind), to_json(value.value)]}
    if dataclasses.is_dataclass(value):
        names = kind.__entity_fields__ if isinstance(value, Entity) else [one.name for one in dataclasses.fields(value)]
        return {"object": [_name_of(kind), {name: to_json(getattr(value, name)) for name in names}]}
    if isinstance(value, dict):
        return {"dict": [[to_json(key), to_json(item)] for key, item in value.items()]}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {"named": [_name_of(kind), *map(to_json, value)]}
    if isinstance(value, list):
        return [to_json(item) for item in value]
    if isinstance(value, tuple | set):
        return {"tuple" if isinstance(value, tuple) else "set": [to_json(item) for item in value]}
    if kind.__name__ in _TEXTS or kind.__name__ in _TIMES:
        return {kind.__name__: str(value) if kind.__name__ in _TEXTS else value.isoformat()}
    raise TypeError(f"jsonfile cannot keep a {kind.__name__}; use a field of a simpler type")


def from_json(data: Any) -> Any:  # noqa: PLR0911  (as above)
    """Return the value that :func:`to_json` made *data* of."""
    if isinstance(data, list):
        return [from_json(item) for item in data]
    if not isinstance(data, dict):
        return data
    [(tag, content)] = data.items()
    if tag in _TEXTS:
        return _TEXTS[tag](content)
    if tag in _TIMES:
        return _TIMES[tag].fromisoformat(content)
    if tag == "dict":
        return {from_json(key): from_json(item) for key, item in content}
    if tag in ("tuple", "set"):
        return (tuple if tag == "tuple" else set)(map(from_json, content))
    kind, *rest = resolve_name(content[0]), *content[1:]
    if tag == "object":
        known = {one.name for one in dataclasses.fields(kind)}
        return kind(**{name: from_json(item) for name, item in rest[0].items() if name in known})
    return kind(*map(from_json, rest))


def _name_of(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"
