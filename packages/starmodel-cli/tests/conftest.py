"""The command line in this process, and packages to go with it: real distributions in a folder on the path."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from starmodel.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Install = Callable[..., Path]
    Cli = Callable[..., "Ended"]

# Stands for the server of another package: says what it was asked to serve, in which environment.
SERVER = """
    import json, os

    def serve(target, **options):
        options["app_dir"] = str(options["app_dir"])
        options["on_ready"]("http://here", None)
        del options["on_ready"]
        env = {name: value for name, value in os.environ.items() if name.startswith("STARMODEL_") or name == "EXTRA"}
        print(json.dumps({"target": target, **options, "env": env}))
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: object
    out: str
    err: str


@pytest.fixture(autouse=True)
def clean(tmp_path: Path) -> Iterator[None]:
    """Start with none of our variables, and leave everything as it was."""
    before, path, known = dict(os.environ), list(sys.path), dict(sys.modules)
    for name in [name for name in os.environ if name.startswith("STARMODEL_")]:
        del os.environ[name]
    yield
    os.environ.clear()
    os.environ.update(before)
    sys.path[:] = path
    new = {name: module for name, module in sys.modules.items() if known.get(name) is not module}
    for name, module in new.items():
        if str(getattr(module, "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run a command line as the console script does."""

    def cli(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["starmodel", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return Ended(ended.value.code, captured.out, captured.err)

    return cli


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a distribution whose one module is offered under a name in an entry point group."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))

    def install(distribution: str, group: str, offer: str, code: str, summary: str = "") -> Path:
        module = distribution.replace("-", "_")
        (site / f"{module}.py").write_text(dedent(code))
        info = site / f"{module}-1.2.dist-info"
        info.mkdir()
        about = f"Summary: {summary}\n" if summary else ""
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n{about}")
        (info / "entry_points.txt").write_text(f"[{group}]\n{offer}\n")
        return site

    return install


@pytest.fixture
def server(install: Install, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let ours be the only server there is."""
    from starmodel.cli.commands import run

    monkeypatch.setattr(run, "SERVER", "speaking")
    return install("speaking-server", "starmodel.server", "speaking = speaking_server:serve", SERVER)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty project."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    monkeypatch.chdir(folder)
    return folder
