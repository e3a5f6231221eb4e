"""Pieces of page that a kit draws once and that are filled in again and again."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Any

from starmodel.adapters.fasthtml.markup import checked_tree, html_of

__all__ = ["Template", "parted", "slot"]

_MARK = f"~{secrets.token_hex(8)}~"
"""Not to be guessed, so that no text that somebody enters is taken for a slot; of letters that nothing escapes."""

_SLOT = re.compile(f"{_MARK}([^~]*)~")
_SLOT_IN_BYTES = re.compile(_SLOT.pattern.encode())


def slot(name: str) -> str:
    """Return what stands for the HTML called *name* in a drawing that becomes a :class:`Template`."""
    return f"{_MARK}{name}~"


def parted(html: str) -> tuple[list[bytes], tuple[str, ...]]:
    """Return the texts around the slots of *html*, encoded, and the names of the slots: one less."""
    parts = _SLOT_IN_BYTES.split(html.encode())
    return parts[::2], tuple([name.decode() for name in parts[1::2]])


class Template:
    """A drawing with slots: *texts* stand around them, *names* are theirs."""

    __slots__ = ("names", "texts")

    def __init__(self, drawn: Any) -> None:
        parts = _SLOT.split(html_of(checked_tree(drawn)))
        self.texts, self.names = parts[::2], tuple(parts[1::2])

    def __len__(self) -> int:
        return sum(map(len, self.texts))

    def filled(self, html: Callable[[str], str]) -> str:
        """Return it with every slot filled by *html* of its name, which is ready: escaped where it has to be."""
        parts = self.texts[:1]
        for name, text in zip(self.names, self.texts[1:], strict=True):
            parts += (html(name), text)
        return "".join(parts)
