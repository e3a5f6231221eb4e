"""Bodies of HTTP: what comes in, before any codec looks at it, holds nothing impossible; what goes out is JSON."""

from __future__ import annotations

import json
import math
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from starmodel.core.errors import InvalidError, Problem, StarModelError
from starmodel.core.files import size_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from .catalog import Handler

__all__ = [
    "BodyTooLargeError",
    "UnsupportedMediaError",
    "by_name",
    "json_bytes",
    "lists_of",
    "object_in",
    "refuse_impossible",
    "with_lists",
]

MAX_DEPTH = 32

_HOLDERS = (dict, list)
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


class BodyTooLargeError(StarModelError):
    """A request body ran over the limit, in bytes, while it was being read."""

    code = "too_large"

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(
            f"What was sent is larger than {size_text(limit)}, which is the most that this address takes; send less."
        )


class UnsupportedMediaError(StarModelError):
    """A body came in a form that no event takes."""

    code = "media_type"

    def __init__(self, media: str, taken: str = "application/json or as a form") -> None:
        self.media = media
        super().__init__(f"send the arguments as {taken}, not as {media[:100] or 'nothing'!r}")


def by_name(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return values by name; a name that comes several times has a list."""
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name not in values:
            values[name] = value
        elif isinstance(values[name], list):
            values[name].append(value)
        else:
            values[name] = [values[name], value]
    return values


def with_lists(values: dict[str, Any], lists: Collection[str]) -> dict[str, Any]:
    """Return *values* with a list for each of *lists*, and one value for every other name.

    Of several the last one counts: a hidden field before a checkbox says what no tick means.
    """
    for name, value in values.items():
        if name in lists:
            values[name] = [value] if isinstance(value, str) and value else value
        elif isinstance(value, list):
            values[name] = value[-1]
    return values


def lists_of(handler: Handler) -> frozenset[str]:
    """Return the arguments that hold several values: text names each of them, also when there is but one."""
    return frozenset(parameter.name for parameter in handler.parameters if _is_list(parameter.annotation))


def _is_list(annotation: Any) -> bool:
    origin = get_origin(annotation) or annotation
    if origin in (Annotated, Union, UnionType):
        return any(_is_list(part) for part in get_args(annotation))
    return isinstance(origin, type) and issubclass(origin, list | tuple | set | frozenset)


def object_in(body: bytes) -> dict[str, Any]:
    """Return the JSON object in *body*, an empty one for none; InvalidError for what is no object or nothing can hold.

    No value is repeated in the refusal.
    """
    if not body:
        return {}
    try:
        data = _decode(body.decode(_encoding(body), "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise InvalidError([Problem((), _what_is_wrong(error), "json")]) from None
    if not isinstance(data, dict):
        raise InvalidError([Problem((), "the body must be a JSON object with the arguments by name", "json")])
    refuse_impossible(data)
    return data


class _NamedTwiceError(ValueError):
    pass


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _NamedTwiceError
    return found


_decode = json.JSONDecoder(object_pairs_hook=_once).decode


def _what_is_wrong(error: Exception) -> str:
    """Return what to tell of a body that could not be read, in words that mean something to whoever sent it."""
    match error:
        case _NamedTwiceError():
            return "a name occurs twice in the body; send each once, with a list for several values"
        case RecursionError():
            return "the body is not JSON: nested too deeply"
        case UnicodeDecodeError():
            return "the body is not JSON: it is not written in UTF-8"
        case json.JSONDecodeError():
            return f"the body is not JSON: {error}"
        case _:  # what int() says of a text that would take it too long
            return "a number in the body has too many digits; send it as text"


def _encoding(body: bytes) -> str:
    """Return what :func:`json.detect_encoding` does, in the usual case without looking at it from every side."""
    return "utf-8" if body[:1] == b"{" and body[1:2] != b"\0" else json.detect_encoding(body)


def refuse_impossible(values: dict[str, Any] | list[Any], levels: int = MAX_DEPTH) -> None:
    """Raise InvalidError for what Python reads and neither JSON nor a page can hold; no value is repeated in it."""
    if levels == 0:
        raise InvalidError([Problem((), f"the body is nested more than {MAX_DEPTH} levels deep", "depth")])
    for value in (*values, *values.values()) if isinstance(values, dict) else values:
        if isinstance(value, str):
            if not value.isascii():
                _refuse_half_characters(value)
        elif isinstance(value, _HOLDERS):
            refuse_impossible(value, levels - 1)
        elif isinstance(value, float) and not math.isfinite(value):
            raise InvalidError([Problem((), "NaN and infinite numbers cannot be sent", "finite")])


def _refuse_half_characters(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidError([Problem((), "a text holds half a character (a lone surrogate)", "unicode")]) from None


def json_bytes(data: Any) -> bytes:
    """Return *data* as JSON; a number that JSON cannot hold becomes ``null``, as in a browser."""
    try:
        text = _encode(data)
    except ValueError:
        text = _encode(_finite(data))
    return text.encode("utf-8", "backslashreplace")


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list | tuple) else value
