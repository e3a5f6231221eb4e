"""Take a plugin out of a project, with what came for it alone; not while something is kept in it or drawn by it."""

from __future__ import annotations

import ast
import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from starmodel.cli.chosen import CHOSEN_BY
from starmodel.cli.environment import read_env

from .errors import PluginInUseError, PluginUnknownError
from .examples import read_example, without_settings, write_example
from .inspecting import Distribution, Proof, inspected, needed_by, proof_of
from .installers import Installer
from .places import Place
from .planning import Plan, refuse_failures, run_all
from .records import Record, distribution_of

__all__ = ["found_plugin", "plan_to_remove", "plugin_names"]

FAMILY, STORES = "starmodel.", "persistence"
AROUND = frozenset({".git", ".venv", "venv", "node_modules", "__pycache__"})


def plugin_names(installed: Mapping[str, Distribution], record: Record) -> dict[str, str]:
    """Return what distributions that offer something are called: by short name, by their plugins, by themselves."""
    names: dict[str, str] = {}
    for key, one in installed.items():
        if one.offers:
            names |= {one.name: key, key: key, **dict.fromkeys(one.plugins, key)}
    for distribution, told in record.sources.items():
        key = str(canonicalize_name(distribution))
        names |= {distribution: key, **({told["name"]: key} if "name" in told else {})}
    return names


def found_plugin(name: str, installed: Mapping[str, Distribution], record: Record) -> str:
    """Return the distribution that *name* means; PluginUnknownError when it means none."""
    names = plugin_names(installed, record)
    if name not in names:
        raise PluginUnknownError(name, names)
    return names[name]


def plan_to_remove(name: str, installer: Installer) -> Plan:
    """Return what removing *name* does; PluginInUseError while something of the project needs it."""
    place = installer.place
    record, installed = Record(place), inspected(place)
    key = found_plugin(name, installed, record)
    one = installed.get(key)
    if one is None:
        return Plan(
            action="remove",
            plugin=name,
            place=place,
            records=["pyproject.toml: its traces, since it is not installed"],
            commands=installer.locking(),
            installs=False,
            do=lambda lock: _do(name, key, (), installer, Proof(), [], lock),
        )
    proof = proof_of(place, [one.name])
    _refuse_uses(name, one, place, proof)
    gone = _gone(name, one, key, record, installed)
    commands = [*installer.locking(), installer.uninstall(gone)]
    return Plan(
        action="remove",
        plugin=name,
        place=place,
        source=f"{one.name} {one.version}",
        distributions=[f"- {installed[name].name} {installed[name].version}" for name in gone],
        commands=commands,
        records=["pyproject.toml, .env.example: what was noted for it"],
        notes=_notes(one, proof),
        do=lambda lock: _do(name, one.name, one.plugins, installer, proof, commands, lock),
    )


def _do(
    name: str,
    distribution: str,
    plugins: Collection[str],
    installer: Installer,
    before: Proof,
    commands: list[list[str]],
    lock: int,
) -> None:
    place = installer.place
    record = Record(place)
    record.remove(distribution)
    record.disable(plugins)
    record.write()
    example = read_example(place.example)
    if (after := without_settings(example, distribution)) != example:
        write_example(place.example, after)
    run_all(place, commands, lock, step=f"uninstalling {distribution}")
    was_built = before.application is not None and not before.application["error"]
    refuse_failures(name, proof_of(place, (), lock=lock), built_before=was_built)


def _gone(name: str, one: Distribution, key: str, record: Record, installed: Mapping[str, Distribution]) -> list[str]:
    """Return the distributions that leave with *one*: what it brought, and nobody else needs or asked for."""
    brought = needed_by([one.name], installed)
    # Tools with a lock mark everything as asked for; there, pyproject.toml says what was.
    asked = {other for other, told in installed.items() if told.asked_for and record.place.tool == "pip"}
    stays = [other for other in installed if other != key and (other not in brought or other in asked)]
    others = [line for line in record.dependencies if distribution_of(line) != key]
    needed = needed_by([*stays, *others], installed)
    if key in needed:
        who = sorted(installed[other].name for other in stays if key in needed_by([other], installed))
        why = [f"{other} needs {one.name}; remove that first" for other in who]
        raise PluginInUseError(name, why or [f"the project depends on something that needs {one.name}"])
    return sorted(brought - needed)


def _refuse_uses(name: str, one: Distribution, place: Place, proof: Proof) -> None:
    brought: dict[str, set[str]] = {}
    for adapter in proof.adapters:
        brought.setdefault(adapter["kind"], set()).add(adapter["name"])
    for group, names in one.offers.items():  # one that cannot be loaded has a name all the same
        brought.setdefault(group.removeprefix(FAMILY), set()).update(names)
    uses = [*_kept(one, place, proof, brought.get(STORES, set())), *_chosen(place, brought)]
    if uses:
        raise PluginInUseError(name, uses)


def _kept(one: Distribution, place: Place, proof: Proof, stores: Collection[str]) -> Iterator[str]:
    """Say which entities are kept in a store of *one*, and what to do about it."""
    if proof.application is None or proof.application["error"]:
        found: list[Mapping[str, Any]] = list(_written(place.folder, stores)) if stores else []
    else:
        found = [entity for entity in proof.application["entities"] if entity["module"] not in one.modules]
    for entity in found:
        if entity["store"] in stores:
            where = f" ({entity['place']})" if entity["place"] else ""
            yield (
                f"the entity {entity['name']}{where} is kept in the store {entity['store']!r}; "
                'say another one in its model_config = {"store": …} or in STARMODEL_STORE, and move its data'
            )


def _written(folder: Path, stores: Collection[str]) -> Iterator[Mapping[str, Any]]:
    """Read which classes name one of *stores*, where the application itself cannot be asked."""
    for file in folder.rglob("*.py"):
        if AROUND & set(file.relative_to(folder).parts):
            continue
        try:
            tree = ast.parse(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                for store in _stores_of(node):
                    if store in stores:
                        yield {"name": node.name, "place": f"{file}:{node.lineno}", "store": store}


def _stores_of(node: ast.ClassDef) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Dict):
            for key, value in zip(inner.keys, inner.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "store" and isinstance(value, ast.Constant):
                    yield str(value.value)


def _chosen(place: Place, brought: Mapping[str, Collection[str]]) -> Iterator[str]:
    """Say which settings name an adapter of *one*."""
    given = {**read_env(place.folder / ".env"), **os.environ}
    for kind, variable in CHOSEN_BY.items():
        named = {part.strip() for part in given.get(variable, "").split(",")}
        for name in sorted(named & set(brought.get(kind, ()))):
            yield f"{variable} names {name!r}, which it brings; set another, or take the setting away"


def _notes(one: Distribution, proof: Proof) -> list[str]:
    entities = proof.application["entities"] if proof.application and not proof.application["error"] else []
    own = sorted(entity["name"] for entity in entities if entity["module"] in one.modules)
    return [f"what is kept of its own entities stays in the stores: {', '.join(own)}"] if own else []
