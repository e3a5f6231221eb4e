"""What is typed into the fields of a page, and what a form then sends, as a browser encodes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias
from urllib.parse import urlencode

from .errors import NothingToDoError, PartNotFoundError
from .parts import attribute, flat

if TYPE_CHECKING:
    from bs4.element import Tag

    from .document import Document

__all__ = ["Filled", "Value"]

Value: TypeAlias = str | bool | Sequence[str]
"""What a field is given: a text, whether a box is ticked, or the words of several options."""

_BUTTONS: Final = {"submit", "button", "image", "reset", "file"}


class Filled:
    """What somebody has typed into the fields of one page, and is not in its HTML."""

    def __init__(self) -> None:
        self._values: dict[str, Value] = {}

    def fill(self, control: Tag, value: Value) -> None:
        """Type into a field; an error for a value that nobody could give it."""
        kind = attribute(control, "type")
        if kind == "file" or attribute(control, "disabled") is not None:
            raise NothingToDoError(attribute(control, "name") or "a field", str(control)[:200])
        if control.name == "select":
            value = [_value_of(control, word) for word in ([value] if isinstance(value, str) else _words(value))]
        elif kind == "radio":
            value = attribute(control, "value") or "on"
        self._values[_key(control)] = value

    def forget(self, controls: Sequence[Tag] | None = None) -> None:
        """Empty these fields, or all of them."""
        for key in list(self._values) if controls is None else map(_key, controls):
            self._values.pop(key, None)

    def encoded(self, page: Document, form: Tag, submitter: Tag | None, *, key: bool = False) -> str:
        """Return what a form sends; its *key*, for pages without scripts, only when asked for."""
        pairs = [pair for control in page.controls_of(form) for pair in self._pairs(control, submitter)]
        return urlencode([(name, value) for name, value in pairs if key or name != "_key"])

    def _pairs(self, control: Tag, submitter: Tag | None) -> Iterator[tuple[str, str]]:
        name, kind = attribute(control, "name"), attribute(control, "type")
        if not name or attribute(control, "disabled") is not None:
            return
        if control.name == "button" or kind in _BUTTONS:
            values = [attribute(control, "value") or ""] if control is submitter else []
        elif kind in ("checkbox", "radio"):
            values = self._of_box(control, kind)
        elif control.name == "select":
            values = self._of_select(control)
        else:
            shown = control.get_text() if control.name == "textarea" else attribute(control, "value") or ""
            values = [str(self._values.get(_key(control), shown))]
        yield from ((name, value) for value in values)

    def _of_box(self, control: Tag, kind: str) -> list[str]:
        own, value = attribute(control, "value"), self._values.get(_key(control))
        is_on = attribute(control, "checked") is not None if value is None else value in (True, own)
        if is_on:
            return ["true" if own is None else own]
        return ["false"] if kind == "checkbox" and own is None else []

    def _of_select(self, control: Tag) -> list[str]:
        value = self._values.get(_key(control))
        if value is not None:
            return list(_words(value))
        options = control.find_all("option")
        marked = [option for option in options if attribute(option, "selected") is not None]
        several = attribute(control, "multiple") is not None
        return [_sent(option) for option in (marked if marked or several else options[:1])]


def _key(control: Tag) -> str:
    """Return what a field is known by: the buttons of a group by the name that they share."""
    name = attribute(control, "name") or ""
    return name if attribute(control, "type") == "radio" else attribute(control, "id") or name


def _value_of(select: Tag, word: str) -> str:
    """Return what an option of this word sends; PartNotFoundError when there is none."""
    options = {flat(option.get_text()): _sent(option) for option in select.find_all("option")}
    if word not in options and word not in options.values():
        raise PartNotFoundError("option", word, options)
    return options.get(word, word)


def _sent(option: Tag) -> str:
    value = attribute(option, "value")
    return option.get_text() if value is None else value


def _words(value: Value) -> Sequence[str]:
    if isinstance(value, bool):
        raise TypeError("an option is chosen by its word, or several by a list of them, not by True or False")
    return [value] if isinstance(value, str) else value
