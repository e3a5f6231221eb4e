"""Whether a field is asked for: some are only while a condition on the others holds."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from starmodel.core.query import matches

if TYPE_CHECKING:
    from starmodel.core.entity import Entity

__all__ = ["holds"]


def holds(when: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Tell whether the condition *when* holds for *values* by name; one that asks for another name does."""
    stand_in = cast("Entity", SimpleNamespace(**{name: _bare(value) for name, value in values.items()}))
    try:
        return matches(_bare(when), stand_in)
    except AttributeError:
        return True


def _bare(value: Any) -> Any:
    """Return *value* with the values of enums in place of their members, as they are written in conditions."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {key: _bare(part) for key, part in value.items()}
    return [_bare(part) for part in value] if isinstance(value, list | tuple) else value
