"""Open the listening socket ourselves, so that a port in use is one clear sentence in every mode of the server."""

from __future__ import annotations

import errno
import os
import socket
from contextlib import closing

from .errors import BindError, PortInUseError

__all__ = ["bind", "url_of"]

NEAR = 50
BACKLOG = 2048
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not bound to


def bind(host: str, port: int, *, at_once: bool = True) -> socket.socket:
    """Return a socket that listens on *host* and *port*; port 0 means any free one.

    It listens *at_once*: a browser then waits while the application loads, instead of being refused.  Otherwise whoever
    serves it is to let it listen: until then a proxy in front is refused, and goes on to a node that is ready.
    """
    listener = _open(host, port)
    try:
        _take(listener, host, port)
        if at_once:
            listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise _explained(host, port, error) from error
    listener.set_inheritable(True)
    return listener


def url_of(listener: socket.socket) -> str:
    """Return an address for the browser."""
    host, port = listener.getsockname()[:2]
    host = WILDCARDS.get(host, str(host))
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _open(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise BindError(host, port, "there is no such address; --host 127.0.0.1 is this machine") from error
    # "localhost" has two addresses, and every browser tries the old one.
    families = [entry[0] for entry in found]
    return socket.socket(socket.AF_INET if socket.AF_INET in families else families[0], socket.SOCK_STREAM)


def _take(listener: socket.socket, host: str, port: int) -> None:
    if os.name == "posix":  # elsewhere it lets two programs share one port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))


def _explained(host: str, port: int, error: OSError) -> BindError:
    if error.errno == errno.EADDRINUSE:
        return PortInUseError(host, port, _next_free(host, port))
    if error.errno == errno.EACCES:
        return BindError(host, port, "ports below 1024 belong to the administrator; choose a higher one with --port")
    if error.errno == errno.EADDRNOTAVAIL:
        return BindError(host, port, "this machine has no such address; --host 127.0.0.1 is this machine")
    return BindError(host, port, error.strerror or str(error))


def _next_free(host: str, port: int) -> int | None:
    return next((near for near in range(port + 1, min(port + NEAR, 65535) + 1) if _is_free(host, near)), None)


def _is_free(host: str, port: int) -> bool:
    with closing(_open(host, port)) as listener:
        try:
            _take(listener, host, port)
            listener.listen(BACKLOG)
        except OSError:
            return False
    return True
