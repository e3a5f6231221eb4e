"""Make elements, and put a caller's attributes on them as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastcore.xml import FT, ft

from starmodel.core.ui import Attributes

__all__ = ["NOTHING", "actions_of", "el", "joined", "named", "word"]

NOTHING: Final[Attributes] = {}


def el(tag: str, *children: Any, **attributes: Any) -> FT:
    """Return an element; an attribute that is ``None``, ``False`` or ``""`` is left out."""
    named = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
    return ft(tag, *children, **{name: value for name, value in named.items() if value not in {None, False, ""}})


def named(element: FT, attributes: Attributes) -> FT:
    """Put *attributes* on the element under exactly their names; classes join those that it has."""
    for name, value in attributes.items():
        if value is None or value is False:
            continue
        if name == "class":
            element.attrs[name] = joined(element.attrs.get(name, ""), value)
        else:
            element.attrs[name] = value
    return element


def joined(*classes: Any) -> str:
    """Return classes as one string."""
    return " ".join(str(some) for some in classes if some)


def actions_of(actions: Sequence[Any]) -> list[FT]:
    """Return a line of buttons, or nothing where there are none."""
    return [el("div", *actions, class_="mk-actions")] if actions else []


def word(words: Mapping[str, str], key: str, otherwise: str) -> str:
    """Return the reader's word for *key*."""
    return words.get(key) or otherwise
