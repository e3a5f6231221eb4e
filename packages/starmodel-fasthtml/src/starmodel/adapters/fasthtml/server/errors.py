"""Why an application is not served, in words for the person at the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starmodel.core.errors import StarModelError, hint

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["AppFailedError", "AppMissingError", "BindError", "PortInUseError", "ServerError"]


class ServerError(StarModelError):
    """The application cannot be served."""

    code = "server"


class AppMissingError(ServerError, LookupError):
    """The module has no application of the name asked for."""

    code = "app_missing"

    def __init__(self, module: str, wanted: Sequence[str], names: Sequence[str]) -> None:
        self.module, self.wanted, self.names = module, tuple(wanted), tuple(names)
        there = hint(wanted[0], names) if len(wanted) == 1 else f"it has {', '.join(names) or 'nothing'}"
        super().__init__(
            f"{module} has no {' and no '.join(wanted)}; {there}. "
            f"Write `app = create_app(...)` in it, or name the application: starmodel run {module}:NAME"
        )


class AppFailedError(ServerError, RuntimeError):
    """The user's module or factory raised; *lines* are the places in the user's own files, the innermost last."""

    code = "app_failed"

    def __init__(self, target: str, reason: str, lines: Sequence[str] = ()) -> None:
        self.target, self.reason, self.lines = target, reason, tuple(lines)
        super().__init__("\n".join([f"{target} could not be loaded: {reason}", *(f"  {line}" for line in lines)]))


class BindError(ServerError, OSError):
    """The address cannot be listened on."""

    code = "bind"

    def __init__(self, host: str, port: int, reason: str) -> None:
        self.host, self.port, self.reason = host, port, reason
        super().__init__(f"cannot listen on {host}:{port}: {reason}")


class PortInUseError(BindError):
    """Something else listens on the port.  *free* is the next port that is free, if there is one near."""

    code = "port_in_use"

    def __init__(self, host: str, port: int, free: int | None) -> None:
        self.free = free
        advice = f"--port {free} is free" if free else "choose another with --port"
        super().__init__(host, port, f"another program is there; stop it, or choose another port: {advice}")
