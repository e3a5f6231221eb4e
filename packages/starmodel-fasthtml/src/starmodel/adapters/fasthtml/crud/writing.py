"""Values as the controls of a form hold them, and what a form says about reading them back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, get_args, get_origin
from urllib.parse import urlencode

from starmodel.adapters.fasthtml.nesting import written_moment

if TYPE_CHECKING:
    from starmodel.core.ports import Codec

    from .fields import FieldShape
    from .words import Words

__all__ = ["hint_of", "is_json", "text_of"]

_MOST_DIGITS = 100


def is_json(shape: FieldShape, value: Any) -> bool:
    """Tell whether a value has no control of its own and is written as JSON."""
    kind = shape.kind
    origin = get_origin(kind) or kind
    if origin is tuple:
        return Ellipsis not in get_args(kind)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return True
    if shape.item is not None:
        return is_json(shape.item, None)
    return not shape.members and isinstance(value, dict | list)


def text_of(value: Any, shape: FieldShape, words: Words, codec: Codec) -> str:  # noqa: PLR0911  (a line for each kind)
    """Return *value* as the text that its control shows; a moment in the time zone of whoever reads it."""
    if is_json(shape, value):
        return "" if value is None else json.dumps(codec.plain(value), ensure_ascii=False, indent=2)
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Enum():
            return str(value.value)
        case datetime():
            return written_moment(words.local(value))
        case time():
            return written_moment(value)
        case date():
            return value.isoformat()
        case Decimal():
            return format(value, "f") if value.is_finite() and abs(value.adjusted()) < _MOST_DIGITS else str(value)
        case str():
            return value.replace("\r\n", "\n").replace("\r", "\n")
        case _:
            return str(codec.plain(value))


def hint_of(value: Any, shape: FieldShape, words: Words, codec: Codec, *, is_change: bool) -> str:
    """Return what a form says of a field besides its text, ``""`` for nothing; *value* is what is kept there.

    *is_change* is true for what an entity holds already: a blank then is no default.
    """
    hint: dict[str, str] = {}
    blank = _blank(shape, is_change=is_change)
    if blank:
        hint["blank"] = blank
    if is_json(shape, value):
        hint["json"] = "1"
    elif not shape.secret:
        hint |= _exact(value, shape, words, codec)
    return urlencode(hint)


def _blank(shape: FieldShape, *, is_change: bool) -> str:
    if shape.secret:
        return "skip"
    if shape.optional:
        return "none"
    is_text = shape.kind is str or shape.kind is None or shape.kind is Any
    if is_change:
        return "refuse" if shape.required or not (is_text or shape.kind is bool) else ""
    return "skip" if shape.required and is_text else ""


def _exact(value: Any, shape: FieldShape, words: Words, codec: Codec) -> dict[str, str]:
    """Return what brings back the very value that a text was made from, where it says less."""
    zone = {"zone": words.zone} if shape.kind is datetime and _has_zone(value) else {}
    if isinstance(value, datetime | time):
        return {**zone, "was": value.isoformat(), "text": text_of(value, shape, words, codec)}
    if isinstance(value, str) and "\r" in value:
        return {"was": value, "text": text_of(value, shape, words, codec)}
    return zone


def _has_zone(value: Any) -> bool:
    return not isinstance(value, datetime) or value.tzinfo is not None
