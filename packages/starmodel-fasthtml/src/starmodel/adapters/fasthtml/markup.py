"""From elements to HTML: text stays text, names are checked, and the scripts and styles of a page get its nonce.

FastHTML escapes a string, and writes anything else as its ``str()``: of a list, a dict, bytes or an object, whatever
markup somebody has put into them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from html import escape
from types import GeneratorType
from typing import Any

from fastcore.foundation import L
from fastcore.xml import FT, NotStr, to_xml

from starmodel.core.errors import DefinitionError

from .wire import check_attributes

__all__ = ["Raw", "checked_page", "checked_tree", "html_of", "with_id"]

_NAME = re.compile(r"[A-Za-z_:@.][-A-Za-z0-9_:.@]*")
_TAG = re.compile(r"!?[A-Za-z][-A-Za-z0-9:._]*|")
_GOOD_NAMES: set[str] = set()
_GOOD_TAGS: set[str] = set()
_MANY = 4096  # names come from code, but a program may make them up
_SEQUENCES = (list, tuple, L, map, filter, GeneratorType)


class Raw(NotStr):  # type: ignore[misc]  # fastcore is untyped
    """HTML that is ready; FastHTML copies page headers for every request, and this need not be copied."""

    def __deepcopy__(self, _: object) -> Raw:
        return self


def html_of(element: Any) -> str:
    """Return *element* as HTML without added white space; text alone is text, also where nothing stands around it."""
    if isinstance(element, NotStr):
        return str(element)
    if isinstance(element, str | int | float) and not hasattr(type(element), "__html__"):
        return escape(str(element))
    return str(to_xml(element, indent=False))


def checked_page(result: Any, nonce: str) -> Any:
    """Return what a page function returned, every element in it checked; what is no element stays as it is.

    A bare string is HTML, as in FastHTML; one among others is text, also when it is the only one.
    """
    if isinstance(result, _SEQUENCES):
        return tuple([_bare(item) if isinstance(item, str) else checked_page(item, nonce) for item in result])
    if isinstance(result, FT):
        return checked_tree(result, nonce)
    return _bare(checked_tree(result, nonce)) if hasattr(type(result), "__ft__") else result


def _bare(content: Any) -> FT:
    """Return *content* as an element that FastHTML knows as one, and that leaves no trace."""
    return content if isinstance(content, FT) else FT("", (content,), {}, void_=True)


def checked_tree(element: Any, nonce: str | None = None) -> Any:
    """Return *element* as it is safe to render; elements that a program keeps are never changed.

    A name that HTML cannot hold, or one that Datastar would silently ignore (``data-on-click`` for
    ``data-on:click``), raises.  With a *nonce*, scripts and styles are given it.
    """
    if isinstance(element, FT):
        return _checked_element(element, nonce)
    if element is None or isinstance(element, str | int | float | NotStr):
        return element
    if isinstance(element, _SEQUENCES):
        return tuple([checked_tree(child, nonce) for child in element])
    if hasattr(type(element), "__ft__"):
        return checked_tree(element.__ft__(), nonce)
    if hasattr(type(element), "__html__"):
        return element
    return element.decode("utf-8", "replace") if isinstance(element, bytes) else str(element)


def _checked_element(element: FT, nonce: str | None) -> FT:
    tag, attrs = element.tag, element.attrs
    if tag not in _GOOD_TAGS:
        _check(tag, _TAG, "the name of an element", _GOOD_TAGS)
    for name in attrs:
        if name not in _GOOD_NAMES:
            check_attributes([name])
            _check(name, _NAME, "the name of an attribute", _GOOD_NAMES)
    if any(type(value) not in _PLAIN for value in attrs.values()):
        attrs = {name: _attribute(value) for name, value in attrs.items()}
    if nonce is not None and tag in ("script", "style"):
        attrs = {**attrs, "nonce": nonce}
    children = [checked_tree(child, nonce) for child in element.children]
    if attrs is element.attrs and all(map(_is_same, children, element.children)):
        return element
    return FT(tag, tuple(children), attrs, element.void_)


_PLAIN = frozenset({str, bool, int, float, type(None)})


def _attribute(value: Any) -> Any:
    if isinstance(value, str | bool | int | float | None):
        return value
    if isinstance(value, Mapping):
        return json.dumps(value)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _is_same(one: object, other: object) -> bool:
    return one is other


def _check(name: str, pattern: re.Pattern[str], what: str, good: set[str]) -> None:
    if not pattern.fullmatch(name):
        raise DefinitionError(f"{name!r} cannot be {what}")
    if len(good) < _MANY:
        good.add(name)


def with_id(element: Any, id: str) -> Any:
    """Return *element* as one element with an id, so that it can be patched: its own, or *id*.

    One that a program keeps may stand for many entities, so it is not given the id of one.
    """
    if isinstance(element, FT) and element.tag:
        return (
            element
            if "id" in element.attrs
            else FT(element.tag, element.children, {**element.attrs, "id": id}, element.void_)
        )
    children: Iterable[Any] = element if isinstance(element, list | tuple) else [element]
    return FT("div", tuple(children), {"id": id})
