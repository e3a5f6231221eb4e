"""A process that has imported everything and forks a server at each line of its input: ready in a moment, not seconds.

``start PORT LOG`` is answered by the server's process id, ``kill PID SIGNAL`` when that was done.  Its servers end
with it, and it ends with its input.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import httptools  # noqa: F401  (what a server needs, imported before the fork)
import psycopg  # noqa: F401
import sqlalchemy.dialects.postgresql.psycopg  # noqa: F401
import uvloop  # noqa: F401

import starmodel.adapters.persistence.sqlmodel.migrations
import starmodel.bootstrap  # noqa: F401
from starmodel.adapters.fasthtml.server import serve

__all__: list[str] = []


def start(target: Path, port: int, log: str) -> int:
    pid = os.fork()
    if pid:
        return pid
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    status = 1
    try:
        serve(target.stem, port=port, app_dir=target.parent)
        status = 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def end(pid: int, number: int) -> None:
    os.kill(pid, number)
    if number in (signal.SIGKILL, signal.SIGTERM):
        os.waitpid(pid, 0)


def main(target: Path) -> None:
    running: set[int] = set()
    print("ready", flush=True)
    try:
        for line in sys.stdin:
            match line.split():
                case ["start", port, log]:
                    running.add(pid := start(target, int(port), log))
                    print(pid, flush=True)
                case ["kill", pid, number] if int(pid) in running:
                    end(int(pid), int(number))
                    if int(number) in (signal.SIGKILL, signal.SIGTERM):
                        running.discard(int(pid))
                    print("done", flush=True)
    finally:
        for pid in running:
            end(pid, signal.SIGKILL)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
