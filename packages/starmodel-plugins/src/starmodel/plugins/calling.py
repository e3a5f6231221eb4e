"""Call one plugin, and look at what it answers."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import pluggy

    from .parts import HookPart

__all__ = ["answer_at_once", "answer_of", "items_of"]


def answer_of(part: pluggy.HookImpl | HookPart, arguments: Mapping[str, object]) -> object:
    """Return what one plugin answers, or promises."""
    value: object = part.function(*(arguments[name] for name in part.argnames))
    return value


def answer_at_once(part: pluggy.HookImpl | HookPart, arguments: Mapping[str, object]) -> object:
    """Return what one plugin answers; TypeError for a promise."""
    value = answer_of(part, arguments)
    if inspect.isawaitable(value):
        if inspect.iscoroutine(value):
            value.close()
        raise TypeError("it answered an awaitable, and this hook cannot wait; answer the value itself")
    return value


def items_of(value: object) -> list[object]:
    """Return the items of an answer; text and mappings are iterable too, and surely a mistake."""
    if value is None:
        return []
    kind = type(value)
    if issubclass(kind, str | bytes | Mapping) or not issubclass(kind, Iterable):
        raise TypeError(f"the answer must be a list, not {kind.__name__}")
    return list(cast("Iterable[object]", value))
