"""One server process: uvicorn with httptools and uvloop on a free port, which it prints."""

from __future__ import annotations

import gc
import resource
import socket
import sys

import uvicorn

BACKLOG = 4096
KEEP_ALIVE = 120
"""Seconds that a client may have nothing to say: its turn comes when the others had theirs."""
GC_THRESHOLD = 20_000, 20, 50
"""As ``starmodel run`` has it, and here every contender alike."""


def main(target: str) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    config = uvicorn.Config(
        target,
        http="httptools",
        loop="uvloop",
        ws="none",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE,
    )
    config.load()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLD)
    with socket.create_server(("127.0.0.1", 0), backlog=BACKLOG) as listener:
        print(listener.getsockname()[1], flush=True)
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(sys.argv[1])
