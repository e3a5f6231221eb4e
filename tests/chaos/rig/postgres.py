"""A private Postgres on a free port of this machine, which can be killed and started again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from .nodes import free_port

if TYPE_CHECKING:
    import psycopg

__all__ = ["Postgres", "PostgresMissingError"]


class PostgresMissingError(RuntimeError):
    """Its programs are not installed."""


def _program(name: str) -> str:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    program = str(found[-1]) if found else shutil.which(name)
    if program is None:
        raise PostgresMissingError("Postgres is not installed: apt-get install postgresql")
    return program


def _as_postgres(*command: str) -> list[str]:
    """Postgres refuses to run as root: then the user that its package made runs it."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else list(command)


class Postgres:
    """A server with its data in a folder that goes when the block ends.

    *durable* makes it wait for the disk at each commit, as it does by default; tests that do not kill it need not wait.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self._initdb, self._server = _program("initdb"), _program("postgres")
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        self._admins: dict[str, psycopg.Connection] = {}

    @property
    def url(self) -> str:
        """The address of the server; a database's name is to be added."""
        return f"postgresql://starmodel@127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="starmodel-postgres-"))
        if os.geteuid() == 0:
            shutil.chown(self._folder, "postgres", "postgres")
        self._port = free_port()
        options = ("-U", "starmodel", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        make = _as_postgres(self._initdb, "-D", str(self._folder / "data"), *options)
        subprocess.run(make, check=True, capture_output=True, cwd=self._folder)
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._forget_admins()
        if self._process is not None:
            os.kill(self._postmaster, signal.SIGQUIT)  # nobody needs what is in it; whoever runs it for us would wait
            self._process.wait(timeout=20)
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Start it and wait until it answers."""
        import psycopg  # an optional driver

        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self._port,
            "unix_socket_directories": self._folder,
            "fsync": "on" if self._durable else "off",
            "max_connections": 100,
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self._process = subprocess.Popen(
            _as_postgres(self._server, "-D", str(self._folder / "data"), *options),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._folder,
        )
        end = time.monotonic() + 20
        while True:
            try:
                psycopg.connect(f"{self.url}/postgres", connect_timeout=2).close()
            except psycopg.OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
            else:
                return

    def empty(self) -> None:
        """Drop everything in the database ``postgres``, and whoever is connected to it."""
        admin = self._admin("postgres")
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'starmodel'")
        admin.execute("DROP SCHEMA public CASCADE")
        admin.execute("CREATE SCHEMA public")

    def _admin(self, name: str) -> psycopg.Connection:
        """Return a connection to the database *name* that stays: a new one costs more than what it is for."""
        import psycopg

        admin = self._admins.get(name)
        if admin is None or admin.closed:
            admin = self._admins[name] = psycopg.connect(f"{self.url}/{name}", autocommit=True)
        return admin

    def _forget_admins(self) -> None:
        while self._admins:
            self._admins.popitem()[1].close()

    @property
    def _postmaster(self) -> int:
        return int((self._folder / "data" / "postmaster.pid").read_text().split()[0])

    def made(self, name: str) -> str:
        """Make a database besides, and return its address."""
        self._admin("postgres").execute(f"CREATE DATABASE {name} STRATEGY file_copy")
        return f"{self.url}/{name}"

    def empty_tables(self, name: str) -> None:
        """Delete every row in the database *name*, and drop whoever is connected to it; its tables stay."""
        admin = self._admin(name)
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'starmodel' AND datname = current_database()"
        )
        tables = admin.execute("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'").fetchall()
        without_triggers = "SET session_replication_role = replica"
        admin.execute("; ".join([without_triggers, *(f"DELETE FROM {table}" for (table,) in tables)]))

    def kill(self) -> None:
        """End all of it at once, by SIGKILL, as when the machine takes it away."""
        assert self._process is not None
        self._forget_admins()
        os.kill(self._postmaster, signal.SIGKILL)  # its children notice that it is gone, and go too
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=20)
        self._wait_until_gone()
        self._process = None

    def _wait_until_gone(self) -> None:
        """Wait for its children: a new server refuses to begin while one of them holds the shared memory."""
        end = time.monotonic() + 10
        while time.monotonic() < end and self._children():
            time.sleep(0.02)

    def _children(self) -> list[str]:
        """Return the processes that still work in its folder."""
        data = str(self._folder / "data")
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if str((process / "cwd").readlink()) == data:
                    found.append(process.name)
        return found
