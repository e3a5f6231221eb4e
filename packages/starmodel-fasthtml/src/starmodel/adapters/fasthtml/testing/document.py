"""A page as a browser has it: what it shows, what is on it, and the patches that change it.  No scripts run."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bs4.element import Tag

from .errors import PartNotFoundError
from .parts import attribute, elements_in, flat, heard, is_blank, is_clickable, is_filled_in, parsed, put, shown

__all__ = ["Document"]

_NEAR = ["tr", "li", "article", "fieldset", "section", "form", "dialog"]
_SHOWN = re.compile(r"\$([A-Za-z_]\w*)\.([A-Za-z_]\w*)")


class Document:
    """What a page holds at this moment."""

    def __init__(self, html: str) -> None:
        self.root = parsed(html)
        self._signals: dict[str, Any] = {}
        self._read_signals()

    # -- what it shows -------------------------------------------------------------------------------------------------

    @property
    def title(self) -> str:
        """What the tab is called."""
        found = self.root.find("title")
        return found.get_text() if isinstance(found, Tag) else ""

    @property
    def text(self) -> str:
        """What somebody reads on it, pieces and lines separated by one space."""
        whole = self.id("sm-page") or self.root.body or self.root
        return " ".join(" ".join(shown(whole)).split())

    @property
    def html(self) -> str:
        """All of it, as it is now."""
        return str(self.root)

    def id(self, id: str) -> Tag | None:
        """Return the element of an id."""
        found = self.root.find(id=id)
        return found if isinstance(found, Tag) else None

    def select(self, selector: str) -> list[Tag]:
        """Return the elements that a CSS selector names."""
        return list(self.root.select(selector))

    def name_of(self, element: Tag) -> str:
        """Return what somebody who listens hears an element called."""
        by = attribute(element, "aria-labelledby")
        if by is not None:
            return flat(" ".join(heard(found) for id in by.split() if (found := self.id(id)) is not None))
        said = [attribute(element, "aria-label"), heard(element)]
        said += [attribute(element, "title"), attribute(element, "value")]
        return next((text for one in said if (text := flat(one or ""))), "")

    # -- what can be done on it ----------------------------------------------------------------------------------------

    def clickable(self, name: str, *, within: str = "", beside: str = "") -> Tag:
        """Return the one button or link of a name; PartNotFoundError when there is none, or several."""
        every = [e for e in self.root.find_all(["button", "a", "input", "summary"]) if is_clickable(e)]
        return self._one("button or link", name, every, self.name_of, within, beside)

    def control(self, name: str, *, within: str = "", beside: str = "") -> Tag:
        """Return the one control of a form by its label, or by its name; PartNotFoundError as above."""
        every = [e for e in self.root.find_all(["input", "textarea", "select"]) if is_filled_in(e)]
        return self._one("field", name, every, self.label_of, within, beside)

    def label_of(self, control: Tag) -> str:
        """Return what a control is called: by its label, without a star, by its placeholder, or else by its name."""
        said = attribute(control, "aria-label")
        if said is None and attribute(control, "aria-labelledby") is not None:
            said = self.name_of(control)
        if said is None:
            said = " ".join(map(heard, self._labels(control))).strip().removesuffix("*")
        return flat(said or attribute(control, "placeholder") or attribute(control, "name") or "")

    def _labels(self, control: Tag) -> Iterator[Tag]:
        id = attribute(control, "id")
        for label in self.root.find_all("label"):
            if (id and attribute(label, "for") == id) or label in control.parents:
                yield label

    def form_of(self, control: Tag) -> Tag | None:
        """Return the form that a control belongs to."""
        named = attribute(control, "form")
        return self.id(named) if named is not None else control.find_parent("form")

    def controls_of(self, form: Tag) -> list[Tag]:
        """Return the controls of a form, wherever they stand, in the order of the page."""
        every = self.root.find_all(["input", "textarea", "select", "button"])
        return [e for e in every if not is_blank(e) and self.form_of(e) is form]

    def _one(
        self, what: str, name: str, every: list[Tag], called: Callable[[Tag], str], within: str, beside: str
    ) -> Tag:
        there = [element for element in every if self._is_there(element, within, beside)]
        found = [element for element in there if called(element) == name] or [
            element for element in there if attribute(element, "name") == name
        ]
        if len(found) != 1 and len({attribute(element, "href") or element for element in found}) != 1:
            raise PartNotFoundError(what, name, filter(None, map(called, there)), len(found))
        return found[0]

    def _is_there(self, element: Tag, within: str, beside: str) -> bool:
        if within and not any(holder is one for holder in element.parents for one in self.select(within)):
            return False
        if not beside:
            return True
        near = element.find_parent(_NEAR)
        return near is not None and beside in flat(near.get_text(" "))

    # -- what changes it -----------------------------------------------------------------------------------------------

    def patch(self, arguments: Mapping[str, str]) -> None:
        """Change elements as Datastar does: each where its id is, or all of them where a selector says."""
        mode, selector = arguments.get("mode", "outer"), arguments.get("selector")
        if selector is None:
            for element in elements_in(arguments.get("elements", "")):
                old = self.id(attribute(element, "id") or "")
                if old is not None:
                    old.replace_with(element)
        else:
            for place in self.select(selector):
                put(place, mode, elements_in(arguments.get("elements", "")))
        self._read_signals()

    def take_over(self, other: Document, *, stream: bool = True) -> None:
        """Take the part of another page that is kept up to date, and its *stream*; nothing of a page without it."""
        new, old = other.id("sm-page"), self.id("sm-page")
        if new is None or old is None:
            return
        old.replace_with(new)
        live = other.id("sm-live")
        if stream:
            self.replace_live("" if live is None else str(live))
        self._read_signals()

    def replace_live(self, html: str) -> None:
        """Name another stream, or none."""
        old, page = self.id("sm-live"), self.id("sm-page")
        if old is not None:
            old.extract()
        if page is not None:
            page.insert_after(*elements_in(html))

    def signal(self, arguments: Mapping[str, str]) -> Mapping[str, Any]:
        """Take new values of signals, show them where they are shown, and return what was said."""
        values: dict[str, Any] = json.loads(arguments["signals"])
        self._merge(values)
        self._show_signals()
        return values

    def _read_signals(self) -> None:
        for holder in self.root.find_all(None, {"data-signals": True}):
            text = (attribute(holder, "data-signals") or "{}").replace('["__proto__"]:', '"__proto__":')
            self._merge(json.loads(text))

    def _merge(self, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            known = self._signals.get(name)
            self._signals[name] = {**known, **value} if isinstance(known, dict) and isinstance(value, dict) else value

    def _show_signals(self) -> None:
        for element in self.root.find_all(None, {"data-text": True}):
            named = _SHOWN.fullmatch(attribute(element, "data-text") or "")
            values = None if named is None else self._signals.get(named[1])
            if named is not None and isinstance(values, dict) and named[2] in values:
                element.string = str(values[named[2]])
