"""Commands as the page's own script sends them, and what becomes of them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from .frames import Frame, Frames

if TYPE_CHECKING:
    from .asgi import Answer

__all__ = ["FORM", "Command", "Outcome"]

FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Command:
    """A command on its way: however often it goes out, it is the same one, for its key is fixed."""

    url: str
    body: str
    media: str = "application/json"
    base: str | None = None
    key: str = field(default_factory=lambda: secrets.token_hex(16))

    @property
    def headers(self) -> dict[str, str]:
        """What the page's own script sends along."""
        said = {
            "accept": "text/event-stream",
            "content-type": self.media,
            "idempotency-key": self.key,
            "starmodel-request": "1",
        }
        return said if self.base is None else {**said, "starmodel-base-version": self.base}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a command: *attempts* says how often it was sent, *frames* what the answer shows in the page.

    *problem* is what the server found wrong, as it words it, ``None`` when the command was done.  *command* is the id
    by which it can be taken back, *made* the address of what it made; ``""`` where there is none.
    """

    status: int
    attempts: int = 1
    problem: Mapping[str, Any] | None = None
    command: str = ""
    made: str = ""
    location: str = ""
    frames: tuple[Frame, ...] = ()

    @property
    def is_done(self) -> bool:
        """True when the command took effect."""
        return self.problem is None

    @classmethod
    def of(cls, answer: Answer, attempts: int) -> Outcome:
        """Return what an answer says."""
        media, frames, problem = answer.header("content-type"), tuple[Frame, ...](), None
        if "event-stream" in media:
            frames = tuple(Frames().take(answer.body))
            failed = [frame.json for frame in frames if frame.type == "sm-problem"]
            problem = failed[-1] if failed else {} if answer.status >= 400 else None
        elif answer.status >= 400:
            problem = answer.json if "json" in media else {"status": answer.status, "detail": answer.text}
        elif answer.status >= 300:
            problem = {"status": answer.status, "detail": f"The way leads to {answer.header('location')}."}
        return cls(
            answer.status,
            attempts,
            problem,
            answer.header("starmodel-command"),
            answer.header("starmodel-made"),
            answer.header("location"),
            frames,
        )
