"""What examples/cluster/docker-compose.yml describes, as plain processes: ``python -m rig.topology``.

``nox -s cluster`` runs it: Postgres, Redis, three nodes and a proxy of ours in the place of Caddy, all on free ports
of this machine, with their data in a folder that goes when they end.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .nodes import SECRET, Node
from .postgres import Postgres
from .proxy import Proxy
from .redis import Redis

__all__ = ["Topology", "topology"]

EXAMPLE = Path(__file__).parents[3] / "examples" / "cluster" / "board.py"


@dataclass(frozen=True)
class Topology:
    """What runs, and can be killed, stopped and cut."""

    proxy: Proxy
    nodes: list[Node]
    postgres: Postgres
    redis: Redis

    @property
    def url(self) -> str:
        """Where visitors come in."""
        return f"http://127.0.0.1:{self.proxy.port}"


@contextmanager
def topology(app: Path = EXAMPLE, *, nodes: int = 3, port: int = 0) -> Iterator[Topology]:
    """Run *app* in production on so many nodes while the block lasts."""
    folder = Path(tempfile.mkdtemp(prefix="starmodel-cluster-"))
    try:
        with Postgres() as postgres, Redis() as redis:
            copy = Path(shutil.copy(app, folder))
            settings = _settings(postgres, redis)
            _make_tables(copy, settings)
            running = [_node(copy, number, settings) for number in range(1, nodes + 1)]
            with _up(running), Proxy([node.port for node in running], port=port) as proxy:
                yield Topology(proxy, running, postgres, redis)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _settings(postgres: Postgres, redis: Redis) -> dict[str, str]:
    """Return what docker-compose.yml says to each node; addresses aside, it is the same."""
    return {
        "STARMODEL_SECRET": SECRET,
        "STARMODEL_STORE": "sql",
        "DATABASE_URL": f"{postgres.url}/postgres",
        "REDIS_URL": f"{redis.url}?durability=process",
    }


def _make_tables(app: Path, settings: dict[str, str]) -> None:
    """Write the first revision and apply it: in production no node makes a table."""
    for step in (("make", "-m", "first"), ("up",)):
        command = [sys.executable, "-m", "starmodel.cli", "migrate", *step, "--app", app.name]
        done = subprocess.run(
            command, cwd=app.parent, env={**os.environ, **settings}, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"starmodel migrate {step[0]} failed:\n{done.stdout}{done.stderr}")


def _node(app: Path, number: int, settings: dict[str, str]) -> Node:
    log = app.parent / f"node{number}.log"
    return Node(app, log, {"PATH": os.environ["PATH"], **settings}, options=("--production",))


@contextmanager
def _up(nodes: list[Node]) -> Iterator[None]:
    try:
        for node in nodes:
            node.start()
        for node in nodes:
            node.wait_until_up()
        yield
    finally:
        for node in nodes:
            node.end()


def main() -> None:
    app = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else EXAMPLE
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    with topology(app) as running:
        print(f"{running.url}: {app.name} on {len(running.nodes)} nodes; Ctrl+C ends all of it")
        for number, node in enumerate(running.nodes, 1):
            print(f"  node {number}  http://127.0.0.1:{node.port}")
        print(f"  Postgres {running.postgres.url}/postgres\n  Redis    {running.redis.url}", flush=True)
        over.wait()


if __name__ == "__main__":
    main()
