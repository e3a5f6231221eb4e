"""What is installed for a project and what of it works, asked of the project's own interpreter."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution as InstalledDistribution
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from starmodel.cli.environment import MODE, MODES, SECRET, is_production, read_env
from starmodel.cli.errors import TargetNotFoundError
from starmodel.cli.target import Target, find_target

from .places import Place
from .programs import run
from .registry import Setting

__all__ = ["GROUP", "Distribution", "Proof", "inspected", "needed_by", "proof_of", "target_of"]

FAMILY = "starmodel."
GROUP = "starmodel.plugins"
SITES = ("lib/python3*/site-packages", "lib/python3*/dist-packages", "Lib/site-packages")
PROBE = Path(__file__).with_name("probe.py")
PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Distribution:
    """An installed distribution; *offers* are its entry points of ours, by group and name.

    *digest* is that of its RECORD, which has one of every file: it says whether two machines have the same.
    """

    name: str
    version: str
    summary: str
    requires: tuple[str, ...]
    asked_for: bool
    offers: Mapping[str, Mapping[str, str]]
    modules: tuple[str, ...]
    digest: str = ""

    @property
    def plugins(self) -> tuple[str, ...]:
        """The names of its plugins, which a project switches on."""
        return tuple(sorted(self.offers.get(GROUP, {})))


@dataclass(frozen=True, slots=True)
class Proof:
    """What works: the adapters and plugins that were looked at, their settings, and what became of the application.

    *settings* are by plugin.  *application* is ``None`` where the project has none; its ``error`` is ``""`` when it
    could be built, and ``failed`` has the plugins that did something wrong while it was.  *lacking* are the required
    settings that have no value yet: until then a plugin is left out, which is no fault of its own.
    """

    adapters: Sequence[Mapping[str, str]] = ()
    plugins: Sequence[Mapping[str, Any]] = ()
    settings: Sequence[tuple[str, Setting]] = ()
    application: Mapping[str, Any] | None = None
    lacking: Sequence[str] = ()

    @property
    def errors(self) -> list[str]:
        """What does not work of what was asked for."""
        failed = (self.application or {}).get("failed", {})
        own = {one["name"]: one["error"] or one["status"] for one in self.plugins if one["wanted"]}
        lacking = {plugin for plugin, setting in self.settings if setting.name in self.lacking}
        wrong = {one["name"] for one in self.plugins if one["status"] in {"failed", "shadowed"} or one["error"]}
        return [
            *(f"{one['kind']} {one['name']}: {one['error']}" for one in self.adapters if one["error"]),
            *(
                f"plugin {name}: {failed.get(name) or why}"
                for name, why in own.items()
                if name in wrong or (name in failed and name not in lacking)
            ),
        ]


def inspected(place: Place) -> dict[str, Distribution]:
    """Return what is installed in the environment of *place*, by names as PEP 503 compares them; runs nothing there."""
    found: dict[str, Distribution] = {}
    for one in distributions(path=[str(folder) for folder in _sites(place)]):
        if one.name:
            found.setdefault(str(canonicalize_name(one.name)), _told(one))
    return found


def _sites(place: Place) -> list[Path]:
    """Return the folders that hold what is installed; Debian has one more."""
    return [folder for pattern in SITES for folder in sorted(place.environment.glob(pattern))]


def _told(one: InstalledDistribution) -> Distribution:
    offers: dict[str, dict[str, str]] = {}
    for point in one.entry_points:
        if point.group.startswith(FAMILY):
            offers.setdefault(point.group, {})[point.name] = point.value
    tops = {file.parts[0] for file in one.files or () if len(file.parts) > 1 and "." not in file.parts[0]}
    return Distribution(
        name=one.name,
        version=one.version,
        summary=str(one.metadata.json.get("summary", "")),
        requires=tuple(one.requires or ()),
        asked_for=one.read_text("REQUESTED") is not None,
        offers=offers,
        modules=tuple(sorted(tops)),
        digest=f"sha256:{hashlib.sha256((one.read_text('RECORD') or '').encode()).hexdigest()}",
    )


def proof_of(
    place: Place, distributions: Collection[str], *, plugins: Collection[str] | None = None, lock: int = -1
) -> Proof:
    """Load in the environment all that *distributions* offer, and build the application of the project.

    *plugins* restricts the plugins to those of these names.
    """
    wanted = [canonicalize_name(name) for name in distributions]
    answer = _answer(place, wanted, None if plugins is None else sorted(plugins), lock)
    settings = [(str(one.pop("plugin")), Setting(**one)) for one in answer["settings"]]
    given = {**read_env(place.folder / ".env"), **os.environ}
    lacking = [one.name for _, one in settings if one.required and not given.get(one.name)]
    return Proof(answer["adapters"], answer["plugins"], settings, answer.get("application"), lacking)


def target_of(place: Place) -> Target | None:
    """Return the application of the project, ``None`` where it is not in a usual place."""
    try:
        return find_target(None, place.folder)
    except TargetNotFoundError:
        return None


def needed_by(roots: Collection[str], installed: Mapping[str, Distribution]) -> set[str]:
    """Return the names of all that *roots*, requirements such as ``a[b]``, need: themselves and what they bring."""
    seen: set[tuple[str, str]] = set()
    waiting = [pair for text in roots for pair in _asked(text)]
    while waiting:
        name, extra = pair = waiting.pop()
        if pair in seen or name not in installed:
            continue
        seen.add(pair)
        for text in installed[name].requires:
            waiting += _asked(text, extra)
    return {name for name, _ in seen}


def _asked(text: str, extra: str = "") -> list[tuple[str, str]]:
    """Return the names and extras that a requirement asks for; the marker may ask for *extra*."""
    try:
        found = Requirement(text)
    except InvalidRequirement:
        return []
    if found.marker is not None and not found.marker.evaluate({"extra": extra}):
        return []
    name = str(canonicalize_name(found.name))
    return [(name, ""), *((name, one) for one in found.extras)]


def _answer(place: Place, wanted: Sequence[str], plugins: Sequence[str] | None, lock: int) -> dict[str, Any]:
    target = target_of(place)
    asked = {"prove": wanted, "plugins": plugins, "target": target and _named(target)}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "answer.json")
        run(
            [str(place.python), "-P", str(PROBE), str(file), json.dumps(asked)],
            step="trying everything out",
            folder=place.folder,
            lock=lock,
            timeout=PATIENCE,
            environ=_environ(place, target) if target else None,
        )
        answer: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return answer


def _named(target: Target) -> dict[str, str]:
    return {"folder": str(target.folder), "module": target.module, "attribute": target.attribute}


def _environ(place: Place, target: Target) -> dict[str, str]:
    """Return what the application finds in its environment, as when it is run; nothing is written for it."""
    given = {**read_env(target.folder / ".env"), **os.environ}
    mode = MODES[is_production(os.environ, target.folder)]
    secret = given.get(SECRET) or "of this look alone, and of nothing else"
    return {**given, MODE: mode, SECRET: secret, "VIRTUAL_ENV": str(place.environment)}
