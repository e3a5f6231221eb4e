"""HTML as a tree that can be asked: enough of a parser to look at what a kit has drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

__all__ = ["Element", "parsed"]

_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)
_LISTED = ("aria-describedby", "aria-labelledby", "aria-controls")


@dataclass(slots=True)
class Element:
    """One element; the attribute of a bare name is ``""``, and *children* are elements and texts in order."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict[str, str])
    children: list[Element | str] = field(default_factory=list["Element | str"])

    def __iter__(self) -> Iterator[Element]:
        """Iterate over every element below this one, in the order of the page."""
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child

    @property
    def text(self) -> str:
        """All text below this element, as it was written."""
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    def get(self, name: str) -> str | None:
        """Return an attribute, ``None`` when it is not there."""
        return self.attributes.get(name)

    def all(self, tag: str = "", **attributes: Any) -> list[Element]:
        """Return the elements below that have a tag and these attributes (``data_x="1"``); ``True`` is any value."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [e for e in self if (not tag or e.tag == tag) and all(_has(e, name, it) for name, it in wanted.items())]

    def one(self, tag: str = "", **attributes: Any) -> Element:
        """Return the one element below that has a tag and these attributes; fails when there is another number."""
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"there are {len(found)} of {tag or 'any'} {attributes}, not one"
        return found[0]

    def id(self, id: str) -> Element:
        """Return the element of an id."""
        return self.one(id=id)

    def name_of(self, element: Element) -> str:
        """Return what somebody who listens hears an element called, from its labels inside of this one."""
        if label := element.get("aria-label"):
            return label
        if by := element.get("aria-labelledby"):
            return " ".join(self.id(id).text for id in by.split())
        labels = [
            label.text for label in self.all("label") if label.get("for") == element.get("id") or element in label
        ]
        if labels:
            return " ".join(labels)
        return element.text.strip() or element.get("title") or ""

    def dangling(self) -> list[str]:
        """Return the ids that something refers to and that nothing has."""
        ids = {element.get("id") for element in self}
        named = [id for e in self for name in _LISTED for id in (e.get(name) or "").split()]
        named += [id for e in self for name in ("for", "popovertarget", "list") if (id := e.get(name)) is not None]
        return [id for id in named if id not in ids]


def _has(element: Element, name: str, value: Any) -> bool:
    return name in element.attributes if value is True else element.get(name) == value


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Element("")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        assert len(element.attributes) == len(attrs), f"<{tag}> says an attribute twice: {attrs}"
        self.open[-1].children.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def parsed(html: str) -> Element:
    """Return what *html* says, below an element without a name; fails where tags are not closed as they were opened."""
    parser = _Parser()
    parser.feed(html)
    parser.close()
    assert len(parser.open) == 1, f"<{parser.open[-1].tag}> is not closed"
    return parser.open[0]
