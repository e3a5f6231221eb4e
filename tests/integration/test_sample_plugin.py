"""A plugin from outside the workspace: added by its path it takes part in everything, removed it leaves nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

from house import wheels
from house.environments import empty_environment
from house.layout import PACKAGES
from house.offline import needed

SAMPLE = Path(__file__).parent / "sample_plugin"
CLI = ("-m", "starmodel.cli")
OURS = {package.name: package for package in PACKAGES}

MAIN = """\
from starmodel.bootstrap import create_app as made
from starmodel.core import Entity


class Note(Entity):
    text: str = ""{store}


def create_app():
    return made(Note, title="Shop")
"""
VISIT = """
import json
from importlib import import_module
from starlette.testclient import TestClient
with TestClient(import_module("app.main").create_app(), base_url="http://localhost") as visitor:
    found = [visitor.get("/weather"), visitor.get("/"), visitor.get("/note")]
print(json.dumps([[one.status_code, one.text] for one in found]))
"""


def environment(folder):
    """Return the interpreter of an environment like a project's: ours from wheels, what they need by links to it."""
    python = empty_environment(folder)
    [site] = folder.glob("lib/python*/site-packages")
    names = needed(["starmodel[cli,fasthtml]", "httpx"])
    built = [str(wheels.build(OURS[name])) for name in names if name in OURS]
    command = [
        sys.executable,
        "-m",
        "uv",
        "pip",
        "install",
        "-q",
        "--python",
        python,
        "--no-deps",
        "--no-index",
        *built,
    ]
    subprocess.run(command, check=True)
    for name in names:
        if name not in OURS:
            found = distribution(name)
            for top in {file.parts[0] for file in found.files or () if file.parts[0] not in {"..", "__pycache__"}}:
                place = Path(str(found.locate_file(top)))
                if top.endswith(".dist-info"):
                    shutil.copytree(place, site / top)  # uv passes over one that is a link
                else:
                    (site / top).symlink_to(place)
    return python


class Shop:
    def __init__(self, folder):
        self.folder, self.main = folder, folder / "app/main.py"
        (folder / "app").mkdir(parents=True)
        self.main.write_text(MAIN.format(store=""))
        (folder / "pyproject.toml").write_text('[project]\nname = "shop"\nversion = "1"\ndependencies = []  # few\n')
        self.python = environment(folder / ".venv")

    def ran(self, *arguments, code=0):
        gone = ("STARMODEL_", "VIRTUAL_ENV", "PYTEST_", "UV_", "PYTHONDONTWRITEBYTECODE")
        environ = {name: value for name, value in os.environ.items() if not name.startswith(gone)}
        ours = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",  # where uv is
            "PYTHONPATH": str(self.folder),
            "PYTHONPYCACHEPREFIX": str(self.folder.parent / "bytecode"),  # else each compiles all that it imports
            "STARMODEL_ENV": "development",
        }
        done = subprocess.run(
            [self.python, "-P", *arguments],
            cwd=self.folder,
            env={**environ, **ours},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout if not code else done.stderr

    def state(self):
        """Return what every file of the project and of its environment holds, without byte code."""
        files = [path for path in self.folder.rglob("*") if not path.is_dir() or path.is_symlink()]
        known = [path for path in files if "__pycache__" not in path.parts and path.name != ".lock"]
        return {str(path): path.readlink() if path.is_symlink() else path.read_bytes() for path in known}


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return Shop(tmp_path_factory.mktemp("shop") / "shop")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The sample, built where nothing of this repository is."""
    folder = tmp_path_factory.mktemp("elsewhere") / "weather"
    shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel"], cwd=folder, capture_output=True, check=True
    )
    [built] = folder.glob("dist/*.whl")
    return built


def test_a_plugin_from_outside_takes_part_in_everything_and_leaves_nothing(shop, wheel):
    before = shop.state()
    path = os.path.relpath(wheel, shop.folder)
    done = json.loads(shop.ran(*CLI, "plugin", "add", path, "--yes", "--json", "--no-index"))
    assert done["added"] == {"acme-weather": "1.0.0"}

    pyproject = (shop.folder / "pyproject.toml").read_text()
    assert 'plugins = ["weather"]' in pyproject
    assert f'acme-weather = {{path = "{path}"}}' in pyproject
    assert "dependencies = []  # few" in pyproject, "a name alone would be looked for on an index"
    assert "# WEATHER_PLACE=Alexandria" in (shop.folder / ".env.example").read_text()
    assert shop.ran(*CLI, "weather") == "clear\n"

    shop.main.write_text(MAIN.format(store='\n    model_config = {"store": "papyrus"}'))
    weather, start, notes = json.loads(shop.ran("-c", VISIT))
    assert weather == [200, '{"place":"Alexandria","sky":"clear"}']
    assert "Weather today" in start[1]
    assert "The sky" in start[1]
    assert notes[0] == 200
    assert "kept in the store 'papyrus'" in shop.ran(*CLI, "plugin", "remove", "weather", "--yes", code=1)

    shop.main.write_text(MAIN.format(store=""))
    shop.ran(*CLI, "plugin", "remove", "weather", "--yes")
    assert shop.state() == before
    assert json.loads(shop.ran("-c", VISIT))[0][0] == 404
    assert "there is no command 'weather'" in shop.ran(*CLI, "weather", code=2)
