"""Databases for the tests: a file of their own, and a private Postgres where its programs are installed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest


@pytest.fixture
def anyio_backend():
    return "asyncio"


def _program(name: str) -> str | None:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name)


def _as_postgres(*command: str) -> list[str]:
    """Postgres refuses to run as root: then the user that its package made runs it."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else list(command)


@pytest.fixture(scope="session")
def postgres_server():
    """Start a Postgres of our own on a free port, with its data in a folder that goes when it stops."""
    initdb, server = _program("initdb"), _program("postgres")
    if initdb is None or server is None:
        pytest.skip("Postgres is not installed: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="starmodel-postgres-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = folder / "data"
    subprocess.run(
        _as_postgres(initdb, "-D", str(data), "-U", "starmodel", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"),
        check=True,
        capture_output=True,
        cwd=folder,
    )
    options = ["-c", "listen_addresses=127.0.0.1", "-c", f"port={port}", "-c", f"unix_socket_directories={folder}"]
    quick = ["-c", "fsync=off", "-c", "max_connections=100"]
    process = subprocess.Popen(
        _as_postgres(server, "-D", str(data), *options, *quick),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
    )
    import psycopg

    url = f"postgresql://starmodel@127.0.0.1:{port}"
    for _ in range(200):
        try:
            psycopg.connect(f"{url}/postgres", connect_timeout=2).close()
            break
        except psycopg.OperationalError:
            import time

            time.sleep(0.05)
    yield url
    process.terminate()
    process.wait(timeout=20)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server):
    """Give a database that is empty: whatever the test leaves in it is dropped."""
    import psycopg

    yield f"{postgres_server}/postgres"
    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'starmodel'")
        admin.execute("DROP SCHEMA public CASCADE")
        admin.execute("CREATE SCHEMA public")


@pytest.fixture
def sqlite_url(tmp_path):
    return f"sqlite:///{tmp_path}/test.db"
