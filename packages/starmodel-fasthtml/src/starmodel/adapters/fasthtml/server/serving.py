"""Run the server: in this process, in workers, or in one that starts again when a file changes."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import ChangeReload, Multiprocess

from .binding import bind, url_of
from .config import ServerConfig

if TYPE_CHECKING:
    import socket

    from .config import OnReady

__all__ = ["serve"]


def serve(
    target: str,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    reload: bool = False,
    workers: int = 1,
    app_dir: str | Path = ".",
    on_ready: OnReady | None = None,
) -> None:
    """Serve *target*, a ``module:name`` or a ``module`` in *app_dir*, until a signal ends it.

    The first signal ends live streams and lets requests finish, for two seconds at most; a second Ctrl-C stops at
    once.  With *reload* a change of a Python file in *app_dir* starts the application anew, and a mistake in it is
    told, in the browser too, while the server waits for the next change; a browser that comes while it loads waits, and
    without *reload* it is refused.  Raises a ServerError if the port is taken or,
    without *reload* and *workers*, if the application cannot be loaded.  *on_ready* must pickle: in the other modes it
    is called in a child process.
    """
    folder = Path(app_dir).resolve()
    sys.path.insert(0, str(folder))
    with bind(host, port, at_once=reload) as listener:
        config = ServerConfig(
            target, folder=folder, url=url_of(listener), reload=reload, workers=workers, on_ready=on_ready
        )
        with suppress(KeyboardInterrupt):
            _run(config, listener)


def _run(config: ServerConfig, listener: socket.socket) -> None:
    if config.reload:
        ChangeReload(config, target=uvicorn.Server(config).run, sockets=[listener]).run()
    elif config.workers > 1:
        _run_workers(Multiprocess(config, sockets=[listener]))
    else:
        # Here, and not in the event loop, an error reaches the caller as it is.
        config.load()
        uvicorn.Server(config).run(sockets=[listener])


def _run_workers(supervisor: Multiprocess) -> None:
    supervisor.run()
    if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
        sys.exit(STARTUP_FAILURE)
