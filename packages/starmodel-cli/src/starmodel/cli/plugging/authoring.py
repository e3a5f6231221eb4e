"""A plugin of one's own: made from a template whose tests pass, and looked over before others install it."""

from __future__ import annotations

import json
import keyword
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from starmodel.cli.scaffold import Placed, filled, place
from starmodel.core.errors import hint

from .errors import PluginSourceError

__all__ = ["KINDS", "Kind", "Offer", "make_plugin", "offers_of", "tested"]

CORE = '"starmodel-core~={version}"'
TESTING = '"starmodel-core[testing]~={version}"'
SHAPE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
FAMILY = "starmodel."

LOADING = """
import json, sys
from importlib.metadata import EntryPoint
sys.path[:0] = json.loads(sys.argv[1])
for group, name, value in json.loads(sys.argv[2]):
    error = ""
    try:
        loaded = EntryPoint(name, value, group).load()
        if group == "starmodel.plugins":
            from starmodel.plugins import PluginHost
            PluginHost(strict=True).add(loaded, name)
    except BaseException as problem:
        error = f"{type(problem).__name__}: {problem}"
    print(json.dumps(error))
"""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a template makes: the *group* of its entry point, what that leads to, what it needs, and how it is used."""

    group: str
    about: str
    use: str
    offer: str = ":$cls"
    suffix: str = ""
    dependencies: Sequence[str] = (CORE,)
    test_dependencies: Sequence[str] = (TESTING,)


KINDS: Mapping[str, Kind] = {
    "store": Kind(
        "starmodel.persistence",
        "A store for entities of StarModel",
        'An entity with `model_config = {"store": "$name"}` is kept in it.',
        suffix="Store",
    ),
    "bus": Kind(
        "starmodel.bus",
        "A bus that carries changes between processes of StarModel",
        "`STARMODEL_BUS=$name` makes it the bus of an application.",
        suffix="Bus",
    ),
    "task": Kind(
        "starmodel.tasks",
        "A queue of tasks for StarModel",
        "`STARMODEL_TASKS=$name` lets it keep what an application does later.",
        suffix="Tasks",
    ),
    "ui": Kind(
        "starmodel.ui",
        "A kit that draws the pages of StarModel",
        "`STARMODEL_UI=$name` draws the pages with it.",
        suffix="Kit",
        dependencies=(CORE, '"starmodel-fasthtml~={version}"'),
    ),
    "auth": Kind(
        "starmodel.auth",
        "Tells the visitors of StarModel apart",
        "`STARMODEL_AUTH=$name` lets it say who sent a request.",
        suffix="Auth",
    ),
    "route": Kind(
        "starmodel.plugins",
        "A plugin that adds routes to applications of StarModel",
        "It answers at `/$name`.",
        offer="",
        dependencies=(CORE, '"starlette>=1.0"'),
        test_dependencies=('"httpx>=0.28"', '"httpx2>=2.16"', '"pytest>=8.3"', '"starmodel-plugins~={version}"'),
    ),
}
"""What ``starmodel plugin new --kind`` makes."""

GROUPS = frozenset(
    {
        *(kind.group for kind in KINDS.values()),
        "starmodel.cli_commands",
        "starmodel.codec",
        "starmodel.doors",
        "starmodel.files",
        "starmodel.fragments",
        "starmodel.migrations",
        "starmodel.server",
        "starmodel.sessions",
    }
)
"""The groups of entry points that anything looks into; what stands in another one is never found."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An entry point that a plugin declares, and why it cannot be used, ``""`` when it can."""

    group: str
    name: str
    value: str
    error: str = ""


