"""The REST interface as a door: found by its name, and mounted by whoever puts an application together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .api import RestApp

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Scope

    from starmodel.app import Application
    from starmodel.core.actors import Actor

    from .service import Identify
    from .specification import Amend

__all__ = ["RestDoor"]


@dataclass(frozen=True, slots=True)
class RestDoor:
    """The REST application *app* below *path*."""

    path: str
    app: RestApp

    @classmethod
    def open(
        cls, application: Application, *, path: str, identify: Identify, title: str, amend: Amend | None = None
    ) -> RestDoor:
        """Return the door to *application*; the entry point ``rest`` of the group ``starmodel.doors``."""
        return cls(path, RestApp(application, identify=identify, title=title, amend=amend))

    def drain(self) -> None:
        """End every feed at once."""
        self.app.drain()

    def takes(self, scope: Scope) -> int:
        """Return how many bytes the body of a request may have; 0 for no more than usual."""
        return self.app.takes(scope)

    def end_those(self, is_over: Callable[[Actor], bool]) -> None:
        """End the feeds of every actor of whom *is_over* is true."""
        self.app.end_those(is_over)
