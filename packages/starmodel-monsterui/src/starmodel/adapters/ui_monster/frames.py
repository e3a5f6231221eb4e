"""The frame of a page, and the heads and boxes of what stands in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastcore.xml import FT, NotStr
from monsterui.franken import CardBody, CardContainer, CardHeader

from starmodel.core.ui import Attributes, Frame, Link

from .basics import Basics
from .elements import NOTHING, actions_of, el, named, word
from .icons import Icons
from .settings import Mode

__all__ = ["Frames"]


class Frames(Basics):
    """Draws the navigation beside the content where there is room, above it where there is not."""

    def __init__(self, icons: Icons, mode: Mode) -> None:
        super().__init__(icons)
        self._mode = mode

    def page(self, frame: Frame, content: Sequence[Any], /) -> Any:
        """Return the frame of a page around its content."""
        words = frame.words
        skip = el("a", word(words, "skip", "Skip to content"), href="#sm-content", class_="mk-skip")
        brand = el("a", frame.brand, href=frame.home, class_="mk-brand")
        tools = [*frame.tools, *self._theme(frame)]
        corner = [el("div", *tools, class_="mk-tools")] if tools else []
        side = el("header", brand, *corner, *self._navigation(frame), class_="mk-side")
        inner = el("div", *content, id="sm-content", tabindex="-1", class_="mk-content")
        return el("div", skip, side, inner, class_="mk-frame")

    def _navigation(self, frame: Frame) -> list[FT]:
        """Return the button for narrow pages, and the links that it opens there: a popover needs no script."""
        if not frame.links:
            return []
        menu = word(frame.words, "menu", "Menu")
        opener = self.button(
            menu, {"popovertarget": "mk-nav", "class": "mk-burger"}, tone="quiet", icon="menu", bare=True
        )
        links = [self._way(link) for link in frame.links]
        return [opener, el("nav", *links, id="mk-nav", class_="mk-nav", popover="auto", aria_label=menu)]

    def _way(self, link: Link) -> FT:
        drawn = self.icons.drawn(link.icon) if link.icon else ""
        made = el("a", *([drawn] if drawn else []), link.label, href=link.href)
        return named(made, {"aria-current": "page" if link.current else None, **link.attributes})

    def _theme(self, frame: Frame) -> list[FT]:
        if self._mode != "system":
            return []
        choices = (("light", "sun", "Light"), ("dark", "moon", "Dark"), ("system", "monitor", "System"))
        radios = [self._choice(word(frame.words, key, label), key, icon) for key, icon, label in choices]
        name = word(frame.words, "theme", "Theme")
        return [el("div", *radios, class_="mk-theme", role="radiogroup", aria_label=name)]

    def _choice(self, label: str, value: str, icon: str) -> FT:
        radio = el("input", type="radio", name="sm-theme", value=value, aria_label=label)
        return el("label", radio, self.icons.drawn(icon), title=label)

    def heading(self, title: str, /, *, subtitle: str = "", actions: Sequence[Any] = ()) -> Any:
        """Return the head of a page."""
        below = [el("p", subtitle, class_="mk-sub")] if subtitle else []
        return el("div", el("div", el("h1", title), *below), *actions_of(actions), class_="mk-head")

    def section(self, title: str, content: Sequence[Any], /, *, actions: Sequence[Any] = (), id: str = "") -> Any:
        """Return a part of a page in a card."""
        line = el("div", el("div", el("h2", title)), *actions_of(actions), class_="mk-head")
        head = [CardHeader(line)] if title or actions else []
        made = CardContainer(*head, CardBody(*map(_boxed, content), cls=()), cls="mk-section")
        made.tag = "section"
        return named(made, {"id": id or None})

    def toolbar(self, content: Sequence[Any], /) -> Any:
        """Return a line of controls above a list."""
        return el("div", *content, class_="mk-toolbar")

    def dialog(
        self, id: str, title: str, content: Sequence[Any], /, *, close: str = "Close", attributes: Attributes = NOTHING
    ) -> Any:
        """Return a native dialog, a sheet at the bottom of a narrow page."""
        # Last, so that the first field has the focus when the dialog opens; its place is in the corner all the same.
        out = el(
            "form",
            self.button(close, {"type": "submit"}, tone="quiet", icon="x", bare=True),
            method="dialog",
            class_="mk-close",
        )
        head = el("div", el("h2", title, id=f"{id}-title"), class_="mk-head")
        body = el("div", *map(_boxed, content), class_="mk-body")
        made = el("dialog", head, body, out, id=id, class_="mk-dialog")
        return named(made, {"aria-labelledby": f"{id}-title", **attributes})


def _boxed(content: Any) -> Any:
    """Return bare text in a box of its own, so that it has its distance; what it holds may be filled in later."""
    return el("div", content) if isinstance(content, str) and not isinstance(content, NotStr) else content
