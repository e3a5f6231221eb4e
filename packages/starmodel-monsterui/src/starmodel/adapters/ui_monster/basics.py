"""What everything else is made of: icons, buttons, links, menus and badges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from monsterui.franken import Button, ButtonT

from starmodel.core.ui import Attributes, Level, Link, Tone

from .elements import el, joined, named
from .icons import Icons

__all__ = ["Basics"]

_TONES: Final[Mapping[Tone, Any]] = {
    "default": ButtonT.default,
    "primary": ButtonT.primary,
    "danger": ButtonT.destructive,
    "quiet": ButtonT.ghost,
}


class Basics:
    """Draws the small things that the larger ones hold."""

    def __init__(self, icons: Icons) -> None:
        self.icons = icons

    def icon(self, name: str, /) -> Any:
        """Return a Lucide icon, hidden from those who listen; ``""`` for a name that Lucide does not have."""
        return self.icons.drawn(name)

    def button(
        self, label: str, attributes: Attributes, /, *, tone: Tone = "default", icon: str = "", bare: bool = False
    ) -> Any:
        """Return a button; a *bare* one shows its icon alone, and its label when it is pointed at."""
        content, bare = self._content(label, icon, bare=bare)
        made = Button(*content, cls=joined(_TONES[tone], bare and "mk-bare"), submit=False)
        return named(made, {**({"aria-label": label, "title": label} if bare else {}), **attributes})

    def link(self, link: Link, /, *, tone: Tone | None = None) -> Any:
        """Return a link, with a *tone* one that looks like a button."""
        content, _ = self._content(link.label, link.icon)
        looks = "mk-link" if tone is None else joined("uk-btn", _TONES[tone])
        made = el("a", *content, href=link.href, class_=looks, aria_current="page" if link.current else None)
        return named(made, link.attributes)

    def menu(self, label: str, items: Sequence[Any], /, *, icon: str = "", bare: bool = False) -> Any:
        """Return a button that opens a list of buttons and links."""
        content, bare = self._content(label, icon or ("" if bare else "chevron-down"), bare=bare)
        looks = joined("uk-btn", _TONES["quiet"] if bare else _TONES["default"], bare and "mk-bare")
        if not bare and not icon:
            content = content[::-1]  # the arrow says that more follows, so it comes last
        opener = el(
            "summary", *content, class_=looks, aria_label=label if bare else None, title=label if bare else None
        )
        return el("details", opener, el("div", *items, class_="mk-pop"), class_="mk-menu")

    def badge(self, text: str, /, *, level: Level | None = None) -> Any:
        """Return a short word in a pill."""
        return el("span", text, class_="mk-badge", data_level=level)

    def _content(self, label: str, icon: str, *, bare: bool = False) -> tuple[list[Any], bool]:
        """Return what a button shows, and whether it can do without its label: only where its icon is known."""
        drawn = self.icons.drawn(icon) if icon else ""
        if not drawn:
            return [label], False
        return ([drawn], True) if bare else ([drawn, label], False)
