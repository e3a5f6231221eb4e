"""What this needs of a web application: the shape of StarModel's own, without knowing it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from starmodel.app import Application
    from starmodel.core.entity import Entity
    from starmodel.core.ui import UIAdapter

__all__ = ["Pages", "Speak", "WebApplication"]


class Speak(Protocol):
    """Called with an English phrase it returns the reader's."""

    def __call__(self, phrase: str, /, **values: Any) -> str:
        """Return the phrase in the reader's language, with *values* in the place of their names in braces."""


class Pages(Protocol):
    """The site that the pages of signing in are part of; *people* is the class whose ids the actors have."""

    people: type[Entity] | None

    @property
    def kit(self) -> UIAdapter:
        """What draws the pages."""

    def speak(self, request: Request, /) -> Speak:
        """Return the words for whoever sent a request."""

    async def draw(self, request: Request, title: str, parts: Sequence[Any], /, *, status: int = 200) -> Response:
        """Return an answer that is a page of these parts, in the frame of the others."""

    def add_catalogues(self, folder: Path, /) -> None:
        """Take the words of other languages."""


class WebApplication(Protocol):
    """The application that people sign in to."""

    pages: Pages
    state: Any

    @property
    def application(self) -> Application:
        """The application below the web."""

    def include_entity(self, kind: type[Entity], /) -> None:
        """Make a class part of the application."""

    async def sign_out(self, actor: str, /) -> None:
        """End every session and every stream of an actor, on every node."""
