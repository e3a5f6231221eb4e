"""What a page has to say: messages that stay, and what stands where there is nothing yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from starmodel.core.ui import Level

from .basics import Basics
from .elements import actions_of, el

__all__ = ["Words"]

_ICONS: Final[Mapping[Level, str]] = {
    "info": "info",
    "success": "circle-check",
    "warning": "triangle-alert",
    "error": "circle-alert",
}


class Words(Basics):
    """Draws messages."""

    def alert(self, title: str, detail: Any, /, *, level: Level = "info", actions: Sequence[Any] = ()) -> Any:
        """Return a message that stays; an error is announced at once."""
        below = [el("div", detail, class_="mk-alert-detail")] if detail not in {None, ""} else []
        said = el("div", el("strong", title), *below, *actions_of(actions))
        role = "alert" if level == "error" else "status"
        return el("div", self.icons.drawn(_ICONS[level]), said, class_="mk-alert", data_level=level, role=role)

    def empty(self, title: str, text: str, /, *, icon: str = "", actions: Sequence[Any] = ()) -> Any:
        """Return what a list without entries shows."""
        drawn = self.icons.drawn(icon or "inbox") or self.icons.drawn("inbox")
        below = [el("p", text)] if text else []
        return el("div", drawn, el("strong", title), *below, *actions_of(actions), class_="mk-empty")
