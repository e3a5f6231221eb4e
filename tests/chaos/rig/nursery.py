"""A process that has imported everything and forks a server for each line of its input: ready in a moment, not seconds.

A line is JSON: ``["start", ARGUMENTS, FOLDER, LOG, ENVIRONMENT]`` is answered by a process id, ``["signal", PID,
NUMBER]`` by nothing, ``["poll", PID]`` by how it ended, or null while it runs.  What it started ends with it, and it
ends with its input.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import signal
import sys
import threading
import traceback

from starmodel.cli.entry import main as starmodel

__all__: list[str] = []

NEEDED = (
    *("httptools", "psycopg", "uvloop", "uvicorn.protocols.http.httptools_impl"),
    *("sqlalchemy.dialects.postgresql.psycopg", "sqlalchemy.dialects.sqlite.pysqlite", "zoneinfo"),
    *("starmodel.adapters.fasthtml.server", "starmodel.adapters.persistence.sqlmodel.migrations"),
    *(
        "starmodel.adapters.persistence.redis",
        "starmodel.adapters.pydantic",
        "starmodel.adapters.rest",
        "starmodel.adapters.ui_monster",
    ),
    *("starmodel.bootstrap", "starmodel.cli.application"),
)
"""What a server imports sooner or later."""


def start(arguments: list[str], folder: str, log: str, environment: dict[str, str]) -> int:
    """Fork ``starmodel ARGUMENTS``, as if it had been started in *folder* with that *environment* alone."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        _become(arguments, folder, log, environment)
        starmodel()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - whatever it is, it ends this process and not the loop that it was forked from
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _become(arguments: list[str], folder: str, log: str, environment: dict[str, str]) -> None:
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.argv = ["starmodel", *arguments]
    sys.path[:1] = [folder, *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]


class Running:
    """The processes that were started; one that ended keeps its id until somebody has asked how."""

    def __init__(self) -> None:
        self._pids: set[int] = set()
        self._ended: dict[int, int] = {}

    def start(self, arguments: list[str], folder: str, log: str, environment: dict[str, str]) -> int:
        self._pids.add(pid := start(arguments, folder, log, environment))
        return pid

    def signal(self, pid: int, number: int) -> None:
        if self.poll(pid) is None:
            os.kill(pid, number)

    def poll(self, pid: int) -> int | None:
        if pid in self._pids:
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                self._pids.discard(pid)
                self._ended[pid] = os.waitstatus_to_exitcode(status)
        return None if pid in self._pids else self._ended[pid]

    def close(self) -> None:
        for pid in self._pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def main() -> None:
    for name in NEEDED:
        importlib.import_module(name)
    assert threading.active_count() == 1, "a fork takes one thread along and leaves what the others hold locked"
    gc.freeze()  # what is shared stays shared: no collection of a child writes into it
    running = Running()
    print("ready", flush=True)
    try:
        for line in sys.stdin:
            ask, *words = json.loads(line)
            print(json.dumps(getattr(running, ask)(*words)), flush=True)
    finally:
        running.close()


if __name__ == "__main__":
    main()
