"""Install the wheels, make a project, run it, use it in two browsers; print what each step took, in seconds.

``python -m boot CONSTRAINTS`` is what ``nox -s boot`` runs; CONSTRAINTS say which wheels and versions to install.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from boot.visit import create_edit_toggle_delete

LIMIT = 60.0
"""How many seconds all of it may take."""


def say(seconds: float, what: str) -> None:
    sys.stdout.write(f"{seconds:6.1f} s  {what}\n")
    sys.stdout.flush()


class Stopwatch:
    """Says what each step took."""

    def __init__(self) -> None:
        self.taken = 0.0

    def note(self, seconds: float, name: str) -> None:
        self.taken += seconds
        say(seconds, name)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.note(time.monotonic() - began, name)


def clean_environment(programs: Path) -> dict[str, str]:
    """Return an environment in which only the new programs are found, and nothing is set up."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("STARMODEL_", "DATABASE_", "PY"))}
    return {**kept, "PATH": f"{programs}{os.pathsep}{kept['PATH']}", "VIRTUAL_ENV": str(programs.parent)}


def run(*command: str, folder: Path, env: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


@contextmanager
def served(folder: Path, env: dict[str, str]) -> Iterator[str]:
    """Keep ``starmodel run`` going; yield its address once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = folder / "server.log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            ["starmodel", "run", "--port", str(port)], cwd=folder, env=env, stdout=out, stderr=out
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/", server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(10)


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except urllib.error.HTTPError as answer:
            sys.exit(f"the first page answers {answer.code}:\n{log.read_text()}")
        except OSError:
            time.sleep(0.05)
        else:
            return
    sys.exit(f"the server does not answer:\n{log.read_text()}")


def boot(constraints: list[str], folder: Path) -> float:
    """Do all of it in *folder*; return the seconds it took."""
    watch, venv = Stopwatch(), folder / "venv"
    env = clean_environment(venv / "bin")
    uv = shutil.which("uv") or sys.exit("uv is missing: pip install uv")
    with watch.step("an empty virtual environment"):
        run(uv, "venv", "-q", "--python", sys.executable, str(venv), folder=folder, env=env)
    with watch.step("install starmodel[all] from its wheels"):
        chosen = [f"--constraint={path}" for path in constraints]
        run(uv, "pip", "install", "-q", *chosen, "starmodel[all]", folder=folder, env=env)
    with watch.step("starmodel init demo"):
        run("starmodel", "init", "demo", folder=folder, env=env)
    began = time.monotonic()
    with served(folder / "demo", env) as url:
        watch.note(time.monotonic() - began, "starmodel run, until the first page is there")
        with watch.step("create, edit, toggle and delete in one browser, seen in another"):
            create_edit_toggle_delete(url)
    return watch.taken


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="starmodel-boot-") as folder:
        taken = boot(sys.argv[1:], Path(folder))
    say(taken, f"in all; {LIMIT:.0f} are allowed")
    sys.exit(taken > LIMIT)


main()
