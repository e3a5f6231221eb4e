"""What of a value may leave the server: of the entities inside it their public side, of files no key."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from .entity import Entity
from .files import File

__all__ = ["with_shown"]


def with_shown(value: Any, show: Callable[[Entity], Any]) -> Any:
    """Return *value* with what *show* makes of every entity in it, and files without their keys.

    The same object when it holds neither.
    """
    if isinstance(value, Entity):
        return show(value)
    if isinstance(value, File):
        return value.told
    parts = _parts(value)
    shown = {key: with_shown(part, show) for key, part in parts.items()}
    if all(shown[key] is part for key, part in parts.items()):
        return value
    return list(shown.values()) if isinstance(value, list | tuple | AbstractSet) else shown


def _parts(value: Any) -> Mapping[Any, Any]:
    if isinstance(value, Mapping):
        return value
    if isinstance(value, list | tuple | AbstractSet):
        return dict(enumerate(value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return {}
