"""The ASGI applications that answer behind the gate beside the pages: what each is asked along with the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .gate import header
from .wanting import wants_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.routing import Mount
    from starlette.types import Scope

    from .endings import EndThose, VisitEndings
    from .runtime import Runtime

__all__ = ["Mounted"]


class Mounted:
    """Asks what is mounted whenever the application itself would be asked."""

    def __init__(self, runtime: Runtime, endings: VisitEndings) -> None:
        self._drains, self._endings = runtime.drains, endings.others
        self._paths: list[str] = []
        self._larger: dict[str, Callable[[Scope], int]] = {}

    def connect(
        self,
        mount: Mount,
        *,
        drain: Callable[[], None] | None,
        takes: Callable[[Scope], int] | None,
        end_those: EndThose | None,
    ) -> None:
        """Ask the application at *mount*: see :meth:`StarModelApp.attach` for what."""
        self._paths.append(mount.path)
        if takes is not None:
            self._larger[mount.path] = takes
        if drain is not None:
            self._drains.append(drain)
        if end_those is not None:
            self._endings.append(end_those)

    def takes(self, scope: Scope) -> int | None:
        """Return how large the body of a request may be, in bytes; ``None`` when nothing mounted answers it."""
        path = _path(scope)
        for mount, takes in self._larger.items():
            if path.startswith(f"{mount}/"):
                return takes({**scope, "path": path.removeprefix(mount)})
        return None

    def looks(self, scope: Scope) -> bool:
        """Tell whether somebody will look at what the gate answers: at what is mounted, who asks for HTML."""
        path = _path(scope)
        if any(path.startswith(f"{mount}/") for mount in self._paths):
            return "text/html" in header(scope, b"accept")
        return wants_page(scope)


def _path(scope: Scope) -> str:
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))
