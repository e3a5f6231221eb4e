"""Plugins come into a project of uv or pip and leave it again, from real wheels; what fails leaves no trace."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from house.layout import PACKAGES
from house.offline import handmade, index_of

CLI = (sys.executable, "-m", "starmodel.cli")
UV = (sys.executable, "-m", "uv")
VERSION = next(package.pyproject["project"]["version"] for package in PACKAGES if package.name == "starmodel-redis")

PYPROJECT = """\
# The shop of the corner.
[project]
name = "shop"
version = "0.1.0"
requires-python = ">=3.11.3"
dependencies = [
  "starmodel",  # everything stands on it
]

[tool.other]
width = 100 # wide
"""
MAIN = """\
from starmodel.bootstrap import create_application
from starmodel.core import Entity


class Note(Entity):
    text: str = ""


def create_app():
    return create_application(Note)
"""


@dataclass
class Shop:
    """A project with an environment of its own, and a folder of wheels instead of an index."""

    folder: Path
    index: Path
    tool: str

    @property
    def python(self) -> Path:
        return self.folder / ".venv/bin/python"

    def environ(self, **more: str) -> dict[str, str]:
        gone = ("STARMODEL_", "VIRTUAL_ENV", "PYTEST_", "UV_")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(gone)}
        alone = self.tool == "pip"  # no uv in sight
        clean["PATH"] = "/usr/bin:/bin" if alone else f"{Path(sys.executable).parent}{os.pathsep}{clean['PATH']}"
        return {**clean, **more}

    def command(self, *arguments: str) -> list[str]:
        links = [f"--find-links={folder}" for folder in self.folders] if arguments[0] in NEEDS_WHEELS else []
        more = ["--no-index", *links] if links else []
        return [*CLI, "plugin", *arguments, *more]

    folders: list[Path] | tuple[()] = ()

    def ran(self, *arguments: str, code: int = 0, **environ: str) -> str:
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environ(**environ),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stderr if code else done.stdout

    def told(self, *arguments: str) -> Any:
        return json.loads(self.ran(*arguments, "--yes", "--json"))

    def state(self) -> dict[str, str]:
        """Return a digest of every file of the project and its environment, without byte code."""
        return {
            path.relative_to(self.folder).as_posix(): digest(path)
            for path in sorted(self.folder.rglob("*"))
            if "__pycache__" not in path.parts and path.name != ".lock" and not path.is_dir()
        }

    def frozen(self) -> list[str]:
        command = [*UV, "pip", "freeze", "-q", "--python", str(self.python)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


NEEDS_WHEELS = ("add", "upgrade", "sync")


def digest(path: Path) -> str:
    return str(path.readlink()) if path.is_symlink() else hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def index(tmp_path_factory) -> Path:
    return index_of(tmp_path_factory.mktemp("index"), "starmodel", "starmodel-redis")


def made(folder: Path, index: Path, tool: str) -> Shop:
    (folder / "app").mkdir(parents=True)
    (folder / "app/main.py").write_text(MAIN)
    # CRLF as an editor on Windows leaves it: every byte of it stays
    text = PYPROJECT if tool == "pip" else f'{PYPROJECT}\n[tool.uv]\nno-index = true\nfind-links = ["{index}"]\n'
    (folder / "pyproject.toml").write_bytes(text.replace("\n", "\r\n").encode())
    if tool == "pip":
        subprocess.run([sys.executable, "-m", "venv", folder / ".venv"], check=True)
        pip = [folder / ".venv/bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, "--no-index", f"--find-links={index}", "starmodel"], check=True)
    else:
        uv = {**os.environ, "UV_PROJECT_ENVIRONMENT": ".venv"}
        uv.pop("VIRTUAL_ENV", None)
        subprocess.run([*UV, "sync", "-q", "--python", sys.executable], cwd=folder, env=uv, check=True)
    return Shop(folder, index, tool, [index])


@pytest.fixture(scope="module", params=["uv", pytest.param("pip", marks=pytest.mark.long)])
def shop(request, index, tmp_path_factory) -> Shop:
    return made(tmp_path_factory.mktemp(request.param) / "shop", index, request.param)


@pytest.fixture
def untouched(shop):
    """Whatever the test does, the project and its environment are afterwards what they were."""
    before = shop.state()
    yield shop
    assert shop.state() == before


REDIS = "[starmodel.persistence]\nredis = broken_redis:Repo\n"


@pytest.mark.long
def test_an_unknown_name_is_an_error_and_never_installed(untouched):
    said = untouched.ran("add", "redis-cahce", "--yes", code=1)
    assert "no registry has a plugin 'redis-cahce'; did you mean 'redis-cache'?" in said


@pytest.mark.long
def test_a_dry_run_shows_the_plan_and_does_nothing(untouched):
    said = untouched.ran("add", "redis-cache", "--dry-run")
    assert "+ starmodel-redis" in said
    assert "+ redis" in said
    assert f"environment  {untouched.folder}/.venv" in said
    assert said.endswith("Nothing was done.\n")


@pytest.mark.long
def test_without_anybody_to_ask_nothing_is_done(untouched):
    assert "add --yes" in untouched.ran("add", "redis-cache", code=1)


def test_a_broken_wheel_is_rolled_back(untouched, tmp_path, monkeypatch):
    handmade(tmp_path, "starmodel-redis", f"{VERSION}.post1", {"broken_redis.py": "1 / 0"}, REDIS, "redis")
    monkeypatch.setattr(untouched, "folders", [untouched.index, tmp_path])
    before = untouched.frozen()
    said = untouched.ran("add", "redis-cache", "--yes", code=1)
    assert "redis-cache does not work: persistence redis: ZeroDivisionError: division by zero" in said
    assert "Everything is as it was." in said
    assert untouched.frozen() == before


def test_what_is_no_plugin_is_rolled_back(untouched, tmp_path):
    wheel = handmade(tmp_path, "plain", "1.0", {"plain.py": ""}, "")
    assert "plain 1.0 names nothing for StarModel" in untouched.ran("add", str(wheel), "--yes", code=1)


@pytest.mark.parametrize(
    "stop", [*(pytest.param(one, marks=pytest.mark.long) for one in (signal.SIGTERM, signal.SIGINT)), signal.SIGKILL]
)
def test_a_command_that_is_stopped_leaves_no_trace(untouched, tmp_path, stop):
    code = "import time, pathlib\npathlib.Path({!r}).touch()\ntime.sleep(60)".format(str(tmp_path / "begun"))
    wheel = handmade(tmp_path, "slow", "1.0", {"slow.py": code}, "[starmodel.bus]\nslow = slow:Bus\n")
    before = untouched.state()
    command = untouched.command("add", str(wheel), "--yes")
    adding = subprocess.Popen(
        command, cwd=untouched.folder, env=untouched.environ(), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    try:
        wait_for(lambda: (tmp_path / "begun").exists())
        assert untouched.state() != before
        adding.send_signal(stop)
        assert adding.wait(20) == (-stop if stop == signal.SIGKILL else 130)
    finally:
        adding.kill()
        adding.wait()
    if stop == signal.SIGKILL:
        assert untouched.state() != before
        wait_for(lambda: "another command changes" not in untouched.ran("add", "nothing", code=1))
    assert untouched.state() == before


def wait_for(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)


@pytest.mark.long
def test_a_plugin_comes_is_used_and_leaves_nothing_behind(untouched):
    before, frozen = (untouched.folder / "pyproject.toml").read_bytes(), untouched.frozen()
    done = untouched.told("add", "redis-cache")
    assert done["added"].keys() == {"redis", "starmodel-redis"}
    assert (done["removed"], done["changed"], done["done"]) == ({}, {}, True)
    pyproject = (untouched.folder / "pyproject.toml").read_bytes()
    added = f'  "starmodel",  # everything stands on it\r\n  "starmodel-redis~={VERSION}",\r\n]\r\n'
    assert added.encode() in pyproject
    assert b"width = 100 # wide\r\n" in pyproject
    example = (untouched.folder / ".env.example").read_text()
    assert "\nREDIS_URL=\n" in example
    assert "# STARMODEL_SESSIONS=redis\n" in example
    assert "# STARMODEL_FRAGMENTS=redis\n" in example
    assert "is here already" in untouched.ran("add", "redis-cache", "--yes", code=1)
    main = untouched.folder / "app/main.py"
    main.write_text(MAIN.replace('text: str = ""', 'text: str = ""\n    model_config = {"store": "redis"}'))
    said = untouched.ran("remove", "redis-cache", "--yes", code=1)
    assert f"the entity Note ({main}:5) is kept in the store 'redis'" in said
    main.write_text(MAIN)
    assert untouched.told("remove", "redis-cache")["removed"].keys() == {"redis", "starmodel-redis"}
    assert (untouched.folder / "pyproject.toml").read_bytes() == before
    assert untouched.frozen() == frozen


HOOKED = """\
from starmodel.core.hooks import hookimpl
from starmodel.core.settings import PluginSetting


