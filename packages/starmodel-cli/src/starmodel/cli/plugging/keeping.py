"""Keep plugins as a project wants them: switched on or off, and installed where something is missing."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .errors import PluginSourceError, PluginUnknownError
from .inspecting import inspected, proof_of
from .installers import Installer
from .places import Place
from .planning import Plan, refuse_failures, run_all
from .records import Record, distribution_of
from .removing import found_plugin

__all__ = ["plan_to_disable", "plan_to_enable", "plan_to_sync"]


def plan_to_enable(name: str, place: Place) -> Plan:
    """Return what switching *name* on does: one plugin, or all of a distribution."""
    names = _switches(name, place)
    wanted = [one for one in names if one not in Record(place).plugins]

    def do(lock: int) -> None:
        record = Record(place)
        record.enable(wanted)
        record.write()
        installed = inspected(place)
        owners = [one.name for one in installed.values() if set(one.plugins) & set(wanted)]
        refuse_failures(name, proof_of(place, owners, plugins=wanted, lock=lock))

    return _switch("enable", name, place, wanted, do if wanted else None, "it is on already")


def plan_to_disable(name: str, place: Place) -> Plan:
    """Return what switching *name* off does; what is installed stays."""
    listed = Record(place).plugins
    names = [name] if name in listed else _switches(name, place)
    gone = [one for one in names if one in listed]

    def do(lock: int) -> None:
        before = proof_of(place, (), lock=lock)
        record = Record(place)
        record.disable(gone)
        record.write()
        was_built = before.application is not None and not before.application["error"]
        refuse_failures(name, proof_of(place, (), lock=lock), built_before=was_built)

    note = "it is off already; a package of StarModel itself is left out by STARMODEL_DISABLE_PLUGINS"
    return _switch("disable", name, place, gone, do if gone else None, note)


def plan_to_sync(installer: Installer) -> Plan:
    """Return what brings the environment to what pyproject.toml says about plugins."""
    place = installer.place
    record, installed = Record(place), inspected(place)
    wanted: list[str] = []
    for distribution, told in record.sources.items():
        one = installed.get(str(canonicalize_name(distribution)))
        requirement = told.get("requirement") or _dependency(distribution, record)
        if one is None or (
            requirement and not Requirement(requirement).specifier.contains(one.version, prereleases=True)
        ):
            wanted.append(str((place.folder / told["path"]).resolve()) if "path" in told else requirement)
    offered = {name for one in installed.values() for name in one.plugins}
    unknown = [name for name in record.plugins if name not in offered]
    if unknown and not wanted:
        raise PluginUnknownError(unknown[0], offered)
    commands = installer.following() or [installer.install(wanted)]
    owners = list(record.sources)
    return Plan(
        action="sync",
        plugin="all plugins",
        place=place,
        distributions=installer.preview(wanted) if wanted else [],
        commands=commands if wanted else [],
        notes=[] if wanted else ["everything that pyproject.toml asks for is here"],
        do=(lambda lock: _sync(place, commands, owners, lock)) if wanted else None,
    )


def _sync(place: Place, commands: Sequence[Sequence[str]], owners: Collection[str], lock: int) -> None:
    run_all(place, commands, lock, step="installing what is missing")
    on = Record(place).plugins
    refuse_failures("plugins", proof_of(place, owners, plugins=on, lock=lock))


def _dependency(distribution: str, record: Record) -> str:
    name = distribution_of(distribution)
    return next((line for line in record.dependencies if distribution_of(line) == name), distribution)


def _switches(name: str, place: Place) -> list[str]:
    record, installed = Record(place), inspected(place)
    if any(name in one.plugins for one in installed.values()):
        return [name]
    key = found_plugin(name, installed, record)
    plugins = list(installed[key].plugins) if key in installed else []
    if not plugins:
        raise PluginSourceError(
            f"{name} has nothing to switch: it brings adapters, which are used where their names are said"
        )
    return plugins


def _switch(action: str, name: str, place: Place, names: list[str], do: object, note: str) -> Plan:
    told = [f"pyproject.toml: {', '.join(names)} {'in' if action == 'enable' else 'out of'} [tool.starmodel] plugins"]
    if do is None:
        return Plan(action=action, plugin=name, place=place, installs=False, notes=[note])
    return Plan(action=action, plugin=name, place=place, installs=False, records=told, do=do)  # type: ignore[arg-type]
