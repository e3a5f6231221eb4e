"""What installs into the environment of a project, in the manner of the tool that the project is managed with."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .errors import PluginEnvironmentError
from .places import Place
from .programs import run

__all__ = ["Installer"]

LINE = re.compile(r"^ ([+~-]) ([A-Za-z0-9._-]+)(?:==| @ )(\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Installer:
    """Installs into one place.  *options* go to the installer: ``--no-index``, ``--find-links=…``, ``--offline``."""

    place: Place
    options: tuple[str, ...] = ()

    @cached_property
    def direct(self) -> list[str]:
        """The command that changes the environment itself: uv, the environment's pip, or the pip beside us."""
        python = str(self.place.python)
        if shutil.which("uv"):
            return ["uv", "pip", "--python", python]
        if _has_pip(python):
            return [python, "-m", "pip"]
        if importlib.util.find_spec("pip"):
            return [sys.executable, "-m", "pip", "--python", python]
        raise PluginEnvironmentError(f"{self.place.environment} has no pip; add it with: {python} -m ensurepip")

    @property
    def _is_uv(self) -> bool:
        return self.direct[0] == "uv"

    def preview(self, wanted: Sequence[str], *, upgrade: bool = False) -> list[str]:
        """Return what installing *wanted* would change, such as ``+ redis 7.1.0``; changes nothing."""
        more = ["--upgrade"] if upgrade else []
        step = "looking for what would be installed"
        if self._is_uv:
            command = self._direct("install", "--dry-run", *more, *self.options, *wanted)
            said = run(command, step=step, folder=self.place.folder)
            return [f"{sign} {name} {version}" for sign, name, version in LINE.findall(said)]
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder, "report.json")
            command = self._direct("install", "--dry-run", "--report", str(report), *more, *self.options, *wanted)
            run(command, step=step, folder=self.place.folder)
            found = [one["metadata"] for one in json.loads(report.read_text(encoding="utf-8"))["install"]]
        return [f"+ {one['name']} {one['version']}" for one in found]

    def install(self, wanted: Sequence[str], *, upgrade: bool = False) -> list[str]:
        """Return the command that brings *wanted* straight into the environment."""
        return self._direct("install", *(["--upgrade"] if upgrade else []), *self.options, *wanted)

    def reinstall(self, wanted: Sequence[str]) -> list[str]:
        """Return the command that installs *wanted* anew, and nothing else: what is built again keeps its version."""
        again = ["--reinstall"] if self._is_uv else ["--force-reinstall"]
        return self._direct("install", *again, "--no-deps", *self.options, *wanted)

    def uninstall(self, names: Sequence[str]) -> list[str]:
        """Return the command that takes distributions out of the environment."""
        return self._direct("uninstall", *([] if self._is_uv else ["--yes"]), *names)

    def following(self) -> list[list[str]]:
        """Return the commands that bring lock and environment to what pyproject.toml says; none for pip."""
        match self.place.tool:
            case "uv":
                return [["uv", "sync", "--inexact", "--no-install-project", *self.options]]
            case "poetry":
                return [["poetry", "lock", "--no-interaction"], ["poetry", "install", "--no-root", "--no-interaction"]]
            case "pdm":
                return [["pdm", "--non-interactive", "install", "--no-self"]]
            case _:
                return []

    def locking(self) -> list[list[str]]:
        """Return the commands that bring the lock, and that alone, to what pyproject.toml says."""
        match self.place.tool:
            case "uv":
                return [["uv", "lock", *self.options]] if (self.place.root / "uv.lock").is_file() else []
            case "poetry":
                return [["poetry", "lock", "--no-interaction"]]
            case "pdm":
                return [["pdm", "--non-interactive", "lock", "--update-reuse"]]
            case _:
                return []

    def renewing(self, name: str) -> list[list[str]]:
        """Return the commands that let the lock forget which version of *name* it had."""
        match self.place.tool:
            case "uv":
                return [["uv", "lock", f"--upgrade-package={name}", *self.options]]
            case "poetry":
                return [["poetry", "update", "--lock", "--no-interaction", name]]
            case "pdm":
                return [["pdm", "--non-interactive", "update", "--no-sync", name]]
            case _:
                return []

    def _direct(self, action: str, *arguments: str) -> list[str]:
        head = self.direct
        if self._is_uv:
            return ["uv", "pip", action, *head[2:], *arguments]
        return [*head, action, "--disable-pip-version-check", "--no-input", *arguments]


def _has_pip(python: str) -> bool:
    command = [python, "-c", "import pip"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603 - its own python
