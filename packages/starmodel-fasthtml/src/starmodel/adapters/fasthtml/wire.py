"""The only place where values become text for the browser: stream frames and literals inside Datastar attributes.

One encoder because every encoder is a way in: a stray line break forges a stream field, and Datastar rewrites
``@word(`` and ``$name`` even inside JavaScript strings.  Frames follow the WHATWG definition of ``text/event-stream``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Final

from starmodel.core.errors import StarModelError

__all__ = [
    "SilentAttributeError",
    "WireError",
    "WireNameError",
    "WireValueError",
    "check_attributes",
    "comment_frame",
    "elements_frame",
    "event_frame",
    "js",
    "signals_frame",
]

_MODES: Final = frozenset({"outer", "inner", "replace", "prepend", "append", "before", "after", "remove"})
_MODES_BY_ID: Final = frozenset({"outer", "replace"})
_LARGEST_INTEGER: Final = 2**53 - 1
_LINE_BREAK: Final = re.compile(r"\r\n|\n|\r")  # never splitlines(): U+0085 and U+2028 are text
_FORBIDDEN_IN_FIELD: Final = re.compile(r"[\r\n\0]")
_SIGNAL_NAME: Final = re.compile(r"(?!\w*__)[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_LONG_NUMBER: Final = re.compile(r"\d{16}")
# A quote and a backslash leave the string too, so that even a naive tokenizer sees where a literal ends.
# The two pictures begin and end Datastar's own escape marker; U+2028 and U+2029 once ended a line of JavaScript.
_UNSAFE_IN_EXPRESSION: Final = re.compile(r"\\\\|\\\"|[@$<>&'`;\u2028\u2029\U0001f595\U0001f680]")
_SILENT: Final = re.compile(
    r"data-(?!on-(?:intersect|interval|signal-patch|signal-patch-filter)(?:__|$))"
    r"(on|bind|signals|class|attr|computed|style|indicator|ref)-(.+)"
)
_encode: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


class WireError(StarModelError, ValueError):
    """Something cannot be put on the wire to the browser as it is."""

    code = "wire"


class WireNameError(WireError):
    """A name, id or selector would break the stream or be misread by Datastar."""

    def __init__(self, what: str, value: object, rule: str) -> None:
        self.what, self.value, self.rule = what, value, rule
        super().__init__(f"{what} {value!r} cannot be sent; use {rule}")


class WireValueError(WireError):
    """A value has no exact form in the browser."""

    def __init__(self, where: str, why: str, advice: str) -> None:
        self.where, self.why, self.advice = where, why, advice
        super().__init__(f"{where} {why}; {advice}")


class SilentAttributeError(WireError):
    """Attributes are written in a way that Datastar 1 ignores without a word."""

    def __init__(self, wrong: Mapping[str, str]) -> None:
        self.wrong = dict(wrong)
        pairs = ", ".join(f"{right!r} instead of {name!r}" for name, right in self.wrong.items())
        super().__init__(f"Datastar would silently ignore an attribute; write {pairs}")


def elements_frame(
    html: str, *, selector: str | None = None, mode: str = "outer", event_id: str | None = None
) -> bytes:
    """Encode a patch of elements; without *selector* each element goes where its own id is."""
    lines = html if "\n" not in html and "\r" not in html else "\ndata: elements ".join(_LINE_BREAK.split(html))
    fields = "" if selector is None and mode == "outer" else _target(selector, mode)
    start = "" if event_id is None else _id(event_id)
    return _bytes(f"{start}event: datastar-patch-elements\n{fields}data: elements {lines}\n\n")


def signals_frame(values: Mapping[str, object], *, only_if_missing: bool = False, event_id: str | None = None) -> bytes:
    """Encode a patch of signals; names are ``[A-Za-z_][A-Za-z0-9_]*`` without ``__``, and ``None`` is refused."""
    _check_signals(values, "")
    start = "" if event_id is None else _id(event_id)
    missing = "data: onlyIfMissing true\n" if only_if_missing else ""
    return _bytes(f"{start}event: datastar-patch-signals\n{missing}data: signals {_json(values, 'the signals')}\n\n")


def event_frame(name: str, data: object, *, event_id: str | None = None) -> bytes:
    """Encode an event of our own, its data as one line of JSON."""
    start = "" if event_id is None else _id(event_id)
    return _bytes(f"{start}event: {_field('event name', name)}\ndata: {_json(data, f'event {name!r}')}\n\n")


def comment_frame(text: str = "") -> bytes:
    """Encode a comment, which keeps a connection awake and which no client sees."""
    return _bytes("".join(f": {line}\n" for line in _LINE_BREAK.split(text)) + "\n")


def js(value: object) -> str:
    """Return a JSON-like literal that means *value* anywhere in a Datastar expression.

    It holds none of ``@ $ < > & ' ` ;`` and no backslash but those of its own escapes, so Datastar's rewriting cannot
    change it, nor an HTML attribute in either kind of quotes once the attribute is escaped, as FastHTML does.
    """
    literal = _UNSAFE_IN_EXPRESSION.sub(_escape, _json(value, "the value"))
    # As a plain key it would set the prototype of the object instead of a property.
    return literal.replace('"__proto__":', '["__proto__"]:')


def check_attributes(names: Iterable[str]) -> None:
    """Refuse ``data-on-click`` and its like: since Datastar 1 a colon stands between plugin and key."""
    wrong = {name: f"data-{found[1]}:{found[2]}" for name in names if (found := _SILENT.fullmatch(name))}
    if wrong:
        raise SilentAttributeError(wrong)


def _target(selector: str | None, mode: str) -> str:
    if mode not in _MODES:
        raise WireNameError("patch mode", mode, f"one of {', '.join(sorted(_MODES))}")
    if selector is None and mode not in _MODES_BY_ID:
        raise WireNameError("patch mode", mode, "it together with a selector, or the mode 'outer'")
    place = "" if selector is None else f"data: selector {_field('selector', selector)}\n"
    return place if mode == "outer" else f"{place}data: mode {mode}\n"


def _id(event_id: str) -> str:
    return f"id: {_field('event id', event_id)}\n"


def _field(what: str, text: str) -> str:
    if _FORBIDDEN_IN_FIELD.search(text):
        raise WireNameError(what, text, "text without line breaks and NUL characters")
    return text


def _bytes(frame: str) -> bytes:
    try:
        return frame.encode()
    except UnicodeEncodeError as error:
        raise _lone_surrogate("the frame") from error


def _lone_surrogate(where: str) -> WireValueError:
    return WireValueError(where, "holds half a character (a lone surrogate)", "clean the text where it comes in")


def _json(value: object, where: str) -> str:
    try:
        text = _encode(value)
        if not text.isascii():
            text.encode()
    except UnicodeEncodeError as error:
        raise _lone_surrogate(where) from error
    except (TypeError, ValueError, RecursionError) as error:
        raise WireValueError(where, f"cannot be written as JSON ({error})", "send plain finite values") from error
    if _LONG_NUMBER.search(text):
        _refuse_long_integers(value, where)
    return text


def _refuse_long_integers(value: object, where: str) -> None:
    if isinstance(value, int) and abs(value) > _LARGEST_INTEGER:
        raise WireValueError(f"{where}: {value}", "is too large for the numbers of a browser", "send it as text")
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ()
    for item in inner:
        _refuse_long_integers(item, where)


def _check_signals(value: object, path: str) -> None:
    if isinstance(value, Mapping):
        for name, item in value.items():
            if not isinstance(name, str) or not _SIGNAL_NAME.fullmatch(name):
                raise WireNameError("signal name", name, "letters, digits and single underscores, not a digit first")
            _check_signals(item, f"{path}.{name}" if path else name)
    elif isinstance(value, (list, tuple)):
        for place, item in enumerate(value):
            _check_signals(item, f"{path}.{place}")
    elif value is None:
        name = path.rpartition(".")[2]
        raise WireValueError(
            f"signal {path}", "is None, which deletes a signal in the browser", f'send "" instead, or a flag has_{name}'
        )


def _escape(found: re.Match[str]) -> str:
    char = found[0][-1]  # of an escaped quote or backslash, the character itself
    code = ord(char)
    return f"\\u{code:04x}" if code <= 0xFFFF else "\\u{:04x}\\u{:04x}".format(*_surrogates(code))


def _surrogates(code: int) -> tuple[int, int]:
    return 0xD800 + ((code - 0x10000) >> 10), 0xDC00 + (code & 0x3FF)