def make_plugin(text: str, kind: str, cwd: Path) -> Placed:
    """Write a new distribution into the folder *text*; PluginSourceError for a name or a kind that cannot be."""
    if kind not in KINDS:
        raise PluginSourceError(f"there is no template for a plugin of the kind {kind!r}; {hint(kind, KINDS)}")
    folder = (cwd / text).resolve()
    name = folder.name
    module = name.replace("-", "_")
    if not SHAPE.fullmatch(name) or keyword.iskeyword(module) or module in sys.stdlib_module_names:
        raise PluginSourceError(
            f"a plugin cannot be called {name!r}; use small letters, digits and -, for example: acme-weather"
        )
    chosen, ours = KINDS[kind], version("starmodel-cli")
    words = {
        "name": name,
        "module": module,
        "cls": "".join(part.capitalize() for part in name.split("-")).removesuffix(chosen.suffix) + chosen.suffix,
        "group": chosen.group,
        "about": chosen.about,
        "api": _hook_api(),
        "variable": f"{module.upper()}_TOKENS",
        "dependencies": ", ".join(chosen.dependencies).format(version=ours),
        "test_dependencies": ", ".join(chosen.test_dependencies).format(version=ours),
    }
    words["use"] = chosen.use.replace("$name", name)
    words["offer"] = chosen.offer.replace("$cls", words["cls"])
    templates = files(__package__) / "templates"
    texts = filled(kind, [templates / "shared", templates / kind], words)
    return place(folder, {path.replace("src/package/", f"src/{module}/"): told for path, told in texts.items()})


def offers_of(folder: Path) -> list[Offer]:
    """Return what the distribution in *folder* declares for StarModel, each loaded as a project would load it."""
    document = _document(folder)
    points = document.get("project", {}).get("entry-points", {})
    ours = {group: each for group, each in points.items() if group.startswith(FAMILY)}
    declared = [(group, name, value) for group, each in ours.items() for name, value in each.items()]
    if not declared:
        raise PluginSourceError(
            f"{folder / 'pyproject.toml'} declares nothing for StarModel; name what it brings, for example under "
            '[project.entry-points."starmodel.plugins"]'
        )
    command = [str(_python(folder)), "-c", LOADING, json.dumps(_paths(folder)), json.dumps(declared)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - its author asks
    errors = [json.loads(line) for line in done.stdout.splitlines()[-len(declared) :]]
    if len(errors) < len(declared):
        raise PluginSourceError(f"{folder} cannot be loaded: {done.stderr.strip()[-2000:]}")
    return [Offer(*one, _misplaced(one[0]) or error) for one, error in zip(declared, errors, strict=True)]


def tested(folder: Path, *, is_quiet: bool) -> tuple[int, str]:
    """Run the tests of the distribution in *folder*; return the exit code of pytest, and its last line."""
    command = [str(_python(folder)), "-m", "pytest", "-q"]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)  # noqa: S603 - as above
    lines = done.stdout.strip().splitlines() or [""]
    if done.returncode and lines[-1].endswith("No module named pytest"):
        return done.returncode, (
            f"{command[0]} has no pytest; type pip install -e {folder} --group {folder / 'pyproject.toml'}:test "
            "in the environment of the plugin"
        )
    if not is_quiet and done.returncode:
        sys.stderr.write(done.stdout)
    return done.returncode, lines[-1]


def _misplaced(group: str) -> str:
    """Return why nobody finds what is declared in *group*, ``""`` where it is found."""
    return "" if group in GROUPS else f"nothing looks into the group {group!r}; {hint(group, GROUPS)}"


def _document(folder: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PluginSourceError(f"{folder} has no pyproject.toml; name the folder of a plugin") from None
    except (OSError, ValueError) as error:
        raise PluginSourceError(f"{folder / 'pyproject.toml'} cannot be read: {error}; mend it") from error


def _python(folder: Path) -> Path:
    """Return the interpreter of the plugin's own environment, ours where it has none."""
    own = folder / ".venv" / "bin" / "python"
    return own if own.is_file() else Path(sys.executable)


def _paths(folder: Path) -> list[str]:
    return [str(path) for path in (folder / "src", folder) if path.is_dir()]


def _hook_api() -> str:
    from starmodel.plugins import HOOK_API  # noqa: PLC0415 - only who writes a plugin waits for it

    return str(HOOK_API)
