"""The project at hand, the tool that it is managed with, and its own environment: never this program's by accident."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from .errors import PluginEnvironmentError, PluginProjectError

__all__ = ["Place", "Tool", "find_place", "project_folder"]

Tool = Literal["pip", "uv", "poetry", "pdm"]
LOCKS: Mapping[str, Tool] = {"uv.lock": "uv", "poetry.lock": "poetry", "pdm.lock": "pdm"}
USUAL = (".venv", "venv")


@dataclass(frozen=True)
class Place:
    """A project, and where what it uses is installed.

    *root* holds the lock file; it is above *folder* for a member of a workspace.  *environment* is a virtual one.
    """

    folder: Path
    root: Path
    tool: Tool
    environment: Path

    @property
    def python(self) -> Path:
        """The interpreter of the environment."""
        return _python(self.environment)

    @property
    def pyproject(self) -> Path:
        """Where the project says what it is."""
        return self.folder / "pyproject.toml"

    @property
    def example(self) -> Path:
        """Where the project tells of its settings."""
        return self.folder / ".env.example"

    @property
    def files(self) -> list[Path]:
        """Every file that a change of plugins may touch."""
        return [self.pyproject, self.example, *(self.root / name for name in LOCKS)]

    @property
    def is_here(self) -> bool:
        """Tell whether this process runs in the environment of the project."""
        return _same(self.environment, Path(sys.prefix))

    @cached_property
    def document(self) -> Mapping[str, Any]:
        """What pyproject.toml says."""
        return _document(self.pyproject)


def project_folder(cwd: Path) -> Path | None:
    """Return the folder of the project that *cwd* is in, or ``None``."""
    return next((folder for folder in (cwd, *cwd.parents) if (folder / "pyproject.toml").is_file()), None)


def find_place(cwd: Path, environ: Mapping[str, str], python: str | None = None) -> Place:
    """Return the project that *cwd* is in; *python* names the interpreter of its environment, when that is unusual.

    PluginProjectError without a pyproject.toml; PluginEnvironmentError when no environment is the project's for sure.
    """
    folder = project_folder(cwd)
    if folder is None:
        raise PluginProjectError(
            f"there is no pyproject.toml in {cwd} or above it; go to the folder of your project, "
            "or begin one: starmodel init shop"
        )
    root, tool = _tool(folder, _document(folder / "pyproject.toml"))
    if tool != "pip" and shutil.which(tool) is None:
        raise PluginEnvironmentError(f"{folder} is managed with {tool}, which is not on PATH; install it first")
    environment = _of_interpreter(Path(python)) if python else _environment(root, tool, environ)
    if not (environment / "pyvenv.cfg").is_file():
        raise PluginEnvironmentError(
            f"{environment} is no virtual environment, and what is installed there belongs to the whole machine; "
            f"{_advice(tool)}"
        )
    return Place(folder, root, tool, environment)


def _document(file: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PluginProjectError(f"{file} cannot be read: {error}; mend it") from error


def _tool(folder: Path, document: Mapping[str, Any]) -> tuple[Path, Tool]:
    """Return what the project is managed with, and the folder of its lock: the nearest lock decides, then [tool.…]."""
    for root in (folder, *folder.parents):
        for name, tool in LOCKS.items():
            if (root / name).is_file() and (root == folder or _is_member(folder, root)):
                return root, tool
    tables = document.get("tool", {})
    return folder, next((tool for tool in LOCKS.values() if tool in tables), "pip")


def _is_member(folder: Path, root: Path) -> bool:
    """Tell whether *root* is a workspace that *folder* belongs to, and not just a project that it lies in."""
    file = root / "pyproject.toml"
    workspace = _document(file).get("tool", {}).get("uv", {}).get("workspace", {}) if file.is_file() else {}
    return any(folder in root.glob(pattern) for pattern in workspace.get("members", ()))


def _environment(root: Path, tool: Tool, environ: Mapping[str, str]) -> Path:
    if tool == "uv":
        found = root / environ.get("UV_PROJECT_ENVIRONMENT", ".venv")
        if not found.is_dir():
            raise PluginEnvironmentError(f"{root} has no environment yet; make it with: uv sync")
        return found
    if tool != "pip":
        return _asked(root, tool)
    for name in USUAL:
        if (root / name / "pyvenv.cfg").is_file():
            return root / name
    active = environ.get("VIRTUAL_ENV")
    if active:
        return Path(active)
    raise PluginEnvironmentError(f"{root} has no environment in .venv, and none is active; {_advice(tool)}")


def _asked(root: Path, tool: Tool) -> Path:
    """Ask poetry or pdm, which may keep an environment anywhere."""
    command = ["poetry", "env", "info", "--path"] if tool == "poetry" else ["pdm", "info", "--python"]
    clean = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    done = subprocess.run(  # noqa: S603 - the tool that manages the project
        command, cwd=root, env=clean, capture_output=True, text=True, check=False
    )
    told = done.stdout.strip()
    if done.returncode or not told:
        raise PluginEnvironmentError(f"{root} has no environment yet; make it with: {tool} install")
    return Path(told) if tool == "poetry" else Path(told).parents[1]


def _of_interpreter(python: Path) -> Path:
    if not python.is_file():
        raise PluginEnvironmentError(f"there is no interpreter {python}; name the python of your project's environment")
    return python.absolute().parents[1]  # a virtual environment's interpreter is a link: it is not followed


def _python(environment: Path) -> Path:
    windows = environment / "Scripts" / "python.exe"
    return windows if windows.is_file() else environment / "bin" / "python"


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def _advice(tool: Tool) -> str:
    make = "python -m venv .venv" if tool == "pip" else f"{tool} install"
    return f"make one for the project ({make}), or name its interpreter with --python"
