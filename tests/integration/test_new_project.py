"""A project as ``starmodel init`` makes it: its tests pass, it runs, and what is put into it is there the next day."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing, contextmanager

import pytest

from rig.nodes import free_port

CLI = (sys.executable, "-m", "starmodel.cli")
DATABASE = "shop.db"


def clean_environment():
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("STARMODEL_", "DATABASE_"))}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1"}


def ran(folder, *command):
    """Run a program in a process of its own; it must succeed."""
    done = subprocess.run(command, cwd=folder, env=clean_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module", params=["default", pytest.param("minimal", marks=pytest.mark.long)])
def project(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    ran(folder, *CLI, "init", "shop", "--template", request.param)
    return folder / "shop"


@contextmanager
def served(folder):
    port = free_port()
    with (folder / "server.log").open("ab") as log:
        command = [*CLI, "run", "--port", str(port)]
        server = subprocess.Popen(command, cwd=folder, env=clean_environment(), stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, server, folder)
        yield url
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait(url, server, folder):
    end = time.monotonic() + 60
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail((folder / "server.log").read_text()[-3000:])


def test_its_own_tests_pass(project):
    assert " passed" in ran(
        project, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:schemathesis"
    )


def test_it_runs_and_what_was_created_is_there_after_a_restart(project):
    with served(project) as url:
        body = json.dumps({"title": "Water the plants"}).encode()
        request = urllib.request.Request(f"{url}/task/create", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            id = json.load(answer)["id"]
    with closing(sqlite3.connect(project / DATABASE)) as file:
        assert file.execute("SELECT title FROM task WHERE id = ?", [id]).fetchall() == [("Water the plants",)]
    with served(project) as url, urllib.request.urlopen(url) as page:
        assert b"Water the plants" in page.read()


@pytest.mark.parametrize("project", ["default"], indirect=True)
def test_its_application_can_be_imported_and_its_entities_without_a_web(project):
    code = "import sys, app.entities; print('fasthtml' in sys.modules); from app import app; print(type(app).__name__)"
    assert ran(project, sys.executable, "-c", code).split() == ["False", "StarModelApp"]


@pytest.mark.long
def test_what_is_added_is_part_of_it_at_once(tmp_path):
    ran(tmp_path, *CLI, "init", "shop")
    folder = tmp_path / "shop"
    ran(folder, *CLI, "new", "entity", "Venue", "name:str", "opens:time?")
    ran(folder, *CLI, "migrate", "make")
    ran(folder, *CLI, "new", "entity", "Concert", "title:str", "starts:datetime", "venue:Venue", "price:Decimal=9.50")
    ran(folder, *CLI, "new", "event", "Concert.move", "venue:Venue")
    assert len(list((folder / "migrations").glob("*.py"))) == 2
    listed = json.loads(ran(folder, *CLI, "routes", "--json"))["routes"]
    assert {"/concert/{id}/move", "/venue/create"} <= {one["path"] for one in listed}
    assert json.loads(ran(folder, *CLI, "check", "--json"))["findings"] == []
