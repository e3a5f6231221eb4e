"""What JSON or UTF-8 cannot hold is refused at the door: one poisoned value would break every page that shows it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from starmodel.core.errors import InvalidError, Problem

__all__ = ["refuse_unsound"]

_HARMLESS = frozenset({bool, int, type(None)})
_PARTS = (list, tuple, set, frozenset)


def refuse_unsound(values: Mapping[str, Any]) -> None:
    """Raise InvalidError for each value that holds a number that is none, half a character, or endless nesting."""
    problems = [
        Problem((name,), "holds what cannot be stored or shown, or is nested too deeply", "unsound")
        for name, value in values.items()
        if type(value) not in _HARMLESS and not _is_shallow_and_sound(value)
    ]
    if problems:
        raise InvalidError(problems)


def _is_shallow_and_sound(value: Any) -> bool:
    try:
        return _is_sound(value)
    except RecursionError:
        return False


def _is_sound(value: Any) -> bool:
    if isinstance(value, str):
        return value.isascii() or _is_whole(value)
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Mapping):
        return all(map(_is_sound, value)) and all(map(_is_sound, value.values()))
    if isinstance(value, _PARTS):
        return all(map(_is_sound, value))
    if dataclasses.is_dataclass(value):
        return all(_is_sound(getattr(value, field.name)) for field in dataclasses.fields(value))
    return True


def _is_whole(text: str) -> bool:
    """Tell whether *text* holds no lone surrogate, the half of a character that JSON lets through."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
