"""What a click sends: read from the very attributes by which the page's own script knows it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from .parts import attribute

if TYPE_CHECKING:
    from bs4.element import Tag

    from .document import Document

__all__ = ["Sending", "Typed", "fields_of", "sending_of", "typed_sending"]

_OPENED = "@send("
_READ: Final = json.JSONDecoder().raw_decode
_CONFIRM: Final = re.compile(r'confirm: (?=")')
_LIVE_VALUE: Final = re.compile(r'\{("(?:[^"\\]|\\.)*"): el\.type')
_NOT_SENT: Final = {"submit", "button", "image", "reset", "file"}

Typed = Mapping[str, str | bool]
"""What was typed into the fields of a page and is not in its HTML, by id or name."""


@dataclass(frozen=True, slots=True)
class Sending:
    """A command that an element sends: where, with which arguments, and what is asked before.

    *arguments* are ``None`` for a form that sends its fields alone.  *base* is the version that the form shows.
    """

    url: str
    arguments: Mapping[str, Any] | None
    question: str = ""
    form: Tag | None = None
    base: str | None = None


def sending_of(page: Document, element: Tag) -> Sending | None:
    """Return what a click on *element* sends as a command; ``None`` when it does something else."""
    for name in ("data-on:click__prevent", "data-on:click"):
        said = attribute(element, name)
        if said is not None and said.startswith(_OPENED):
            return _said(said)
    if attribute(element, "data-sm-send") is not None:
        field = attribute(element, "name")
        given = {field: attribute(element, "value") or ""} if field else {}
        return Sending(attribute(element, "formaction") or "", given, attribute(element, "data-confirm") or "")
    form = page.form_of(element)
    said = None if form is None or not _submits(element) else attribute(form, "data-on:submit")
    if form is None or said is None or not said.startswith(_OPENED):
        return None
    return _said(said, form, attribute(form, "data-base"))


def typed_sending(element: Tag, value: str | bool) -> Sending | None:  # noqa: FBT001  (what a box holds)
    """Return what typing *value* into a field sends; ``None`` for most."""
    for name, said in element.attrs.items():
        if name.startswith(("data-on:input", "data-on:change")) and str(said).startswith(_OPENED):
            url, end = _READ(str(said), len(_OPENED))
            live = _LIVE_VALUE.match(str(said), end + 1)
            return Sending(url, {} if live is None else {json.loads(live[1]): value})
    return None


def _submits(element: Tag) -> bool:
    usual = "submit" if element.name == "button" else "text"
    return (attribute(element, "type") or usual) in ("submit", "image")


def _said(said: str, form: Tag | None = None, base: str | None = None) -> Sending:
    """Read ``@send("/url",{"a":1},{confirm: "Sure?"})``: its literals are JSON."""
    said = said.replace('["__proto__"]:', '"__proto__":')
    url, end = _READ(said, len(_OPENED))
    arguments = None
    if said[end] == ",":
        arguments, end = _READ(said, end + 1)
    question = _CONFIRM.search(said, end)
    return Sending(url, arguments, "" if question is None else _READ(said, question.end())[0], form, base)


def fields_of(page: Document, form: Tag, submitter: Tag | None, typed: Typed, *, key: bool = False) -> str:
    """Return what a form sends, as a browser encodes it; its *key*, for pages without scripts, only when asked for."""
    pairs = [pair for control in page.controls_of(form) for pair in _pairs(control, submitter, typed)]
    return urlencode([(name, value) for name, value in pairs if key or name != "_key"])


def _pairs(control: Tag, submitter: Tag | None, typed: Typed) -> Iterator[tuple[str, str]]:
    name, kind = attribute(control, "name"), attribute(control, "type")
    if not name or attribute(control, "disabled") is not None:
        return
    if control.name == "button" or kind in _NOT_SENT:
        if control is submitter:
            yield name, attribute(control, "value") or ""
        return
    value = typed.get(attribute(control, "id") or name)
    if kind in ("checkbox", "radio"):
        yield from _box(control, name, kind, value)
    elif control.name == "select":
        yield from ((name, chosen) for chosen in _chosen(control, value))
    else:
        shown = control.get_text() if control.name == "textarea" else attribute(control, "value") or ""
        yield name, shown if value is None else str(value)


def _box(control: Tag, name: str, kind: str, value: str | bool | None) -> Iterable[tuple[str, str]]:  # noqa: FBT001
    own = attribute(control, "value")
    is_on = attribute(control, "checked") is not None if value is None else value in (True, own)
    if is_on:
        return [(name, "true" if own is None else own)]
    return [(name, "false")] if kind == "checkbox" and own is None else []


def _chosen(control: Tag, value: str | bool | None) -> list[str]:  # noqa: FBT001
    options = [(attribute(option, "value"), option) for option in control.find_all("option")]
    values = [option.get_text() if own is None else own for own, option in options]
    if value is not None:
        named = [own for own, (_, option) in zip(values, options, strict=True) if option.get_text().strip() == value]
        return named or [str(value)]
    marked = [
        own for own, (_, option) in zip(values, options, strict=True) if attribute(option, "selected") is not None
    ]
    several = attribute(control, "multiple") is not None
    return marked if marked or several else values[:1]
