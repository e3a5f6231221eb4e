"""Pieces of page that a kit draws once and that are filled in again and again."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from starmodel.adapters.fasthtml.markup import checked_tree, html_of

__all__ = ["Template", "slot"]

# Private use characters: no kit writes them, and nothing escapes them.
_SLOT = re.compile("\ue000([^\ue001]*)\ue001")


def slot(name: str) -> str:
    """Return what stands for the HTML called *name* in a drawing that becomes a :class:`Template`."""
    return f"\ue000{name}\ue001"


class Template:
    """A drawing with slots: *texts* stand around them, *names* are theirs."""

    __slots__ = ("names", "texts")

    def __init__(self, drawn: Any) -> None:
        self._take(html_of(checked_tree(drawn)))

    @classmethod
    def of_html(cls, html: str) -> Template:
        """Return the template that *html* with slots in it is."""
        made = cls.__new__(cls)
        made._take(html)  # noqa: SLF001  (its own)
        return made

    def _take(self, html: str) -> None:
        parts = _SLOT.split(html)
        self.texts, self.names = parts[::2], tuple(parts[1::2])

    def filled(self, html: Callable[[str], str]) -> str:
        """Return it with every slot filled by *html* of its name, which is ready: escaped where it has to be."""
        parts = self.texts[:1]
        for name, text in zip(self.names, self.texts[1:], strict=True):
            parts += (html(name), text)
        return "".join(parts)
