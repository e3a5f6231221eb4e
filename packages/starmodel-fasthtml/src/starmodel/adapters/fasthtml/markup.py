"""From elements to HTML: attribute names are checked, scripts and styles of a page get its nonce."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from fastcore.xml import FT, NotStr, to_xml

from starmodel.core.errors import DefinitionError

from .wire import check_attributes

__all__ = ["Raw", "checked_tree", "html_of", "with_id"]

_NAME = re.compile(r"^[A-Za-z_:@.][-A-Za-z0-9_:.@]*$")
_SEEN: set[str] = set()


class Raw(NotStr):  # type: ignore[misc]  # fastcore is untyped
    """HTML that is ready; FastHTML copies page headers for every request, and this need not be copied."""

    def __deepcopy__(self, _: object) -> Raw:
        return self


def html_of(element: Any) -> str:
    """Return *element* as HTML without added white space."""
    return str(to_xml(element, indent=False))


def checked_tree(element: Any, nonce: str | None = None) -> Any:
    """Return *element* after looking at every element in it.

    An attribute name that HTML cannot hold, or one that Datastar would silently ignore (``data-on-click`` for
    ``data-on:click``), raises.  With a *nonce*, scripts and styles are given it.
    """
    if isinstance(element, FT):
        _check_element(element, nonce)
        for child in element.children:
            checked_tree(child, nonce)
    elif isinstance(element, list | tuple):
        for child in element:
            checked_tree(child, nonce)
    return element


def _check_element(element: Any, nonce: str | None) -> None:
    for name in element.attrs:
        if name not in _SEEN:
            _check_name(name)
            if len(_SEEN) < 4096:  # noqa: PLR2004  (names come from code, but a program may make them up)
                _SEEN.add(name)
    if nonce is not None and element.tag in ("script", "style") and "nonce" not in element.attrs:
        element.attrs["nonce"] = nonce


def _check_name(name: str) -> None:
    if not _NAME.match(name):
        raise DefinitionError(f"{name!r} cannot be the name of an attribute")
    check_attributes([name])


def with_id(element: Any, id: str) -> Any:
    """Return *element* as one element with an id, so that it can be patched: its own, or *id*."""
    if isinstance(element, FT) and element.tag:
        element.attrs.setdefault("id", id)
        return element
    children: Iterable[Any] = element if isinstance(element, list | tuple) else [element]
    return FT("div", tuple(children), {"id": id})
