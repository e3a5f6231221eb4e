"""What the blank fields of a form mean, by the type of what they stand for: one rule for every codec."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import NoneType
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from .annotations import field_hints, members_of
from .relations import references_in

if TYPE_CHECKING:
    from .parameters import Parameter

__all__ = ["is_blank", "without_blanks"]

_NOT_GIVEN = object()
_LISTS = (list, tuple, set, frozenset)
_DEPTH = 32  # no form goes deeper, and what comes from outside may be nested without end


def without_blanks(args: Mapping[str, Any], parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    """Return the values of a form as they are meant; names that are no parameter stay as they are.

    A blank text is itself where text is a value, else ``None`` where that is one, and else not given.  The same holds
    for each part of a value that has parts; one with nothing in any of them is ``None`` where that is a value.  No id
    is blank.
    """
    kept: dict[str, Any] = {}
    for name, value in args.items():
        parameter = parameters.get(name)
        meant = value if parameter is None else _meant(parameter.sent_as, value, is_id=parameter.reference is not None)
        if meant is not _NOT_GIVEN:
            kept[name] = meant
    return kept


def is_blank(value: Any) -> bool:
    """Tell whether nothing was filled in: no text, or parts that are all blank."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Mapping):
            waiting += part.values()
        elif part is not None and part != "":
            return False
    return True


def _meant(annotation: Any, value: Any, *, is_id: bool = False, levels: int = _DEPTH) -> Any:
    allowed = members_of(annotation)
    if value == "":
        if (str in allowed or Any in allowed) and not is_id and not references_in(annotation):
            return value
        return None if NoneType in allowed else _NOT_GIVEN
    if levels == 0:
        return value
    if isinstance(value, Mapping):
        return _meant_parts(allowed, value, levels)
    if isinstance(value, list):
        part = next((get_args(kind)[0] for kind in allowed if get_origin(kind) in _LISTS and get_args(kind)), Any)
        items = [_meant(part, item, is_id=is_id, levels=levels - 1) for item in value]
        return [item for item in items if item is not _NOT_GIVEN]
    return value


def _meant_parts(allowed: tuple[Any, ...], value: Mapping[str, Any], levels: int) -> Any:
    hints: dict[str, Any] = {}
    for kind in allowed:
        hints |= _parts_of(kind)
    if not hints:
        return value
    if NoneType in allowed and is_blank(value):
        return None
    meant = {
        name: _meant(hints[name], part, levels=levels - 1) if name in hints else part for name, part in value.items()
    }
    return {name: part for name, part in meant.items() if part is not _NOT_GIVEN}


def _parts_of(kind: Any) -> dict[str, Any]:
    """Return the annotations of what a value of this kind is made of; nothing for a type without names in it."""
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return field_hints(kind, [field.name for field in dataclasses.fields(kind)])
    return get_type_hints(kind, include_extras=True) if hasattr(kind, "model_fields") else {}
