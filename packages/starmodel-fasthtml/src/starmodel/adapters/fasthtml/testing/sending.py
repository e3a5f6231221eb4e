"""What a click sends: read from the very attributes by which the page's own script knows it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from .parts import attribute

if TYPE_CHECKING:
    from bs4.element import Tag

    from .document import Document
    from .filling import Value

__all__ = ["Sending", "sending_of", "typed_sending"]

_OPENED = "@send("
_READ: Final = json.JSONDecoder().raw_decode
_CONFIRM: Final = re.compile(r'confirm: (?=")')
_LIVE_VALUE: Final = re.compile(r'\{("(?:[^"\\]|\\.)*"): el\.type')


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


def typed_sending(element: Tag, value: Value) -> Sending | None:
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
