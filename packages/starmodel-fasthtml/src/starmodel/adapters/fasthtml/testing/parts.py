"""Elements of a page: what they say, what they are called, and where a patch puts them."""

from __future__ import annotations

from collections.abc import Iterator

from bs4 import BeautifulSoup, Comment
from bs4.element import NavigableString, Tag

__all__ = [
    "attribute",
    "elements_in",
    "flat",
    "heard",
    "is_blank",
    "is_button",
    "is_clickable",
    "is_filled_in",
    "parsed",
    "put",
    "shown",
]

_SILENT = {"script", "style", "template", "noscript", "head", "title", "svg", "option"}
_SENDING = {"submit", "button", "image"}


def attribute(element: Tag, name: str) -> str | None:
    """Return an attribute, ``""`` for one without a value, ``None`` when it is not there."""
    value = element.get(name)
    return value if value is None or isinstance(value, str) else " ".join(value)


def parsed(html: str) -> BeautifulSoup:
    """Return HTML as a tree whose attributes are texts, ``class`` among them."""
    return BeautifulSoup(html, "html.parser", multi_valued_attributes=None)


def elements_in(html: str) -> list[Tag]:
    """Return the elements that stand side by side in *html*."""
    return [child for child in list(parsed(html).children) if isinstance(child, Tag)]


def put(place: Tag, mode: str, elements: list[Tag]) -> None:
    """Put elements where a patch says: the names of its modes are those of Datastar."""
    match mode:
        case "remove":
            place.extract()
        case "inner":
            place.clear()
            place.extend(elements)
        case "append":
            place.extend(elements)
        case "prepend":
            place.insert(0, *elements)
        case "before":
            place.insert_before(*elements)
        case "after":
            place.insert_after(*elements)
        case _:
            place.replace_with(*elements)


def shown(element: Tag) -> Iterator[str]:
    """Yield the texts below *element* that somebody sees."""
    for child in element.children:
        if isinstance(child, Tag):
            if child.name not in _SILENT and attribute(child, "hidden") is None:
                yield from shown(child)
        elif isinstance(child, NavigableString) and not isinstance(child, Comment):
            yield str(child)


def heard(element: Tag) -> str:
    """Return the text below *element* but for what is in its fields, or hidden from those who listen."""
    parts = [child for child in element.descendants if isinstance(child, NavigableString)]
    said = [part for part in parts if not part.find_parent(["option", "textarea"])]
    return "".join(part for part in said if not part.find_parent(attrs={"aria-hidden": "true"}))


def flat(text: str) -> str:
    """Return *text* with one space wherever there is any."""
    return " ".join(text.split())


def is_button(element: Tag) -> bool:
    """Tell whether this is a button of any kind."""
    return element.name == "button" or (element.name == "input" and attribute(element, "type") in _SENDING)


def is_filled_in(element: Tag) -> bool:
    """Tell whether this is a control that somebody fills in."""
    return not is_button(element) and attribute(element, "type") != "hidden" and not is_blank(element)


def is_clickable(element: Tag) -> bool:
    """Tell whether this is a link or a button that somebody can click."""
    if element.name == "a":
        return attribute(element, "href") is not None
    return (is_button(element) or element.name == "summary") and not is_blank(element)


def is_blank(element: Tag) -> bool:
    """Tell whether this is the blank item of a list, which no browser shows."""
    return element.find_parent("template") is not None