@hookimpl
def starmodel_settings():
    return [PluginSetting("OWN_URL", "Where {}.", required=True)]


@hookimpl
def starmodel_register(registry):
    registry.add("bus", "own-bus", object)
"""
OFFER = "[starmodel.plugins]\nown = own\n"


@pytest.mark.long
def test_a_plugin_is_switched_renewed_and_brought_back(untouched, tmp_path):
    first = handmade(tmp_path, "own-plugin", "1.0", {"own.py": HOOKED.format("first")}, OFFER)
    assert untouched.told("add", str(first))["added"] == {"own-plugin": "1.0"}
    assert b'plugins = ["own"]' in (untouched.folder / "pyproject.toml").read_bytes()
    assert untouched.told("disable", "own-plugin")["done"]
    assert b"plugins =" not in (untouched.folder / "pyproject.toml").read_bytes()
    assert "is off already" in untouched.ran("disable", "own", "--yes")
    assert "own, inactive" not in untouched.ran("info", "own")  # looked at as if it were on
    assert untouched.told("enable", "own")["done"]

    # Built again under the same version, the code at the path is what is installed.
    second = handmade(tmp_path, "own-plugin", "1.0", {"own.py": HOOKED.format("second")}, OFFER).read_bytes()
    untouched.told("upgrade", "own")
    [site] = untouched.folder.glob(".venv/lib/python*/site-packages")
    assert "second" in (site / "own.py").read_text()
    handmade(tmp_path, "own-plugin", "1.0", {"own.py": "1 / 0"}, OFFER)
    assert "ZeroDivisionError" in untouched.ran("upgrade", "own", "--yes", code=1)
    assert "second" in (site / "own.py").read_text()

    first.write_bytes(second)
    subprocess.run([*UV, "pip", "uninstall", "-q", "--python", str(untouched.python), "own-plugin"], check=True)
    command = untouched.command("doctor", "--json")
    done = subprocess.run(command, cwd=untouched.folder, env=untouched.environ(), capture_output=True, check=False)
    assert done.returncode == 1
    assert b"noted and not installed" in done.stdout
    assert untouched.told("sync")["added"] == {"own-plugin": "1.0"}
    assert "Nothing to do." in untouched.ran("sync")
    said = untouched.ran("doctor", OWN_URL="somewhere")
    assert "plugin own: it loads" in said
    assert "bus own-bus: it loads" in said
    said = untouched.ran("remove", "own", "--yes", code=1, STARMODEL_BUS="own-bus", OWN_URL="somewhere")
    assert "STARMODEL_BUS names 'own-bus', which it brings" in said
    untouched.told("remove", "own")
