"""Bring a plugin into a project: install, note, try out, tell of its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from packaging.utils import canonicalize_name

from .errors import PluginChangeError, PluginEnvironmentError, PluginSourceError
from .examples import read_example, with_settings, write_example
from .inspecting import Distribution, inspected, proof_of
from .installers import Installer
from .planning import Plan, refuse_failures, run_all
from .records import Record
from .registry import Setting
from .sources import Source

__all__ = ["plan_to_add", "plan_to_upgrade"]

CORE = "starmodel-core"


def plan_to_add(source: Source, installer: Installer) -> Plan:
    """Return what adding *source* does; PluginSourceError when it is there already."""
    place = installer.place
    installed = inspected(place)
    known = {str(canonicalize_name(name)) for name in Record(place).sources}
    name = str(canonicalize_name(source.distribution))
    if name in installed and name in known:
        raise PluginSourceError(f"{source.name} is here already; renew it with: starmodel plugin upgrade {source.name}")
    return _plan("add", source, installer, installed)


def plan_to_upgrade(source: Source, installer: Installer) -> Plan:
    """Return what renewing *source* does: the newest version that fits, or what lies at its path now."""
    return _plan("upgrade", source, installer, inspected(installer.place), upgrade=True)


def _plan(
    action: str, source: Source, installer: Installer, installed: Mapping[str, Distribution], *, upgrade: bool = False
) -> Plan:
    place = installer.place
    source = _fitting(source, installed)
    wanted = str(source.path) if source.path else source.requirement
    changes = installer.preview([wanted], upgrade=upgrade)
    source = _versioned(source, changes, installed)
    if upgrade and not changes and source.path is None:
        return Plan(action=action, plugin=source.name, place=place, notes=["it is the newest that fits"])
    steps = _commands(source, installer, upgrade=upgrade)
    record = Record(place)
    return Plan(
        action=action,
        plugin=source.name,
        place=place,
        source=wanted,
        distributions=changes,
        commands=steps,
        records=[
            _written(record, source),
            "pyproject.toml: [tool.starmodel] says where it is from, and switches its plugins on",
        ],
        notes=[f"{source.path} is built and installed as it is now; its code runs with all rights of yours"]
        if source.path
        else [],
        do=lambda lock: _do(source, installer, steps, lock),
    )


def _do(source: Source, installer: Installer, commands: list[list[str]], lock: int) -> None:
    place = installer.place
    record = Record(place)
    record.add(source, source.requirement)
    record.write()
    run_all(place, commands, lock, step=f"installing {source.requirement}")
    found = inspected(place).get(str(canonicalize_name(source.distribution)))
    if found is None:
        raise PluginChangeError(f"installing {source.requirement}", f"{place.environment} does not have it afterwards")
    if not found.offers:
        raise PluginChangeError(
            f"{source.name} is no plugin",
            f"{found.name} {found.version} names nothing for StarModel in its entry points",
        )
    record.enable(found.plugins)
    record.write()
    proof = proof_of(place, [found.name], lock=lock)
    refuse_failures(source.name, proof)
    own = [setting for plugin, setting in proof.settings if plugin in ("", *found.plugins)]
    _tell(source, installer, own)


def _tell(source: Source, installer: Installer, own: list[Setting]) -> None:
    file = installer.place.example
    before = read_example(file)
    after = with_settings(before, source.distribution, [*source.settings, *own])
    if after != before:
        write_example(file, after)


def _commands(source: Source, installer: Installer, *, upgrade: bool) -> list[list[str]]:
    following = installer.following()
    if source.path is not None:
        # A folder may hold other code under the version that is installed.
        if upgrade:
            return [*installer.renewing(source.distribution), *following, installer.reinstall([str(source.path)])]
        return following or [installer.install([str(source.path)])]
    if not following:
        return [installer.install([source.requirement], upgrade=upgrade)]
    return [*(installer.renewing(source.distribution) if upgrade else []), *following]


def _fitting(source: Source, installed: Mapping[str, Distribution]) -> Source:
    """Give a package of ours the version of the core: they are made for each other."""
    core = installed.get(CORE)
    if core is None:
        raise PluginEnvironmentError("StarModel is not installed in the environment of the project; install that first")
    return replace(source, specifier=f"~={core.version}") if source.is_ours and not source.specifier else source


def _versioned(source: Source, changes: list[str], installed: Mapping[str, Distribution]) -> Source:
    """Ask for at least the version that was found, as tools do; a path needs none."""
    name = str(canonicalize_name(source.distribution))
    if source.path is not None or source.specifier:
        return source
    found = {str(canonicalize_name(line.split()[1])): line.split()[2] for line in changes if line[0] != "-"}
    version = found.get(name) or (installed[name].version if name in installed else "")
    return replace(source, specifier=f">={version}") if version else source


def _written(record: Record, source: Source) -> str:
    return f"{record.place.pyproject.name}: {source.requirement}" + (f" at {source.path}" if source.path else "")
