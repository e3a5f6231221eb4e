"""What an event may return to whoever asked, besides a value: a message, or another page to go to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from .errors import DefinitionError

__all__ = ["GoTo", "Notice", "answer_from", "answer_to_json"]

Level = Literal["info", "success", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Notice:
    """A passing message: ``return Notice("Saved.", "success")``."""

    text: str
    level: Level = "info"


@dataclass(frozen=True, slots=True)
class GoTo:
    """Another page of this application: ``return GoTo("/orders")``.  DefinitionError for an address elsewhere."""

    path: str

    def __post_init__(self) -> None:
        # A browser reads "//host" and "/\host" as another site, and drops tabs and line ends before it looks.
        if not self.path.startswith("/") or self.path[1:2] in ("/", "\\") or not self.path.isprintable():
            raise DefinitionError(f"GoTo({self.path!r}): give a path of this application, such as '/orders'")


def answer_to_json(returned: Notice | GoTo) -> dict[str, str]:
    """Return the form in which an answer is kept, to be given again when its command is sent again."""
    if isinstance(returned, GoTo):
        return {"starmodel:go_to": returned.path}
    return {"starmodel:notice": returned.text, "level": returned.level}


def answer_from(kept: Any) -> Any:
    """Return the answer that was kept as *kept*; anything else as it is."""
    if isinstance(kept, dict) and kept.keys() == {"starmodel:go_to"}:
        return GoTo(kept["starmodel:go_to"])
    if isinstance(kept, dict) and kept.keys() == {"starmodel:notice", "level"}:
        return Notice(kept["starmodel:notice"], kept["level"])
    return kept
